"""The filled pictures of a shot, and what somebody sees who looks at them from another frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ...flow import sampled
from ...pictures.layout import Image, Mask
from ...pictures.mix import put
from ..fill import Fill, Origin
from ..holes import Region, reached, region_of
from .raster import Field, Raster

FROM_FRAMES = (Origin.OWN, Origin.MOVER)
"""What takes part: what the shot's own frames gave."""

Load = Callable[[int], Fill | None]


@dataclass(frozen=True)
class Look:
    """From a `box` of a frame `at` places (h, w, 2) of another `frame`, for the pixels `here` (h, w): at the filled
    picture, or at the plate alone, where it is known which pixels `moved` (h, w)."""

    frame: int
    box: Region
    at: Field
    here: Mask
    moved: Mask | None = None

    def where(self, mask: Mask, over: Region) -> Look | None:
        """The same for those pixels alone that a *mask* over a region holds; None where there are none."""
        here = self.here & mask[self.box.inside(over)]
        part = region_of(here, margin=0)
        if part is None:
            return None
        box = Region(self.box.x + part.x, self.box.y + part.y, part.width, part.height)
        at, moved = np.ascontiguousarray(self.at[part.window]), self.moved
        return Look(self.frame, box, at, here[part.window], None if moved is None else moved[part.window])

    def whole(self, raster: Raster) -> Look:
        """The same at the plate's size."""
        box, moved = raster.whole(self.box), self.moved
        way = raster.widened(cv2.subtract(self.at, self.box.places), box, cv2.INTER_LINEAR)
        at = np.asarray(cv2.scaleAdd(way, raster.divisor, box.places), np.float32)
        here = raster.chosen(self.here, box)
        return Look(self.frame, box, at, here, None if moved is None else raster.chosen(moved, box))


class Filled:
    """A shot on a *raster* with its fills laid in, as *load* gives them; the last *most* of them are kept. From any
    thread."""

    def __init__(self, raster: Raster, load: Load, most: int) -> None:
        self._raster, self.fill = raster, lru_cache(most)(load)

    def picture(self, frame: int, region: Region) -> Image:
        """The filled picture of *frame* over *region*."""
        image = self._raster.plate(frame, region)
        self._lay(frame, region, lambda fill: fill.image, image)
        return image

    def marks(self, frame: int, region: Region) -> tuple[Field, Field, Field]:
        """0 or 1 (h, w): what is valid as a witness, what is inside the matte, and the movers in there."""
        hole, origin = self._raster.matte(frame, region), np.zeros((region.height, region.width), np.uint8)
        self._lay(frame, region, lambda fill: fill.origin, origin)
        valid = ~hole | np.isin(origin, FROM_FRAMES)
        return valid.astype(np.float32), hole.astype(np.float32), (origin == Origin.MOVER).astype(np.float32)

    def lay_picture(self, look: Look, image: Image, region: Region) -> None:
        """Set *image*, of a *region* of the frame that is looked from, to what is seen."""
        part = self._part(look)
        if part is not None:
            see = self.picture if look.moved is None else self._raster.plate
            put(sampled(see(look.frame, part), part.own(look.at)), look.here, image[look.box.inside(region)])

    def lay_source(self, look: Look, origin: NDArray[np.uint8], trace: Field, region: Region) -> None:
        """Set *origin* and *trace* as in a fill to those of what is seen; what the plate shows is its own source."""
        part, place = self._part(look), look.box.inside(region)
        if part is None:
            return
        if look.moved is not None:
            put(cv2.merge([np.full(look.here.shape, look.frame, np.float32), look.at]), look.here, trace[place])
            put(np.where(look.moved, np.uint8(Origin.MOVER), np.uint8(Origin.OWN)), look.here, origin[place])
            return
        made = np.full((part.height, part.width), Origin.OWN, np.uint8)
        own = cv2.merge([np.full(made.shape, look.frame, np.float32), part.places])
        self._lay(look.frame, part, lambda fill: fill.origin, made)
        self._lay(look.frame, part, lambda fill: fill.trace, own)
        for values, onto in ((made, origin), (own, trace)):
            put(sampled(values, part.own(look.at), cv2.INTER_NEAREST), look.here, onto[place])

    def _part(self, look: Look) -> Region | None:
        height, width = self._raster.size
        return reached(look.at, look.here, width, height)

    def _lay(self, frame: int, region: Region, values: Callable[[Fill], NDArray[Any]], onto: NDArray[Any]) -> None:
        """Set *onto*, over a *region* of *frame*, to the fill's *values* inside the matte."""
        fill = self.fill(frame)
        part = None if fill is None else fill.region.within(region)
        if fill is not None and part is not None and part.width > 0 and part.height > 0:
            put(values(fill)[part.inside(fill.region)], self._raster.matte(frame, part), onto[part.inside(region)])
