"""A shot at the size at which it is looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Image, Mask
from ...register import Matrix
from ..fill import Fill
from ..holes import Region, region_of
from ..shot import Shot
from ..sources.lay import shrunk_mask

Field = NDArray[np.float32]

_ROOM = 0.11
"""What is looked at around a hole, as a share of the plate's width."""
_LARGE = 640
"""Pixels of the longest side of that up to which it is looked at as it is; if it is larger, reduced by two or four."""


@dataclass(frozen=True)
class Raster:
    """A *shot* at one `divisor`-th (1, 2 or 4) of its size. Pixels, places and regions are those of the raster."""

    shot: Shot
    divisor: int

    @classmethod
    def of(cls, shot: Shot, frames: Iterable[int]) -> Raster:
        """As fine as the largest hole of these *frames* allows."""
        plain = cls(shot, 1)
        around = (plain.around(shot.matte(frame)) for frame in frames)
        side = max((max(one.width, one.height) for one in around if one is not None), default=0)
        return cls(shot, next((divisor for divisor in (1, 2) if side <= divisor * _LARGE), 4))

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of a frame; what the divisor does not divide rounds up."""
        height, width = self.shot.size
        return -(-height // self.divisor), -(-width // self.divisor)

    def around(self, hole: Mask) -> Region | None:
        """A hole (whole frame) and as much beside it as is looked at."""
        return region_of(hole, margin=round(_ROOM * self.size[1]))

    def plate(self, frame: int, region: Region) -> Image:
        """Display-referred RGB of a *region* of a frame."""
        return self.shot.frames.at(frame).crop(*self.whole(region).bounds).reduced(self.divisor).rgb()

    def matte(self, frame: int, region: Region | None = None) -> Mask:
        """The effective matte, and each pixel that it touches: of the whole frame or a *region*."""
        return shrunk_mask(self.shot.matte(frame, None if region is None else self.whole(region)), self.divisor)

    def unusable(self, frame: int, region: Region) -> Mask:
        """Where a frame must not be used."""
        return shrunk_mask(self.shot.unusable(frame, self.whole(region)), self.divisor)

    def onto(self, source: int, target: int) -> Matrix | None:
        """Maps *source*'s pixels to *target*'s by the camera's motion; None where the two do not hang together."""
        camera = self.shot.camera.onto(source, target)
        return None if camera is None else camera.scaled(1 / self.divisor, 1 / self.divisor).matrix

    def reduced(self, fill: Fill) -> Fill:
        """*fill* on the raster. Of the origins that meet in a pixel the largest counts: what no frame has given, then
        movers; of the traces any."""
        divisor, whole = self.divisor, fill.region
        size = -(-whole.width // divisor), -(-whole.height // divisor)
        region = Region(whole.x // divisor, whole.y // divisor, *size)
        squares = cv2.dilate(fill.origin, np.ones((divisor, divisor), np.uint8), anchor=(0, 0))
        origin = np.ascontiguousarray(squares[::divisor, ::divisor], np.uint8)
        trace = np.ascontiguousarray(fill.trace[::divisor, ::divisor])
        return replace(fill, region=region, image=self._shrunk(fill.image), origin=origin, trace=trace)

    def widened(self, values: NDArray[Any], region: Region, interpolation: int) -> NDArray[Any]:
        """*values* (h, w) or (h, w, n) of the raster over a *region* of the plate."""
        size = values.shape[1] * self.divisor, values.shape[0] * self.divisor
        return cv2.resize(values, size, interpolation=interpolation)[: region.height, : region.width]

    def chosen(self, mask: Mask, region: Region) -> Mask:
        """A *mask* (h, w) of the raster over a *region* of the plate."""
        return np.asarray(self.widened(mask.view(np.uint8), region, cv2.INTER_NEAREST) > 0)

    def whole(self, region: Region) -> Region:
        """A region of the raster in the plate."""
        height, width = self.shot.size
        x, y = region.x * self.divisor, region.y * self.divisor
        return Region(x, y, min(region.width * self.divisor, width - x), min(region.height * self.divisor, height - y))

    def _shrunk(self, image: Image) -> Image:
        height, width = image.shape[:2]
        down, right = -height % self.divisor, -width % self.divisor
        whole = cv2.copyMakeBorder(image, 0, down, 0, right, cv2.BORDER_REPLICATE)
        size = (width + right) // self.divisor, (height + down) // self.divisor
        return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.float32)
