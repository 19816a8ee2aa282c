"""How fast a picture drifts, and what that makes of its frames as sources."""

from __future__ import annotations

import numpy as np
import pytest
from wetgate.processors.remove.grain.measured import Grain
from wetgate.processors.remove.sources.drift import Drift


def _walk(noise: float, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Twelve frames of a picture that wanders, seen through noise; and what it truly was."""
    rng = np.random.default_rng(7)
    truth = np.cumsum(rng.normal(0, np.sqrt(rate), (12, 64, 64)), axis=0)
    return truth, truth + rng.normal(0, np.sqrt(noise), truth.shape)


def _apart(seen: np.ndarray) -> np.ndarray:
    return np.asarray(((seen[:, None] - seen[None]) ** 2).mean(axis=(2, 3)), np.float32)


@pytest.mark.parametrize(("noise", "rate"), [(1e-4, 0.0), (1e-4, 1e-5), (1e-5, 1e-4)])
def test_noise_and_drift_are_told_apart(noise: float, rate: float) -> None:
    """From nothing but how far frames differ at each lag."""
    _, seen = _walk(noise, rate)
    drift = Drift.of(_apart(seen), np.arange(12))
    assert drift.noise == pytest.approx(noise, rel=0.5, abs=1e-5)
    assert drift.rate == pytest.approx(rate, rel=0.25, abs=1e-6)


@pytest.mark.parametrize(("noise", "rate"), [(1e-4, 0.0), (1e-4, 1e-4), (0.0, 1e-4)])
def test_weights_by_drift_are_as_good_as_the_better_of_mean_and_nearest(noise: float, rate: float) -> None:
    """The frames in the middle are hidden, as behind a matte; one of them is asked for."""
    truth, seen = _walk(noise, rate)
    frames = np.array([0, 1, 2, 3, 7, 8, 9, 10, 11])
    known = seen[frames]
    drift = Drift.of(_apart(known), frames)
    weights = drift.weights(np.full(known.shape, drift.noise, np.float32), frames - 4)
    assert weights.sum(axis=0) == pytest.approx(1, abs=1e-4)
    error = np.mean(((weights * known).sum(axis=0) - truth[4]) ** 2)
    others = known.mean(axis=0), known[3]
    assert error < 1.05 * min(np.mean((other - truth[4]) ** 2) for other in others)


def test_frames_that_are_all_alike_count_alike() -> None:
    """A picture that stands still to the last code value has neither noise nor drift, and any frame will do."""
    drift = Drift.of(np.zeros((3, 3), np.float32), np.array([0, 1, 3]))
    weights = drift.weights(np.full((3, 4, 4), drift.noise, np.float32), np.array([-2, -1, 1]))
    assert weights.sum(axis=0) == pytest.approx(1, abs=1e-4)
    assert weights.max() < 0.4


def test_what_stands_still_is_never_softened_to_make_room_for_noise() -> None:
    """A fill coarser than the plate, in texture of which the next frame repeats nine tenths."""
    detail = Grain(plate=0.024, fill=0.019, correlation=-0.12, fill_correlation=0.2, share=0.2, fresh=0.1)
    assert detail.kept < 0.7
    bound = float(np.sqrt(0.1)) * detail.plate
    still = Grain(plate=0.024, fill=0.019, correlation=-0.12, fill_correlation=0.2, share=0.2, fresh=0.1, most=bound)
    assert still.kept == 1.0
