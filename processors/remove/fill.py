"""A fill: what goes into one hole of one frame, where each pixel came from, and laying it into the plate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from ..pictures import Picture
from ..pictures.layout import Image, Mask
from .compose import compose
from .holes import Region, region_of
from .shot import Shot


class Origin(IntEnum):
    """Where a filled pixel came from; 1..99 is a take, by its place in the list plus one."""

    OWN = 100
    """What stands still, from the shot's own other frames."""
    MOVER = 110
    """Something that moves behind the matte, from the shot's own other frames."""
    PAINTED_FRAME = 120
    """Frames that an artist painted: 120..149, by their place in the list."""
    NETWORK = 150
    """A studio's own network."""
    TRAINED = 160
    """A small network trained on this show's frames."""
    PAINTED = 200
    """Never seen anywhere: painted from what stands around it."""


UNSEEN = (Origin.NETWORK, Origin.TRAINED, Origin.PAINTED)
"""What no source gave."""

RIM = 8
"""Pixels around the hole that a fill covers too."""


@dataclass(frozen=True)
class Fill:
    """What goes into one hole: display-referred RGB over `region`, and where each pixel came from.

    `mismatch` is the share of the band around the hole where plate and fill show different things:
    a performer cut off by the matte's edge, or a source that does not fit. `trace` (h, w, 3) holds for
    each filled pixel the source's frame (from 0) and the x and y it was taken from, in the source's own
    pixels; where several frames were averaged, the one that weighed most; NaN where no frame was the source.
    `performer` is the take, by its place plus one, from which somebody who moves stands in the hole; 0 for nobody.
    `torn` (0..1) is how likely somebody who moves behind the matte is cut off or wrong; `doubt` the mean squared
    difference (0..1, over the hole) between how he was laid and what the frames around show of him.
    """

    frame: int
    region: Region
    image: Image
    origin: NDArray[np.uint8]
    trace: NDArray[np.float32]
    mismatch: float
    performer: int = 0
    torn: float = 0.0
    doubt: float = 0.0

    def shares(self, hole: Mask) -> dict[int, int]:
        """Pixels of the hole by origin."""
        values, counts = np.unique(self.origin[hole[self.region.window]], return_counts=True)
        return {int(v): int(c) for v, c in zip(values, counts, strict=True)}


def around(fill: Fill, hole: Mask) -> Fill:
    """The part of *fill* around its *hole* (whole frame; not empty): a fill's own region serves a run of frames."""
    region = region_of(hole)
    assert region is not None
    region = region.within(fill.region)
    place = region.inside(fill.region)
    return replace(fill, region=region, image=fill.image[place], origin=fill.origin[place], trace=fill.trace[place])


def unseen_share(origins: Mapping[int, int]) -> float:
    """Share (0..1) of a hole's pixels that no source gave: edges or a network filled them."""
    return sum(origins.get(origin, 0) for origin in UNSEEN) / max(sum(origins.values()), 1)


def paint(image: Image, hole: Mask) -> Image:
    """*hole* painted from its edges (Telea, 2004), in 8 bits: a stopgap that is always reported."""
    shown = np.asarray(np.clip(image, 0, 1) * 255 + 0.5, np.uint8)
    painted = np.asarray(cv2.inpaint(shown, hole.astype(np.uint8), 5, cv2.INPAINT_TELEA), np.float32) / 255
    return np.asarray(np.where(hole[..., None], painted, image), np.float32)


def composed(shot: Shot, fill: Fill, hole: Mask, *, feather: bool = True) -> Picture:
    """The plate's frame with the fill in it."""
    strength = shot.strength(fill.frame) if feather else hole.astype(np.float32)
    return compose(shot.frames.at(fill.frame), fill.image, fill.region, hole, strength)
