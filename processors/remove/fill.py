"""Filling one hole of one frame: takes first, then the shot's own frames, then the edges."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..mattes import grown
from ..pictures import Picture
from ..pictures.layout import Image, Mask
from .compose import compose
from .grain import noise
from .holes import Region, ramp, region_of
from .membrane import correction, ring_of
from .shot import HoleAt, Shot

OWN, PAINTED = 100, 200
"""Origins: 1..99 a take (its place in the list plus one), OWN the shot's frames, PAINTED the hole's edges."""
_MEETS = 30 / 255


@dataclass(frozen=True)
class Fill:
    """What goes into one hole: display-referred RGB over `region`, and where each pixel came from.

    `mismatch` is the share of the band around the hole where plate and fill show different things:
    a performer cut off by the matte's edge, or a source that does not fit.
    """

    frame: int
    region: Region
    image: Image
    origin: NDArray[np.uint8]
    mismatch: float

    def shares(self, hole: Mask) -> dict[int, int]:
        """Pixels of the hole by origin."""
        values, counts = np.unique(self.origin[hole[self.region.window]], return_counts=True)
        return {int(v): int(c) for v, c in zip(values, counts, strict=True)}


def fill_hole(shot: Shot, frame: int, hole_at: HoleAt, *, blind: bool = False) -> Fill | None:
    """Fill the hole of *frame*; None where there is none.

    *hole_at* is the real matte, or, with *blind*, a probe's: then the real matte is kept out of
    every source as well, and grades that were fitted without the probes are used.
    """
    hole = hole_at(frame)
    region = region_of(hole)
    if region is None:
        return None
    unknown = hole | shot.matte(frame) if blind else hole
    window = region.window
    inside = hole[window]
    plate = shot.frames.at(frame).crop(region.x, region.y, region.x + region.width, region.y + region.height).rgb()
    image, origin = plate.copy(), np.zeros(inside.shape, np.uint8)
    left = inside.copy()
    mismatch = 0.0
    for index, take in enumerate(shot.takes):
        if not left.any():
            break
        whole = None if take.likeness.registration.still else shot.rgb(frame)
        found = take.over(frame, region, plate=whole, hole=grown(unknown, 4), blind=blind)
        if found is None:
            continue
        picture, valid = found
        picture = picture + correction(plate, picture, unknown[window], valid)
        mismatch = max(mismatch, _mismatch(plate, picture, unknown[window], valid))
        if shot.options.grain and take.grain.deficit:
            grain = noise(inside.shape, take.grain.deficit, take.grain.correlation, 1_000_003 * index + frame)
            picture = picture + grain[..., None]
        image[left & valid] = picture[left & valid]
        origin[left & valid] = index + 1
        left &= ~valid
    if left.any():
        image = paint(image, left)
        origin[left] = PAINTED
    return Fill(frame, region, image, origin, mismatch)


def paint(image: Image, hole: Mask) -> Image:
    """*hole* painted from its edges (Telea, 2004), in 8 bits: a stopgap that is always reported."""
    shown = np.asarray(np.clip(image, 0, 1) * 255 + 0.5, np.uint8)
    painted = np.asarray(cv2.inpaint(shown, hole.astype(np.uint8), 5, cv2.INPAINT_TELEA), np.float32) / 255
    return np.asarray(np.where(hole[..., None], painted, image), np.float32)


def composed(shot: Shot, fill: Fill, hole: Mask) -> Picture:
    """The plate's frame with the fill in it."""
    return compose(shot.frames.at(fill.frame), fill.image, fill.region, hole, ramp(hole, shot.options.feather))


def _mismatch(plate: Image, picture: Image, hole: Mask, valid: Mask) -> float:
    ring = ring_of(hole, gap=3, width=10) & valid
    if not ring.any():
        return 0.0
    apart = cv2.GaussianBlur(np.abs(plate - picture).max(axis=-1), (0, 0), 2)
    return float((apart[ring] > _MEETS).mean())
