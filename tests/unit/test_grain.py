"""Grain: measured, given to whatever fills a hole, new in every frame where the plate's is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from images import write_mattes
from wetgate.processors.mattes import grown
from wetgate.processors.remove.fill import Fill, Origin, composed
from wetgate.processors.remove.grain.added import Added
from wetgate.processors.remove.grain.flat import high_pass
from wetgate.processors.remove.grain.measured import Grain, measure
from wetgate.processors.remove.grain.noise import noise
from wetgate.processors.remove.grain.regrain import regrained
from wetgate.processors.remove.layers import fill_hole
from wetgate.processors.remove.open import open_shot
from wetgate.processors.remove.shot import Shot
from wetgate.schema.request import Request, Source

SIZE, COUNT, MIDDLE = (240, 160), 16, 8
EVERYWHERE = np.ones((240, 240), bool)
PLAIN = np.full((240, 240, 3), 0.4, np.float32)


def mattes() -> list[np.ndarray]:
    """A block that crosses the picture."""
    masks = []
    for number in range(COUNT):
        mask = np.zeros(SIZE[::-1], np.uint8)
        mask[40:120, 8 + 12 * number : 52 + 12 * number] = 1
        masks.append(mask)
    return masks


def truths(amount: float, still: float) -> list[np.ndarray]:
    """A wall, plain but for marks above and below, with grain of *amount* code values.

    The share *still* of its variance is the same in every frame.
    """
    ramp = 90 + 30 * np.linspace(0, 1, SIZE[0])[None, :, None] * np.ones((SIZE[1], 1, 3))
    marks = np.random.default_rng(4).random((2, 4, 30, 1)) > 0.5
    ramp[:32] += 60 * np.kron(marks[0], np.ones((8, 8, 1)))
    ramp[128:] += 60 * np.kron(marks[1], np.ones((8, 8, 1)))
    base = noise(SIZE[::-1], amount * np.sqrt(still), 0.3, 1)
    fresh = [noise(SIZE[::-1], amount * np.sqrt(1 - still), 0.3, 2 + n) for n in range(COUNT)]
    return [np.clip(np.rint(ramp + (base + one)[..., None]), 0, 255).astype(np.uint8) for one in fresh]


def opened(folder: Path, frames: list[np.ndarray]) -> Shot:
    """The wall with a dark block in front, before a camera that stands still."""
    with av.open(str(folder / "plate.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "bgr0"
        for mask, frame in zip(mattes(), frames, strict=True):
            shown = np.where(mask[..., None] > 0, np.uint8(20), frame)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shown, format="rgb24").reformat(format="bgr0")))
        container.mux(stream.encode(None))
    request = Request(
        plate=Source(path=folder / "plate.mkv", name="A"), matte=write_mattes(folder / "m", mattes()),
        options={"feather": 0}, work=folder, out=folder,
    )  # fmt: skip
    shot = open_shot(request)
    shot.cuts = []
    return shot


def made(shot: Shot, fill: Fill) -> np.ndarray:
    """The finished frame as RGB."""
    hole = shot.matte(fill.frame)
    return np.asarray(composed(shot, regrained(shot, fill, hole).fill, hole).rgb())


def fine(image: np.ndarray, shot: Shot) -> np.ndarray:
    """The high-pass well inside the holes of the two middle frames."""
    inside = ~(grown(~shot.matte(MIDDLE), 5) | grown(~shot.matte(MIDDLE + 1), 5))
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    whole = high_pass(np.asarray(image, np.float32))
    return np.asarray(whole[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def alike(one: np.ndarray, other: np.ndarray) -> float:
    """Their correlation."""
    return float((one * other).mean() / np.sqrt((one * one).mean() * (other * other).mean()))


def beside(values: np.ndarray) -> float:
    """Correlation of horizontal neighbours."""
    return alike(values[:, 1:], values[:, :-1])


@pytest.mark.parametrize(("amount", "still"), [(4.0, 0.0), (4.0, 1.0), (4.0, 0.5), (1.0, 0.0)])
def test_what_comes_from_other_frames_has_the_plates_grain(amount: float, still: float, tmp_path: Path) -> None:
    """As much, as coarse and as new in every frame as the truth's, be it fresh, standing still or near a code value."""
    frames = truths(amount, still)
    shot = opened(tmp_path, frames)
    fills = [fill_hole(shot, n, shot.matte) for n in (MIDDLE, MIDDLE + 1)]
    both, true = [], [fine(frames[n] / np.float32(255), shot) for n in (MIDDLE, MIDDLE + 1)]
    for fill in fills:
        assert fill is not None
        both.append(fine(made(shot, fill), shot))
        assert 0.93 < both[-1].std() / true[0].std() < 1.07
        assert abs(beside(both[-1]) - beside(true[0])) < 0.08
    assert abs(alike(*both) - alike(*true)) < 0.25


