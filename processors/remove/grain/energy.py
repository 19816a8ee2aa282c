"""The energy of a picture's grain, pixel by pixel.

Grain is the high-pass, against a sigma-1 low-pass, of luma and of the two colour differences R-Y and
B-Y.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Image, Mask
from .flat import LUMA

_APART = 9.0
"""Times the variance that plate and take may differ by in grain."""


@dataclass(frozen=True)
class Energy:
    """Squares of a picture's high-pass and products of its horizontal neighbours, pixel by pixel (h, w).

    The mean of `luma` over a place is its variance there, that of `beside` its covariance.
    """

    luma: NDArray[np.float32]
    beside: NDArray[np.float32]
    red: NDArray[np.float32]
    blue: NDArray[np.float32]
    colours_beside: NDArray[np.float32]

    @classmethod
    def of(cls, image: Image) -> Energy:
        """Of an RGB picture."""
        luma, red, blue = _parts(image)
        both = red + blue
        return cls(luma * luma, _beside(luma), red * red, blue * blue, _beside(both))

    @classmethod
    def nothing(cls, shape: tuple[int, int]) -> Energy:
        """Not known anywhere: NaN."""
        return cls(*(np.full(shape, np.nan, np.float32) for _ in fields(cls)))

    def put(self, where: Mask, values: Sequence[NDArray[np.float32]]) -> None:
        """Set every plane *where*."""
        for plane, value in zip(self.planes, values, strict=True):
            plane[where] = value

    def scaled(self, plate: Energy, where: Mask) -> Energy:
        """As much more, and as much coarser, as *plate* is *where*."""
        ours, theirs = ([float(plane[where].mean()) for plane in one.planes] for one in (plate, self))
        luma, _, red, blue, colours = (
            float(np.clip(a / max(b, 1e-12), 1 / _APART, _APART)) for a, b in zip(ours, theirs, strict=True)
        )
        coarser = ours[1] / max(ours[0], 1e-12) - theirs[1] / max(theirs[0], 1e-12)
        beside = self.beside * luma + self.luma * np.float32(luma * coarser)
        return Energy(self.luma * luma, beside, self.red * red, self.blue * blue, self.colours_beside * colours)

    @property
    def planes(self) -> list[NDArray[np.float32]]:
        """All of them."""
        return [self.luma, self.beside, self.red, self.blue, self.colours_beside]


def _parts(image: Image) -> list[NDArray[np.float32]]:
    """High-pass of luma, R-Y and B-Y."""
    luma = image @ LUMA
    parts = np.dstack([luma, image[..., 0] - luma, image[..., 2] - luma])
    return [np.asarray(part, np.float32) for part in cv2.split(parts - cv2.GaussianBlur(parts, (0, 0), 1.0))]


def _beside(part: NDArray[np.float32]) -> NDArray[np.float32]:
    """Product with the neighbour to the right; the last column with itself turned round."""
    return np.asarray(part * np.concatenate([part[:, 1:], part[:, -2:-1]], axis=1), np.float32)
