"""A filmstrip: frames of a movie side by side, which a pointer runs through in a tracker's list."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from .layout import Image

FRAME_WIDTH = 240
"""Pixels of one frame: ShotGrid cuts a filmstrip into pieces of this width."""
_FEWEST = 20
_QUALITY = 85


class Filmstrip:
    """Takes every frame of a movie whose length it need not know, and keeps some 20 to 40, evenly spread."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self._kept: list[NDArray[np.uint8]] = []
        self._every, self._seen = 1, 0

    def feed(self, image: Image) -> None:
        """The next frame: display-referred RGB (h, w, 3), 0..1."""
        if self._seen % self._every == 0:
            height = max(1, round(image.shape[0] * FRAME_WIDTH / image.shape[1]))
            small = cv2.resize(image, (FRAME_WIDTH, height), interpolation=cv2.INTER_AREA)
            self._kept.append(np.asarray(np.clip(small * 255 + 0.5, 0, 255), np.uint8))
            if len(self._kept) >= 2 * _FEWEST:
                self._kept = self._kept[::2]
                self._every *= 2
        self._seen += 1

    def write(self, path: Path) -> None:
        """Write the strip as JPEG; nothing without a frame."""
        if self._kept:
            strip = cv2.cvtColor(np.hstack(self._kept), cv2.COLOR_RGB2BGR)
            good, data = cv2.imencode(".jpg", strip, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
            assert good
            path.write_bytes(data.tobytes())
