"""Other takes as sources: what stands still in them, who performs in them, and whether they fit."""

from __future__ import annotations

import json
from pathlib import Path

import made
import numpy as np
import pytest
from images import write_mattes
from wetgate.processors.pictures import Plate
from wetgate.processors.remove import Remove
from wetgate.processors.remove.fill import Origin
from wetgate.processors.remove.layers import fill_hole
from wetgate.processors.remove.processor import _prepared
from wetgate.processors.remove.sources.still import still_of
from wetgate.processors.runner import run_processor
from wetgate.schema.request import Request, Source

COUNT = 30
HOLE = (slice(60, 130), slice(120, 170))


def acted(path: Path, places: list[tuple[int, int]], *, seed: int = 1, still: np.ndarray | None = None) -> Path:
    """The street with grain and a performer, 24x60 pixels, whose upper left corner is at these places."""
    rng = np.random.default_rng(seed)
    frames = []
    for x, y in places:
        picture = (made.street() if still is None else still).astype(np.float32)
        picture[y : y + 60, x : x + 24] = (190, 40, 60)
        picture[y : y + 14, x + 6 : x + 18] = (230, 190, 150)
        frames.append((picture + rng.normal(0, 2, picture.shape)).clip(0, 255).astype(np.uint8))
    return made.write_movie(path, frames)


def walk(start: int, step: int) -> list[tuple[int, int]]:
    """Somebody crosses the street."""
    return [(start + step * n, 70) for n in range(COUNT)]


def request(folder: Path, plate: Path, take: Path, **options: object) -> Request:
    """The removal of HOLE in every frame."""
    hole = np.zeros((192, 320), bool)
    hole[HOLE] = True
    return Request(
        plate=Source(path=plate, name="plate"),
        sources=(Source(path=take, name="other"),),
        matte=write_mattes(folder / "m", [hole] * COUNT),
        options=options,
        work=folder / "w",
        out=folder / "o",
    )


def test_who_passes_is_not_in_the_background_and_who_stays_has_none(tmp_path: Path) -> None:
    """Where somebody walks through, the street behind is known; where somebody sways, nothing is."""
    rng = np.random.default_rng(5)
    swaying = [(150 + int(rng.integers(-3, 4)), 70 + int(rng.integers(-2, 3))) for _ in range(COUNT)]
    with Plate.open(acted(tmp_path / "walk.mp4", walk(10, 9))) as take:
        passed = still_of(take)
        last = take.picture(COUNT - 1).rgb()
    assert passed.known.mean() > 0.97
    assert np.abs(passed.image.astype(float) - made.street()).mean(axis=-1)[passed.known].max() < 25
    moving = passed.moving(last, 0, 0)
    assert moving[80:120, 275:290].all()
    assert moving.mean() < 0.1
    with Plate.open(acted(tmp_path / "sway.mp4", swaying)) as take:
        stayed = still_of(take)
    assert not stayed.known[75:125, 154:168].any()
    assert stayed.known[:, :100].mean() > 0.97


def test_a_take_with_another_action_gives_its_background_alone(tmp_path: Path) -> None:
    """Its performer walks through the hole in the middle of the take and is never in the fill; it is traced."""
    plate = acted(tmp_path / "a.mp4", [(250, 30 + 3 * n) for n in range(COUNT)])
    shot = _prepared(request(tmp_path, plate, acted(tmp_path / "b.mp4", walk(10, 9), seed=2), use_own_frames=False))
    (take,) = shot.takes
    assert take.background_only
    street = made.street_rgb()
    for frame in (3, 14, 20):
        fill = fill_hole(shot, frame, shot.matte)
        assert fill is not None
        filled = fill.region.window
        inside = shot.matte(frame)[filled]
        assert (fill.origin[inside] == 1).mean() > 0.97
        inside &= fill.origin == 1
        assert np.abs(fill.image - street[filled])[inside].mean() < 0.02
        assert np.quantile(np.abs(fill.image - street[filled])[inside], 0.999) < 0.15
        ys, xs = np.mgrid[filled]
        assert np.nanmax(np.abs(fill.trace[..., 1:] - np.dstack([xs, ys]))) < 0.3
        assert set(np.unique(fill.trace[..., 0][inside])) == {frame}
    shot.close()


def test_a_performer_from_the_same_action_is_named(tmp_path: Path) -> None:
    """Who walks behind the hole comes from the other take's same moment, and the report says in which frames."""
    plate = acted(tmp_path / "a.mp4", walk(10, 9))
    asked = request(tmp_path, plate, acted(tmp_path / "b.mp4", walk(10, 9), seed=2), probes=1, min_psnr_db=0)
    outcome = run_processor(Remove(), asked, lambda _done, _words: None)
    reason = next(reason for reason in outcome.reasons if "performer" in reason)
    # He is 24 pixels wide and the hole spans 120-169.
    assert reason in {
        f"A performer from other, or the shadow of one, stands in frames {a}-{b}."
        for a in (1011, 1012)
        for b in (1018, 1019)
    }
    frames = json.loads(outcome.report.read_text())["takes"][0]["performer_in_frames"]
    assert 1015 in frames and 1003 not in frames


@pytest.mark.parametrize("fits", [True, False])
def test_a_take_that_does_not_fit_loses_to_the_shots_own_frames(tmp_path: Path, fits: bool) -> None:
    """Something was moved in the take where the hole is: what stands around the hole decides, not the order."""
    street = made.street()
    if not fits:
        street[40:150, 100:190] = street[40:150, 100:190][::-1]
    places = [(250, 30 + 3 * n) for n in range(COUNT)]
    plate, take = acted(tmp_path / "a.mp4", places), acted(tmp_path / "b.mp4", places, seed=2, still=street)
    asked = request(tmp_path, plate, take)
    hole = np.zeros((192, 320), bool)
    hole[HOLE] = True
    empty = np.zeros_like(hole)
    write_mattes(tmp_path / "m", [hole if n < 6 else empty for n in range(COUNT)])
    shot = _prepared(asked)
    assert shot.takes
    fill = fill_hole(shot, 3, shot.matte)
    assert fill is not None
    best = max(fill.shares(shot.matte(3)).items(), key=lambda one: one[1])
    assert best[0] == (1 if fits else Origin.OWN)
    shot.close()
