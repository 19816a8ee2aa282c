"""How good the real fill is expected to be, frame by frame: predicted from the probes, not read off them.

Probes lie elsewhere. What carries over is not their error but its cause: how far off the sources lie,
which shows as error in proportion to texture. What they cannot tell, how well the sources fit just there and
who moves behind the real matte, shows on the rim around it, where the fill covers a few pixels of known picture,
and in what the frames around say of him.

    shown = PROBE * off * (texture + FLOOR) + RIM * rim + doubt
    error = (1 - painted) * shown + painted * max(PAINT * off_painted * contrast, shown)

with `off` the probes' typical error over their texture, and `off_painted` the error of painting the probes
from their edges over the variance of what stands around them (it predicts painting to 2.4 dB in the
median, texture to 3.3). Somebody who stands beside the hole makes an error on the rim and none in the hole if he is
laid there well. So `rim` is what the rim shows away from who was laid, and how well he was laid is his `doubt`
(`Fill`): the error that one expects of a mean whose samples differ so much. Where nobody was laid in the frames
around, all of the rim counts: he who stands there may be cut off. The constants were fitted on the benchmark's
tuning half (benchmarks/removing/cases.py); that of the doubt came out within an eighth of 1, which it would be in
theory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....schema.outcome import SelfRating
from ...pictures.layout import Image, Mask
from ..fill import UNSEEN, Fill, Origin
from ..sources.membrane import ring_of
from .choice import Trial
from .rim import Rim, rim_of
from .texture import contrast, grey, texture

FLOOR = 3e-5
"""Squared slope of the plainest picture: below it codecs and grain, not texture, make the error."""
PROBE, RIM = 0.5, 0.6
"""Fitted on jobs of the tuning half."""
PAINT = 1.3
SPREAD_DB = 2.5
"""How far predictions are off (one standard deviation) where the probes agree."""
NEAR = 2
"""Frames before and after over which the rim's error counts."""
AROUND = 24
"""Frames before and after that count as around: as far as movers are followed."""


@dataclass(frozen=True)
class Facts:
    """What can be measured on a real fill without the truth.

    Shares of its `pixels`: `unseen`, what no source gave, and of that `painted`, what no network made either.
    `moved` tells whether it shows somebody who moves, and `doubt` is as in `Fill`.
    """

    frame: int
    pixels: int
    unseen: float
    painted: float
    texture: float
    contrast: float
    rim: Rim | None
    mismatch: float
    moved: bool
    doubt: float


def facts_of(plate: Image, fill: Fill, hole: Mask) -> Facts:
    """*plate* and *hole* over the fill's region; the plate is not looked at inside the hole."""
    around = ring_of(hole, gap=1, width=12)
    inside = float(texture(grey(fill.image))[hole].mean())
    outside = float(texture(grey(plate))[around].mean()) if around.any() else inside
    origins = fill.origin[hole]
    return Facts(
        frame=fill.frame,
        pixels=origins.size,
        unseen=float(np.isin(origins, UNSEEN).mean()),
        painted=float((origins == Origin.PAINTED).mean()),
        # A blur has no texture of its own: what stands around it speaks for what should be there.
        texture=max(inside, (inside + outside) / 2),
        contrast=contrast(plate, hole, np.zeros_like(hole)),
        rim=rim_of(plate, fill, hole),
        mismatch=fill.mismatch,
        moved=bool((origins == Origin.MOVER).any()),
        doubt=fill.doubt,
    )


@dataclass(frozen=True)
class Expected:
    """The expected error (mean squared, 0..1) of each real fill, and how far off it may be in dB."""

    facts: tuple[Facts, ...]
    errors: tuple[float, ...]
    spread_db: float

    @property
    def psnr_db(self) -> float:
        """Over all holes' pixels together."""
        if not self.facts:
            return 0.0
        weights = [one.pixels for one in self.facts]
        return _db(float(np.average(self.errors, weights=weights)))

    def curves(self, first_frame: int) -> list[dict[str, Any]]:
        """One entry a filled frame, for the report."""
        return [
            {
                "frame": one.frame + first_frame,
                "expected_psnr_db": round(_db(error), 2),
                "mismatch": round(one.mismatch, 3),
                "never_seen": round(one.unseen, 4),
                "rim_psnr_db": None if one.rim is None else round(_db(one.rim.whole), 2),
            }
            for one, error in zip(self.facts, self.errors, strict=True)
        ]


