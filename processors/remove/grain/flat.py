"""Where a picture is flat, so that what is fine in it is grain and no edge and no texture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Image, Mask

LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
FEWEST = 60
"""Pixels below which nothing is measured."""
_FLATTEST = 0.2
"""Share of a place that counts as its flat part."""
_FEWEST_OF_PICTURE = 200
"""Pixels below which a picture has no flat places."""
_UNCLIPPED = (0.03, 0.97)


@dataclass(frozen=True)
class Flatness:
    """How far from flat a picture is, pixel by pixel, and its low-passed luma."""

    slope: NDArray[np.float32]
    luma: NDArray[np.float32]

    @classmethod
    def of(cls, image: Image) -> Flatness:
        """Of an RGB picture."""
        luma = np.asarray(cv2.GaussianBlur(image @ LUMA, (0, 0), 2.5), np.float32)
        slope = cv2.magnitude(cv2.Sobel(luma, cv2.CV_32F, 1, 0), cv2.Sobel(luma, cv2.CV_32F, 0, 1))
        return cls(np.asarray(cv2.GaussianBlur(slope, (0, 0), 3), np.float32), luma)

    @cached_property
    def unclipped(self) -> Mask:
        """Where the picture is neither black nor white."""
        low, high = _UNCLIPPED
        return np.asarray((self.luma > low) & (self.luma < high))

    def flattest(self, where: Mask) -> tuple[Mask, float]:
        """The flattest fifth of *where*, clipped pixels left out, and the slope up to which a pixel counts as flat."""
        usable = where & self.unclipped
        if usable.sum() < FEWEST:
            return np.zeros_like(usable), 0.0
        bound = float(np.quantile(self.slope[usable], _FLATTEST))
        return np.asarray(usable & (self.slope <= bound)), bound


def flat_places(image: Image, where: Mask) -> Mask:
    """The flattest fifth of *where* in an RGB picture; none where there is too little of it."""
    flatness = Flatness.of(image)
    if (where & flatness.unclipped).sum() < _FEWEST_OF_PICTURE:
        return np.zeros_like(where)
    return flatness.flattest(where)[0]


def high_pass(image: Image) -> NDArray[np.float32]:
    """Luma of an RGB picture less its sigma-1 low-pass."""
    luma = image @ LUMA
    return np.asarray(luma - cv2.GaussianBlur(luma, (0, 0), 1.0), np.float32)
