"""One piece of what moves, and where in another picture it stands."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Image, Mask

_NEAR, _ASTRAY = 2.0, 0.5
"""A piece is looked for within so many pixels, and so much of the way it has gone, of where it is expected."""
_FAR = 40.0
"""It is never looked for farther off than this."""
_CALM = 0.01
"""Squared error a pixel (0..1, summed over RGB) that must be saved for standing at the very edge of that."""


@dataclass(frozen=True, eq=False)
class Piece:
    """One mover, or several that touch, in one frame: its `label`, box (`top`, `left`) and `mask` (h, w) in it."""

    frame: int
    label: int
    top: int
    left: int
    mask: NDArray[np.float32]

    @property
    def box(self) -> tuple[slice, slice]:
        """Rows and columns, for indexing."""
        height, width = self.mask.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


def placed(
    rgb: Image, mask: NDArray[np.float32], at: tuple[float, float], plate: Image, ground: Image, seen: Mask, way: float
) -> tuple[float, float]:
    """Where (left, top) a piece that is expected *at* a place stands, to the pixel, by what is *seen* of it there.

    *rgb* and *mask* are its own box, *plate*, *ground* and *seen* the picture it is looked for in; it
    went *way* pixels since it was seen. What the piece explains better than the ground speaks for a
    place, what it would hide that is seen against it.
    """
    reach = int(min(_NEAR + _ASTRAY * way, _FAR))
    height, width = mask.shape
    left, top = round(at[0]) - reach, round(at[1]) - reach
    wide, tall = width + 2 * reach, height + 2 * reach
    move = np.array([[1, 0, -left], [0, 1, -top]], np.float64)
    size = (wide, tall)
    weight = cv2.warpAffine(seen.astype(np.float32), move, size, flags=cv2.INTER_NEAREST)
    if not weight.any():
        return at
    p = cv2.warpAffine(plate, move, size, flags=cv2.INTER_NEAREST)
    g = cv2.warpAffine(ground, move, size, flags=cv2.INTER_NEAREST)
    before = weight * np.einsum("hwc,hwc->hw", g, g - 2 * p)  # the ground's squared error less that of nothing at all
    gain = np.asarray(cv2.matchTemplate(before, mask, cv2.TM_CCORR), np.float32)
    gain = gain - cv2.matchTemplate(weight, mask * np.einsum("hwc,hwc->hw", rgb, rgb), cv2.TM_CCORR)
    for channel in range(3):
        shown = np.ascontiguousarray(weight * p[..., channel])
        gain = gain + 2 * cv2.matchTemplate(shown, np.ascontiguousarray(mask * rgb[..., channel]), cv2.TM_CCORR)
    dx = np.arange(2 * reach + 1) + left - at[0]
    dy = np.arange(2 * reach + 1) + top - at[1]
    off = (dx[None] ** 2 + dy[:, None] ** 2) / max(reach, 1) ** 2
    gain = gain - np.asarray(_CALM * float(mask.sum()) * off, np.float32)
    best = np.unravel_index(int(gain.argmax()), gain.shape)
    if gain[best] - gain[round(at[1]) - top, round(at[0]) - left] < 1e-4 * float(mask.sum()):
        return at
    return float(left + best[1]), float(top + best[0])
