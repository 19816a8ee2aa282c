"""A part of the plate at the size at which motion is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Image, Mask
from ...register import Matrix
from ..holes import Region
from ..movers.dis import luma_of

Field = NDArray[np.float32]

_LARGE = 480
"""Longest side at which motion is looked at."""


@dataclass(frozen=True)
class Raster:
    """A *region* of the plate on `shape` (height, width) pixels of its own; places are pixels of the plate."""

    region: Region
    shape: tuple[int, int]

    @classmethod
    def over(cls, region: Region, like: float | None = None) -> Raster:
        """As fine as motion is looked at, or with so many pixels for one of the plate as in *like*."""
        factor = min(1.0, _LARGE / max(region.width, region.height)) if like is None else like
        return cls(region, (max(16, round(region.height * factor)), max(16, round(region.width * factor))))

    @property
    def factor(self) -> float:
        """Pixels here for one of the plate."""
        return self.shape[1] / self.region.width

    @cached_property
    def places(self) -> Field:
        """(h, w, 2) where each pixel's centre lies in the plate, x then y."""
        x = (np.arange(self.shape[1]) + 0.5) * (self.region.width / self.shape[1]) - 0.5 + self.region.x
        y = (np.arange(self.shape[0]) + 0.5) * (self.region.height / self.shape[0]) - 0.5 + self.region.y
        return np.stack(np.meshgrid(x, y), axis=-1).astype(np.float32)

    @cached_property
    def inward(self) -> Matrix:
        """The plate's pixels to these."""
        wide, tall = self.shape[1] / self.region.width, self.shape[0] / self.region.height
        across, down = wide * (0.5 - self.region.x) - 0.5, tall * (0.5 - self.region.y) - 0.5
        return np.array([[wide, 0, across], [0, tall, down], [0, 0, 1]], np.float64)

    def sampled(self, field: Field, at: Field) -> Field:
        """A *field* of this raster at places (h, w, 2), its border carried on."""
        wide, tall = self.inward[0, 0], self.inward[1, 1]
        x = at[..., 0] * np.float32(wide) + np.float32(self.inward[0, 2])
        y = at[..., 1] * np.float32(tall) + np.float32(self.inward[1, 2])
        return np.asarray(cv2.remap(field, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)

    def shrunk(self, image: Image) -> Image:
        """A picture of the region (float32) on this raster."""
        if image.shape[:2] == self.shape:
            return image
        return np.asarray(cv2.resize(image, self.shape[::-1], interpolation=cv2.INTER_AREA), np.float32)

    def luma(self, image: Image) -> NDArray[np.uint8]:
        """Luma of a picture of the region, on this raster."""
        return luma_of(self.shrunk(image))

    def widened(self, field: Field) -> Field:
        """A field of this raster at the plate's size, over the region."""
        size = (self.region.width, self.region.height)
        if field.shape[1::-1] == size:
            return field
        return np.asarray(cv2.resize(field, size, interpolation=cv2.INTER_LINEAR), np.float32)

    def full(self, at: Field) -> Field:
        """Places (h, w, 2) that belong to these pixels, for every pixel of the plate over the region."""
        whole = Raster(self.region, (self.region.height, self.region.width))
        return np.asarray(whole.places + self.widened(np.asarray(at - self.places, np.float32)), np.float32)

    def chosen(self, values: NDArray[np.integer] | Mask) -> NDArray[np.int32]:
        """The same of numbers that stand for something."""
        wide = cv2.resize(
            values.astype(np.float32), (self.region.width, self.region.height), interpolation=cv2.INTER_NEAREST
        )
        return np.asarray(wide, np.int32)

    def holds(self, at: Field) -> Mask:
        """Which places (h, w, 2) lie in the region."""
        left, top, right, bottom = self.region.bounds
        x, y = at[..., 0], at[..., 1]
        return np.asarray((x >= left) & (y >= top) & (x <= right - 1) & (y <= bottom - 1))
