"""Movers behind the matte made coherent over time, on a made plate whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from images import write_mattes
from wetgate.processors.remove.coherent.raster import Raster
from wetgate.processors.remove.coherent.seen import Look
from wetgate.processors.remove.coherent.sweeps import coherent
from wetgate.processors.remove.coherent.witness import Witness, heard
from wetgate.processors.remove.fill import Fill, Origin
from wetgate.processors.remove.holes import Region, region_of
from wetgate.processors.remove.open import open_shot
from wetgate.processors.remove.shot import Shot
from wetgate.schema.request import Request, Source

WIDTH, HEIGHT, COUNT = 320, 200, 24
WALKER, PACE, SIZE = (75, 70), 3, (40, 72)
"""Where the walker is in the first frame (x, y), pixels a frame, and his width and height."""


@dataclass(frozen=True)
class Made:
    """A shot with a grey block before a walker; the true frames, what is behind him, and where he stands in each."""

    shot: Shot
    truth: list[np.ndarray]
    behind: list[np.ndarray]
    walker: list[np.ndarray]

    def fills(self) -> dict[int, Fill]:
        """The truth behind the block, and who it is."""
        out = {}
        for number, picture in enumerate(self.truth):
            hole = self.shot.matte(number)
            region = region_of(hole)
            assert region is not None
            inside = hole[region.window]
            origin = np.where(self.walker[number][region.window], Origin.MOVER, Origin.OWN) * inside
            trace = np.full((*inside.shape, 3), number, np.float32)
            image = (picture[region.window] / 255).astype(np.float32)
            out[number] = Fill(number, region, image, origin.astype(np.uint8), trace, 0.0, 0, 0.0)
        return out


def noise(seed: int, width: int, height: int, grain: int) -> np.ndarray:
    """A texture, 0..1."""
    rough = np.random.default_rng(seed).random((height // grain, width // grain, 3)).astype(np.float32)
    return np.clip(cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)


@pytest.fixture(params=[0, 1], ids=["still", "pan"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Made:
    """A walker behind a block that stands still in the picture, seen by a still or a panning camera."""
    pan, back, skin = request.param, noise(6, 520, 280, 14), noise(9, *SIZE, 9)
    truth, behind, walker = [], [], []
    matte = np.zeros((HEIGHT, WIDTH), np.uint8)
    matte[60:150, 130:180] = 1
    for number in range(COUNT):
        picture = (0.2 + 0.5 * back[40 : 40 + HEIGHT, 60 + pan * number : 60 + pan * number + WIDTH]) * 255
        behind.append(picture.astype(np.uint8))
        x, y = WALKER[0] + PACE * number, WALKER[1]
        picture[y : y + SIZE[1], x : x + SIZE[0]] = (0.1 + 0.9 * skin * (1, 0.4, 0.2)) * 255
        stands = np.zeros((HEIGHT, WIDTH), bool)
        stands[y : y + SIZE[1], x : x + SIZE[0]] = True
        truth.append(picture.astype(np.uint8))
        walker.append(stands)
    with av.open(str(tmp_path / "plate.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "bgr0"
        for true in truth:
            holed = true.copy()
            holed[matte > 0] = 128
            container.mux(stream.encode(av.VideoFrame.from_ndarray(holed, format="rgb24").reformat(format="bgr0")))
        container.mux(stream.encode(None))
    shot = open_shot(Request(plate=Source(path=tmp_path / "plate.mkv", name="A"), work=tmp_path, out=tmp_path,
                             matte=write_mattes(tmp_path / "m", [matte] * COUNT)))  # fmt: skip
    shot.cuts = []
    return Made(shot, truth, behind, walker)


def error(made: Made, fill: Fill, where: np.ndarray) -> float:
    """Mean difference (0..1) from the truth where it is asked for, whole frame."""
    truth = made.truth[fill.frame][fill.region.window] / 255
    return float(np.abs(fill.image - truth)[where[fill.region.window]].mean())


def without(made: Made, fill: Fill, part: np.ndarray) -> Fill:
    """*fill* with what is behind the walker in a *part* (whole frame) of it."""
    image, origin = fill.image.copy(), fill.origin.copy()
    there = part[fill.region.window] & (fill.origin > 0)
    image[there] = made.behind[fill.frame][fill.region.window][there].astype(np.float32) / 255
    origin[there] = Origin.OWN
    return replace(fill, image=image, origin=origin)


@pytest.mark.parametrize(("frames", "most"), [((14,), 0.3), ((14, 15), 0.7)], ids=["one", "two running"])
def test_who_is_torn_is_made_whole(made: Made, tmp_path: Path, frames: tuple[int, ...], most: float) -> None:
    """His legs are there again, as they are seen where he has come from and where he goes, and are said to be his: at
    *most* that share of the error is left."""
    fills = made.fills()
    legs = np.zeros((HEIGHT, WIDTH), bool)
    legs[110:] = True
    torn = {n: without(made, fill, made.walker[n] & legs) if n in frames else fill for n, fill in fills.items()}
    fill_at = coherent(made.shot, torn.get, range(COUNT), tmp_path)
    for number in frames:
        mended = fill_at(number)
        assert mended is not None
        lost = made.walker[number] & legs & made.shot.matte(number)
        assert lost.sum() > 200
        assert error(made, mended, lost) < most * error(made, torn[number], lost)
        assert (mended.origin[lost[mended.region.window]] == Origin.MOVER).mean() > 0.5
    made.shot.close()


def test_who_is_there_in_one_frame_alone_gives_way(made: Made, tmp_path: Path) -> None:
    """A patch that one frame alone shows is taken back, and its pixels are said to come from what stands still."""
    fills = made.fills()
    patch = np.zeros((HEIGHT, WIDTH), bool)
    patch[90:106, 160:176] = True
    fill = fills[4]
    there = patch[fill.region.window]
    assert not (made.walker[4] & patch).any()
    image, origin = fill.image.copy(), fill.origin.copy()
    image[there], origin[there] = (0.9, 0.1, 0.1), Origin.MOVER
    wrong = replace(fill, image=image, origin=origin)
    told: list[float] = []
    mended = coherent(made.shot, {**fills, 4: wrong}.get, range(COUNT), tmp_path, told.append)(4)
    assert mended is not None
    assert error(made, mended, patch) < 0.2 * error(made, wrong, patch)
    assert (mended.origin[there] == Origin.OWN).mean() > 0.9
    assert told == sorted(told)
    assert told[-1] == 1.0
    made.shot.close()


def test_who_is_right_in_every_frame_stays(made: Made, tmp_path: Path) -> None:
    """The walker of true fills is there afterwards, a little softer, and what no mover is near stays to the bit."""
    fills = made.fills()
    fill_at = coherent(made.shot, fills.get, range(COUNT), tmp_path)
    for number in (0, 12, 15):
        again = fill_at(number)
        assert again is not None
        assert (again.doubt > 0) == (number > 0)
        behind = made.walker[number] & made.shot.matte(number)
        if behind.any():
            assert error(made, again, behind) < 0.3 * error(made, without(made, again, behind), behind)
        assert (again.origin == fills[number].origin)[fills[number].origin > 0].mean() > 0.95
    first = fill_at(0)
    assert first is not None
    np.testing.assert_allclose(first.image, fills[0].image, atol=2**-11)  # kept as float16
    made.shot.close()


def test_a_frame_without_a_fill_has_none_afterwards(made: Made, tmp_path: Path) -> None:
    """What nobody filled is not invented from the frames around it."""
    fills: dict[int, Fill | None] = dict(made.fills())
    fills[15] = None
    fill_at = coherent(made.shot, fills.get, range(COUNT), tmp_path)
    assert fill_at(15) is None
    assert fill_at(14) is not None
    assert not list(tmp_path.glob("sweep-[0-2]"))
    made.shot.close()


def test_witnesses_that_differ_leave_a_doubt() -> None:
    """All the same: none. A third that shows something else: the mean of the squares, by what their words count."""

    def witness(value: float, word: float) -> Witness:
        grey, nobody = np.full((32, 32, 3), value, np.float32), np.zeros((32, 32), np.float32)
        return Witness(grey, np.full((32, 32), word, np.float32), nobody)

    agreed = heard([witness(0.5, 1.0)] * 3)
    assert agreed.apart.max() < 1e-9
    split = heard([witness(0.2, 1.0), witness(0.2, 1.0), witness(0.9, 1.0)])
    assert np.allclose(split.apart, 0.7**2 / 3, rtol=1e-2)
    unheard = heard([witness(0.2, 1.0), witness(0.2, 1.0), witness(0.9, 0.0)])
    assert unheard.apart.max() < 1e-9


@pytest.mark.parametrize("made", [0], ids=["still"], indirect=True)
@pytest.mark.parametrize("divisor", [1, 2, 4])
def test_a_raster_knows_where_its_pixels_lie_in_the_plate(made: Made, divisor: int) -> None:
    """A look at a raster's own places is at the plate's own, and a reduced fill is the plate's reduced picture."""
    raster, fill = Raster(made.shot, divisor), made.fills()[12]
    assert raster.size == (HEIGHT // divisor, WIDTH // divisor)
    box = Region(8, 4, 64 // divisor, 40 // divisor)
    look = Look(3, box, box.places + np.float32(1.0), np.ones((box.height, box.width), bool)).whole(raster)
    assert look.box == Region(8 * divisor, 4 * divisor, 64 // divisor * divisor, 40 // divisor * divisor)
    np.testing.assert_allclose(look.at, look.box.places + divisor, atol=1e-4)
    reduced = raster.reduced(fill)
    beside = ~raster.matte(12, reduced.region)
    apart = np.abs(reduced.image - raster.plate(12, reduced.region)).max(axis=-1)
    assert apart[beside].max() < 2 / 255
    assert (apart[~beside] > 0.1).any()
    made.shot.close()


def test_a_large_hole_is_looked_at_in_reduced_pictures_and_mended_at_full_size(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is torn is made whole as where it is looked at as it is."""
    monkeypatch.setattr("wetgate.processors.remove.coherent.raster._LARGE", 120)
    assert Raster.of(made.shot, range(COUNT)).divisor == 2
    fills, legs = made.fills(), np.zeros((HEIGHT, WIDTH), bool)
    legs[110:] = True
    torn = without(made, fills[14], made.walker[14] & legs)
    mended = coherent(made.shot, {**fills, 14: torn}.get, range(COUNT), tmp_path)(14)
    assert mended is not None
    lost = made.walker[14] & legs & made.shot.matte(14)
    assert error(made, mended, lost) < 0.35 * error(made, torn, lost)
    assert (mended.origin[lost[mended.region.window]] == Origin.MOVER).mean() > 0.5
    made.shot.close()


def test_fills_without_movers_come_back_untouched_and_no_motion_is_looked_for(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the fills show nobody nothing is compared and nothing sampled."""
    monkeypatch.setattr("wetgate.processors.remove.coherent.sweeps.heard", lambda *_: pytest.fail("heard"))
    monkeypatch.setattr("wetgate.processors.remove.coherent.motion._flow", lambda *_: pytest.fail("flow"))
    monkeypatch.setattr("wetgate.processors.remove.coherent.seen.sampled", lambda *_: pytest.fail("sampled"))
    everybody = np.ones((HEIGHT, WIDTH), bool)
    fills = {n: without(made, fill, everybody) for n, fill in made.fills().items()}
    fill_at = coherent(made.shot, fills.get, range(COUNT), tmp_path)
    for number, fill in fills.items():
        again = fill_at(number)
        assert again is not None
        np.testing.assert_array_equal(again.image, fill.image.astype(np.float16).astype(np.float32))
        np.testing.assert_array_equal(again.origin, fill.origin)
        np.testing.assert_array_equal(again.trace, fill.trace)
    made.shot.close()


def test_far_from_movers_nothing_is_sampled_at_full_size(made: Made, tmp_path: Path) -> None:
    """Only the pixels near somebody are looked at again: elsewhere a fill's trace and picture stay to the bit."""
    fills = made.fills()
    again = coherent(made.shot, fills.get, range(COUNT), tmp_path)(12)
    assert again is not None
    far = cv2.dilate(made.walker[12].astype(np.uint8), np.ones((41, 41), np.uint8)) == 0
    far = (far & made.shot.matte(12))[again.region.window]
    assert far.any()
    kept = fills[12].image.astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(again.image[far], kept[far])
    np.testing.assert_array_equal(again.trace[far], fills[12].trace[far])
    made.shot.close()