def expect(trial: Trial, facts: Sequence[Facts]) -> Expected:
    """What the probes and the rims say about every fill."""
    off, scatter = _off([(score.typical, score.texture + FLOOR) for score in trial.told])
    painting, _ = _off([(score.error, score.contrast + FLOOR) for score in trial.scores.get("spatial", [])])
    probed = np.array([off * (one.texture + FLOOR) for one in facts])
    shown = PROBE * probed + RIM * _rims(facts, probed) + np.array([one.doubt for one in facts])
    errors = []
    for one, error in zip(facts, shown, strict=True):
        painted = max(PAINT * painting * (one.contrast + FLOOR), float(error))
        errors.append((1 - one.painted) * float(error) + one.painted * painted)
    return Expected(tuple(facts), tuple(errors), round(float(np.hypot(SPREAD_DB, scatter)), 1))


def rate(trial: Trial, expected: Expected, origins: Mapping[int, int]) -> SelfRating:
    """All in one rating; *origins* counts the real holes' pixels by where they came from."""
    scores = trial.told
    if not scores:
        return SelfRating(
            expected_psnr_db=0.0, covered=0.0, samples=0, words="There was no room in the picture for a test."
        )
    grains = [score.grain for score in scores if score.grain is not None]
    return SelfRating(
        expected_psnr_db=round(expected.psnr_db, 2),
        spread_db=expected.spread_db,
        covered=round(_covered(trial, origins), 4),
        samples=len(scores),
        grain_ratio=round(float(np.median(grains)), 3) if grains else None,
        edge_ratio=round(float(np.median([score.edges for score in scores])), 3),
        words=(
            f"{len(scores)} small mattes at other places of the shot were filled in the same way and compared with "
            f"what is really there; from that and from the rim of the fill itself {expected.psnr_db:.1f} dB are "
            f"expected, give or take {expected.spread_db:.1f} dB."
        ),
    )


def _off(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Errors over what they go with, in the middle, and how far that is unsure in dB."""
    ratios = np.array([10 * np.log10(max(error, 1e-9) / cause) for error, cause in pairs])
    if not ratios.size:
        return 1.0, 6.0
    apart = float(1.4826 * np.median(np.abs(ratios - np.median(ratios))))
    return float(10 ** (np.median(ratios) / 10)), apart / float(np.sqrt(ratios.size))


def _rims(facts: Sequence[Facts], probed: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the rims say about every fill; *probed* stands in for a rim that nothing covers."""
    if not facts:
        return np.zeros(0)
    somebody = _windows(np.array([float(one.moved) for one in facts]), AROUND).max(axis=-1) > 0
    nothing = Rim(np.nan, np.nan)
    rims = [one.rim or nothing for one in facts]
    shown = np.where(somebody, [rim.typical for rim in rims], [rim.whole for rim in rims])
    return np.asarray(_windows(np.where(np.isnan(shown), probed, shown), NEAR).mean(axis=-1))


def _windows(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """For every frame the values of the frames up to *reach* before and after it."""
    return np.lib.stride_tricks.sliding_window_view(np.pad(values, reach, mode="edge"), 2 * reach + 1)


def _covered(trial: Trial, origins: Mapping[int, int]) -> float:
    """Share of the real holes whose kind of pixel the probes had too."""
    tested = {
        origin
        for scores in (trial.told, trial.scores.get("spatial", []))
        for score in scores
        for origin, count in score.origins.items()
        if count > 0.01 * score.pixels
    }
    return sum(count for origin, count in origins.items() if origin in tested) / max(sum(origins.values()), 1)


def _db(error: float) -> float:
    return -10 * float(np.log10(max(error, 1e-9)))
