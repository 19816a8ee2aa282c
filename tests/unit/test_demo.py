"""The demo's own instruments: a second decoder that sees one value, and figures that a blur cannot fool."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import av
import cv2
import made
import numpy as np
import pytest
from images import write_mattes
from numpy.typing import NDArray
from wetgate.daemon.demo import decoder, measure
from wetgate.daemon.demo.measure import Figures

FRAMES = 60


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plate, a version's folder whose master is the plate itself, and its mattes."""
    folder = tmp_path_factory.mktemp("version")
    made.write_movie(folder / "plate.mp4", made.take(FRAMES, intruder=False))
    home = folder / "version"
    write_mattes(home / "matte", made.matte(FRAMES))
    (home / "report.json").write_text(json.dumps({"rate": "25"}), encoding="utf-8")
    copy_exactly(folder / "plate.mp4", home / "master.mkv")
    return folder


def copy_exactly(plate: Path, master: Path) -> None:
    """An FFV1 copy with the very same values."""
    write(master, [tuple(plane.copy() for plane in frame) for frame in decoder.frames(plate, 320, 192)])


def write(master: Path, frames: list[tuple[NDArray[np.uint8], ...]]) -> None:
    """Y, U and V planes as FFV1 in Matroska."""
    with av.open(str(master), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 192, "yuv420p"
        for planes in frames:
            stacked = np.concatenate([plane.reshape(-1) for plane in planes]).reshape(192 * 3 // 2, 320)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(stacked, format="yuv420p")))
        container.mux(stream.encode())


def test_an_exact_copy_has_no_changes(version: Path) -> None:
    """Every sample outside the matte is compared in every frame, and none differs."""
    home = version / "version"
    frames, samples, changed = decoder.changed_outside(version / "plate.mp4", home / "master.mkv", home / "matte")
    assert (frames, changed) == (FRAMES, 0)
    assert samples > 0.8 * FRAMES * 320 * 192 * 1.5


def test_one_changed_value_is_seen(version: Path, tmp_path: Path) -> None:
    """The copy that the demo spoils differs in exactly one value."""
    home = version / "version"
    report = decoder.corrupted_copy(home, home / "master.mkv", tmp_path / "spoilt")
    seen = decoder.changed_outside(version / "plate.mp4", report.parent / "master.mkv", home / "matte")
    assert seen[2] == 1


def test_places_for_known_truth_lie_apart_from_the_fix(version: Path, tmp_path: Path) -> None:
    """The mattes stand only on the measured frames and far from what was fixed."""
    fixed = version / "version" / "matte"
    assert measure.write_truth_mattes(fixed, version / "plate.mp4", tmp_path) >= 1
    names = sorted(tmp_path.glob("*.png"))
    drawn = [bool(decoder.matte_of(name).any()) for name in names]
    assert len(names) == FRAMES and sum(drawn) == 8
    near = np.asarray(cv2.dilate(decoder.matte_of(sorted(fixed.glob("*.png"))[0]), np.ones((31, 31), np.uint8)) > 0)
    assert not decoder.matte_of(names[drawn.index(True)])[near].any()


def filled(version: Path, folder: Path, change: float) -> Figures:
    """The figures of a fill that is the plate blurred by *change* (sigma in pixels) inside the mattes."""
    mattes = folder / "matte"
    if not mattes.exists():
        measure.write_truth_mattes(version / "version" / "matte", version / "plate.mp4", mattes)
    planes: list[tuple[NDArray[np.uint8], ...]] = []
    for frame in decoder.frames(version / "plate.mp4", 320, 192):
        luma = cv2.GaussianBlur(frame[0], (0, 0), change) if change else frame[0].copy()
        planes.append((luma.astype(np.uint8), frame[1].copy(), frame[2].copy()))
    write(folder / "fill.mkv", planes)
    return measure.known_truth(version / "plate.mp4", folder / "fill.mkv", mattes)


def test_the_figures_tell_a_blur_from_the_truth(version: Path, tmp_path: Path) -> None:
    """The truth itself has all edges and all grain; a blur has less of both and a larger error."""
    exact, soft = filled(version, tmp_path, 0.0), filled(version, tmp_path, 3.0)
    assert exact.psnr_db > 80 and exact.edges == pytest.approx(1.0) and exact.grain == pytest.approx(1.0)
    assert soft.psnr_db < exact.psnr_db - 20 and soft.edges < 0.8
    assert soft.grain is not None and soft.grain < 0.7


def test_a_take_is_laid_over_before_it_is_compared(version: Path, tmp_path: Path) -> None:
    """Shifted and darkened, the same picture still compares as the same."""
    moved = []
    for frame in made.take(FRAMES, intruder=False):
        shifted = cv2.warpAffine(frame, np.array([[1, 0, 5], [0, 1, 3]], np.float32), (320, 192))
        moved.append((shifted * 0.8).astype(np.uint8))
    made.write_movie(tmp_path / "take.mp4", moved)
    home = version / "version"
    figures = measure.against_take(home / "master.mkv", home / "matte", tmp_path / "take.mp4", (320, 192), 0)
    assert figures.psnr_db > 33 and figures.edges == pytest.approx(1.0, abs=0.15)
    shutil.rmtree(tmp_path)
