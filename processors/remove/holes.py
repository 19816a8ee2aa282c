"""The hole of one frame: what may change, how strongly, and the region that is worked on."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..flow import pixels
from ..pictures.layout import Mask

MARGIN = 48
"""Pixels around a hole that are looked at to make the fill meet the plate."""

_CUBIC = 4
"""Pixels around the wanted ones that cubic sampling may look at."""


@dataclass(frozen=True)
class Region:
    """A rectangle of the plate, on whole chroma samples: left, top, width, height in pixels."""

    x: int
    y: int
    width: int
    height: int

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns, for indexing."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom, the last two just beyond."""
        return self.x, self.y, self.x + self.width, self.y + self.height

    @property
    def corners(self) -> NDArray[np.float64]:
        """(4, 2) x, y of the corners."""
        right, bottom = self.x + self.width, self.y + self.height
        return np.array([[self.x, self.y], [right, self.y], [self.x, bottom], [right, bottom]], np.float64)

    def inside(self, other: Region) -> tuple[slice, slice]:
        """Rows and columns of this region in an array that covers *other*."""
        top, left = self.y - other.y, self.x - other.x
        return slice(top, top + self.height), slice(left, left + self.width)

    def own(self, at: NDArray[np.float32]) -> NDArray[np.float32]:
        """Places (h, w, 2) of the plate as those of an array that covers this region."""
        corner = np.array([self.x, self.y, 0, 0], np.float64)  # a scalar of four, as OpenCV wants it
        return np.asarray(cv2.subtract(at, corner), np.float32)

    @property
    def places(self) -> NDArray[np.float32]:
        """(height, width, 2) where in the plate each pixel lies, x then y."""
        corner = np.array([self.x, self.y, 0, 0], np.float64)
        return np.asarray(cv2.add(pixels(self.width, self.height), corner), np.float32)

    def holds(self, at: NDArray[np.float32]) -> Mask:
        """Which places (h, w, 2) of the plate lie in it."""
        left, top, right, bottom = self.bounds
        return np.asarray(cv2.inRange(at, (left, top), (right - 1, bottom - 1)) > 0)

    def within(self, other: Region) -> Region:
        """What both have in common."""
        left, top = max(self.x, other.x), max(self.y, other.y)
        right = min(self.x + self.width, other.x + other.width)
        bottom = min(self.y + self.height, other.y + other.height)
        return Region(left, top, right - left, bottom - top)


def region_of(mask: Mask, margin: int = MARGIN) -> Region | None:
    """The rectangle around everything in *mask*, with a margin, cut at the frame; None for an empty mask."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    height, width = mask.shape
    left, top = max(0, int(columns[0]) - margin) // 4 * 4, max(0, int(rows[0]) - margin) // 4 * 4
    right, bottom = min(width, int(columns[-1]) + 1 + margin), min(height, int(rows[-1]) + 1 + margin)
    right, bottom = min(width, -(-right // 4) * 4), min(height, -(-bottom // 4) * 4)
    return Region(left, top, right - left, bottom - top)


def reached(at: NDArray[np.float32], inside: Mask, width: int, height: int) -> Region | None:
    """The part of a frame that a cubic looks at for the places *at* (h, w, 2), as far as they are *inside*."""
    if not inside.any():
        return None
    (x, most_x), (y, most_y) = (cv2.minMaxLoc(one, inside.view(np.uint8))[:2] for one in cv2.split(at))
    left, top = (max(0, int(v) - _CUBIC) // 4 * 4 for v in (x, y))
    right, bottom = (-(-(int(v) + _CUBIC + 2) // 4) * 4 for v in (most_x, most_y))
    return Region(left, top, min(width, right) - left, min(height, bottom) - top)


def ramp(mask: Mask, feather: int) -> NDArray[np.float32]:
    """0..1 strength of the fill: 0 outside, rising inside from the edge; the frame's border is no edge."""
    if feather <= 0 or not mask.any():
        return mask.astype(np.float32)
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
    rise = np.clip(depth / (feather + 1), 0, 1)
    return np.asarray(rise * rise * (3 - 2 * rise), np.float32)
