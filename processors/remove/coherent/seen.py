"""The filled pictures of a shot, as they would be delivered, and what is known of each pixel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Image
from ...pictures.mix import put
from ..fill import Fill, Origin
from ..holes import Region
from ..shot import Shot
from .raster import Field, Raster

FROM_FRAMES = (Origin.OWN, Origin.MOVER)
"""What takes part: what the shot's own frames gave."""

Load = Callable[[int], Fill | None]


@dataclass(frozen=True)
class Seen:
    """A filled picture (h, w, 3) over a region of the plate, and 0 or 1 (h, w): `inside` the matte, a `mover` of the
    fill, `valid` as a witness; `origin` and `trace` as in a fill, beside the matte each pixel is its own source."""

    image: Image
    inside: Field
    mover: Field
    valid: Field
    origin: NDArray[np.uint8]
    trace: Field


class Filled:
    """A shot with its fills laid in, as *load* gives them; the last *most* of them are kept. From any thread."""

    def __init__(self, shot: Shot, load: Load, most: int) -> None:
        self._shot, self.fill = shot, lru_cache(most)(load)

    def picture(self, frame: int, region: Region) -> Image:
        """The filled picture alone."""
        image = self._shot.frames.at(frame).crop(*region.bounds).rgb()
        fill = self.fill(frame)
        part = None if fill is None else fill.region.within(region)
        if fill is not None and part is not None and part.width > 0 and part.height > 0:
            put(fill.image[part.inside(fill.region)], self._shot.matte(frame, part), image[part.inside(region)])
        return image

    def seen(self, frame: int, region: Region) -> Seen:
        """The filled picture of *frame* over *region*."""
        hole = self._shot.matte(frame, region)
        places = Raster(region, hole.shape).places
        trace = np.dstack([np.full(hole.shape, frame, np.float32), places])
        origin = np.full(hole.shape, Origin.OWN, np.uint8)
        mover, valid = np.zeros(hole.shape, np.float32), (~hole).astype(np.float32)
        fill = self.fill(frame)
        part = None if fill is None else fill.region.within(region)
        if fill is not None and part is not None and part.width > 0 and part.height > 0:
            laid, place = part.inside(fill.region), part.inside(region)
            inside = hole[place]
            put(fill.origin[laid], inside, origin[place])
            put(fill.trace[laid], inside, trace[place])
            mover[place] = (fill.origin[laid] == Origin.MOVER) & inside
            valid[place] = np.where(inside, np.isin(fill.origin[laid], FROM_FRAMES), valid[place])
        return Seen(self.picture(frame, region), hole.astype(np.float32), mover, valid, origin, trace)
