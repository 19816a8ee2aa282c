"""A studio's network as a painter: pictures with holes in, the middle one filled out."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Image, Mask
from .load import Loaded

NETWORK = 150
"""`fill.Origin.NETWORK`."""

MOST = 2_000_000
"""Pixels of all frames of one call: above that the region is scaled down."""


class StudioNetwork:
    """One loaded network, a `unseen.painter.Painter`; see the package for the tensors."""

    origin = NETWORK

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self.name = loaded.network.name
        self.licence = loaded.network.licence
        self.trained_on = loaded.network.trained_on
        self.digest = loaded.digest
        self.frames = loaded.frames

    def paint(self, images: Sequence[Image], holes: Sequence[Mask]) -> Image:
        """The middle of *images* (each (h, w, 3), 0..1) with its hole filled; nothing inside a hole is shown."""
        middle = len(images) // 2
        height, width = holes[0].shape
        shrink = min(1.0, (MOST / (len(images) * height * width)) ** 0.5)
        made = _as_picture(self._loaded(_tensor(images, holes, shrink)), middle, (height, width), shrink)
        return np.asarray(np.where(holes[middle][..., None], made, images[middle]), np.float32)


def _tensor(images: Sequence[Image], holes: Sequence[Mask], shrink: float) -> NDArray[np.float32]:
    """(1, T, 4, H, W), the hole's RGB zero, edges repeated up to a multiple of 8."""
    layers = []
    for image, hole in zip(images, holes, strict=True):
        shown = np.dstack([np.clip(image, 0, 1) * ~hole[..., None], hole]).astype(np.float32)
        if shrink < 1:
            shown = np.asarray(cv2.resize(shown, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.float32)
            hidden = shown[..., 3] > 0
            shown[hidden, :3], shown[..., 3] = 0, hidden
        layers.append(shown)
    height, width = layers[0].shape[:2]
    pad = ((0, 0), (0, -height % 8), (0, -width % 8), (0, 0))
    return np.ascontiguousarray(np.pad(np.stack(layers), pad, mode="edge").transpose(0, 3, 1, 2)[None])


def _as_picture(made: NDArray[np.float32], middle: int, size: tuple[int, int], shrink: float) -> Image:
    image = np.ascontiguousarray(made[0, middle].transpose(1, 2, 0))
    height, width = size
    if shrink < 1:
        small = (round(height * shrink), round(width * shrink))
        image = np.asarray(
            cv2.resize(image[: small[0], : small[1]], (width, height), interpolation=cv2.INTER_CUBIC), np.float32
        )
    return np.asarray(np.clip(image[:height, :width], 0, 1), np.float32)
