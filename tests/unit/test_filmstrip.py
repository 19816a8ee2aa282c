"""The filmstrip that goes with a review movie."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from wetgate.processors.pictures.filmstrip import FRAME_WIDTH, Filmstrip


@pytest.mark.parametrize("length", [1, 19, 40, 41, 500])
def test_a_strip_spans_the_whole_movie(tmp_path: Path, length: int) -> None:
    """Few frames are all there; of many some 20 to 40 evenly spread, first to near the last, in their order."""
    strip = Filmstrip()
    for number in range(length):
        strip.feed(np.full((90, 160, 3), number / max(length - 1, 1), np.float32))
    strip.write(tmp_path / "strip.jpg")
    image = cv2.imread(str(tmp_path / "strip.jpg"), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    assert image.shape[0] == 135
    count, rest = divmod(image.shape[1], FRAME_WIDTH)
    assert rest == 0
    assert min(length, 20) <= count < 40
    levels = image.reshape(135, count, FRAME_WIDTH).mean(axis=(0, 2)) / 255
    if length > 1:
        steps = np.diff(levels)
        assert steps.min() > 0
        assert levels[0] < 0.02
        assert levels[-1] > 0.9
        assert steps.max() < 1.3 * np.median(steps) + 0.01


def test_nothing_fed_writes_nothing(tmp_path: Path) -> None:
    """A movie without a frame has no strip."""
    Filmstrip().write(tmp_path / "strip.jpg")
    assert not (tmp_path / "strip.jpg").exists()