def test_what_is_painted_has_the_grain_of_what_stands_around_it(tmp_path: Path) -> None:
    """A painted hole without grain gets it; where grain is not wished for nothing is changed."""
    frames = truths(4.0, 0.0)
    shot = opened(tmp_path, frames)
    fill = fill_hole(shot, MIDDLE, shot.matte)
    assert fill is not None
    inside = shot.matte(MIDDLE)[fill.region.window]
    origin = np.where(inside, np.uint8(Origin.PAINTED), np.uint8(0))
    bare = replace(fill, origin=origin, image=np.full_like(fill.image, 0.4), trace=np.full_like(fill.trace, np.nan))
    true = fine(frames[MIDDLE] / np.float32(255), shot)
    assert 0.93 < fine(made(shot, bare), shot).std() / true.std() < 1.07
    shot.options = shot.options.model_copy(update={"grain": False})
    assert regrained(shot, bare, shot.matte(MIDDLE)).fill is bare


def test_what_has_too_much_grain_is_softened(tmp_path: Path) -> None:
    """A fill with half as much again comes out as the plate."""
    frames = truths(4.0, 0.0)
    shot = opened(tmp_path, frames)
    fill = fill_hole(shot, MIDDLE, shot.matte)
    assert fill is not None
    origin = np.where(shot.matte(MIDDLE)[fill.region.window], np.uint8(Origin.PAINTED), np.uint8(0))
    rough = 0.4 + noise(origin.shape, 6 / 255, 0.3, 99)[..., None] * np.ones(3, np.float32)
    image = np.where(origin[..., None] > 0, rough, fill.image).astype(np.float32)
    noisy = replace(fill, origin=origin, image=image, trace=np.full_like(fill.trace, np.nan))
    true = fine(frames[MIDDLE] / np.float32(255), shot)
    assert fine(np.asarray(composed(shot, noisy, shot.matte(MIDDLE)).rgb()), shot).std() / true.std() > 1.4
    assert 0.9 < fine(made(shot, noisy), shot).std() / true.std() < 1.15


def test_a_frame_comes_out_the_same_whenever_it_is_made(tmp_path: Path) -> None:
    """Grain hangs on the frame alone, not on what was made before."""
    shot = opened(tmp_path, truths(4.0, 0.5))
    fills = [fill_hole(shot, n, shot.matte) for n in (MIDDLE, MIDDLE + 1)]
    assert fills[0] is not None
    assert fills[1] is not None
    first = made(shot, fills[0])
    made(shot, fills[1])
    assert np.array_equal(first, made(shot, fills[0]))


def test_grain_that_lacks_correlates_as_the_plate_does() -> None:
    """Coarse grain over a fill with a little fine grain: amount and neighbour correlation come out as the plate's."""
    plate = PLAIN + noise((240, 240), 0.02, 0.5, 1)[..., None]
    fill = PLAIN + noise((240, 240), 0.008, 0.0, 2)[..., None]
    lacking = measure(plate, fill, EVERYWHERE)
    image = Added(lacking, 7, (0, 0), (240, 240), (240, 240)).to(fill, np.ones((240, 240), np.float32), np.s_[:, :])
    again = measure(plate, image, EVERYWHERE)
    assert 0.93 < again.ratio < 1.07
    assert abs(again.fill_correlation - again.correlation) < 0.08


def test_grain_is_measured_and_given_back() -> None:
    """A clean fill on a grainy plate lacks its sigma; with the noise added the two measure alike."""
    plate = PLAIN + noise((240, 240), 0.02, 0.3, 1)[..., None]
    lacking = measure(plate, PLAIN, EVERYWHERE)
    assert 0.015 < lacking.deficit < 0.025
    given = PLAIN + noise((240, 240), lacking.deficit, lacking.correlation, 2)[..., None]
    assert 0.85 < measure(plate, given, EVERYWHERE).ratio < 1.15
    assert Grain.mean([Grain(), lacking]).deficit == lacking.deficit
    assert (noise((9, 9), 0.1, 0.3, 7) == noise((9, 9), 0.1, 0.3, 7)).all()


@pytest.mark.parametrize("layer", [Origin.OWN, Origin.PAINTED])
def test_texture_is_taken_for_no_grain(tmp_path: Path, layer: Origin) -> None:
    """Where nothing behind the hole is flat, blinds or leaves, a good fill stays as it is: no speckle, no softening."""
    rng = np.random.default_rng(6)
    stripes = 70 * (np.indices((88, SIZE[0]))[1] // 3 % 2)[..., None]
    frames = []
    for _ in range(COUNT):
        wall = 90 + rng.normal(0, 1, (*SIZE[::-1], 1)) * np.ones(3)
        wall[36:124] += stripes
        frames.append(np.clip(np.rint(wall), 0, 255).astype(np.uint8))
    shot = opened(tmp_path, frames)
    found = fill_hole(shot, MIDDLE, shot.matte)
    assert found is not None
    inside = shot.matte(MIDDLE)[found.region.window]
    truth = frames[MIDDLE][found.region.window].astype(np.float32) / np.float32(255)
    fill = replace(found, image=truth, origin=np.where(inside, np.uint8(layer), np.uint8(0)))
    told = regrained(shot, fill, shot.matte(MIDDLE)).fill.image
    assert np.abs(told - truth)[inside].max() < 6 / 255
    assert np.sqrt(((told - truth)[inside] ** 2).mean()) < 2 / 255
