"""Filling one hole of one frame: takes first, then the shot's own frames, then the edges."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from ..mattes import grown
from ..pictures import Picture
from ..pictures.layout import Image, Mask
from .compose import compose
from .grain import Grain, measure, noise
from .holes import Region, ramp, region_of
from .membrane import correction, largest_channel, ring_of
from .own import fill_from_frames, layer_frames, source_frames
from .shot import HoleAt, Shot

OWN, PAINTED = 100, 200
"""Origins: 1..99 a take (its place in the list plus one), OWN the shot's frames, PAINTED the hole's edges."""
_MEETS = 30 / 255


@dataclass(frozen=True)
class Fill:
    """What goes into one hole: display-referred RGB over `region`, and where each pixel came from.

    `mismatch` is the share of the band around the hole where plate and fill show different things:
    a performer cut off by the matte's edge, or a source that does not fit. `grain` compares the two
    in that band, for pixels from the shot's own frames.
    """

    frame: int
    region: Region
    image: Image
    origin: NDArray[np.uint8]
    mismatch: float
    grain: Grain = field(default_factory=Grain)

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
    region = region_of(hole) if blind or not hole.any() else shot.steady_region(frame)
    if region is None:
        return None
    unknown = hole | shot.matte(frame) if blind else hole
    window = region.window
    inside = hole[window]
    plate = shot.frames.at(frame).crop(region.x, region.y, region.x + region.width, region.y + region.height).rgb()
    image, origin = plate.copy(), np.zeros(inside.shape, np.uint8)
    # A little more than the hole, for the chroma samples that the hole's edge cuts.
    left = grown(inside, 4)
    mismatch, own_grain = 0.0, Grain()
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
    if left.any() and shot.options.use_own_frames:
        whole_left = np.zeros_like(hole)
        whole_left[window] = left
        own = _from_own_frames(shot, frame, whole_left, unknown, hole_at if blind else shot.matte, within=region)
        if own is not None:
            rows = slice(own.region.y - region.y, own.region.y - region.y + own.region.height)
            columns = slice(own.region.x - region.x, own.region.x - region.x + own.region.width)
            known = left[rows, columns] & (own.origin == OWN)
            image[rows, columns][known] = own.image[known]
            origin[rows, columns][known] = OWN
            left[rows, columns] &= ~known
            mismatch, own_grain = max(mismatch, own.mismatch), own.grain
    left &= inside
    if left.any():
        image = paint(image, left)
        origin[left] = PAINTED
    origin[~inside] = 0
    return Fill(frame, region, image, origin, mismatch, own_grain)


def _from_own_frames(
    shot: Shot, frame: int, left: Mask, unknown: Mask, hole_at: HoleAt, *, within: Region
) -> Fill | None:
    """What is left of the hole, from the plate's other frames, over a region around just that."""
    around = region_of(left)
    assert around is not None
    region = around.within(within)
    still = shot.camera.still(frame)
    numbers = source_frames(frame, shot.span(frame), still=still)
    layers = layer_frames(shot.camera, _Looked(shot, hole_at), frame, region, unknown, numbers)
    if layers is None:
        return None
    bounds = (region.x, region.y, region.x + region.width, region.y + region.height)
    plate, hidden = shot.frames.at(frame).crop(*bounds).rgb(), unknown[region.window]
    picture, known, _ = fill_from_frames(layers, frame)
    grain = measure(plate, picture, known & ~grown(hidden, 3))
    return Fill(frame, region, picture, known * np.uint8(OWN), _mismatch(plate, picture, hidden, known), grain)


class _Looked:
    """The shot as `own` looks at it."""

    def __init__(self, shot: Shot, hole_at: HoleAt) -> None:
        self._shot, self._hole_at = shot, hole_at

    def luma(self, frame: int) -> NDArray[np.uint8]:
        return self._shot.luma(frame)

    def rgb(self, frame: int) -> Image:
        return self._shot.rgb(frame)

    def blocked(self, frame: int) -> Mask:
        return self._shot.matte(frame) | self._hole_at(frame)


def paint(image: Image, hole: Mask) -> Image:
    """*hole* painted from its edges (Telea, 2004), in 8 bits: a stopgap that is always reported."""
    shown = np.asarray(np.clip(image, 0, 1) * 255 + 0.5, np.uint8)
    painted = np.asarray(cv2.inpaint(shown, hole.astype(np.uint8), 5, cv2.INPAINT_TELEA), np.float32) / 255
    return np.asarray(np.where(hole[..., None], painted, image), np.float32)


def composed(shot: Shot, fill: Fill, hole: Mask, own_grain: Grain, *, feather: bool = True) -> Picture:
    """The plate's frame with the fill in it; what came from the shot's own frames gets the grain it lacks."""
    image = fill.image
    own = fill.origin == OWN
    if shot.options.grain and own_grain.deficit and own.any():
        grain = noise(own.shape, own_grain.deficit, own_grain.correlation, fill.frame)
        image = image + (grain * own)[..., None]
    strength = ramp(hole, shot.options.feather if feather else 0)
    return compose(shot.frames.at(fill.frame), image, fill.region, hole, strength)


def _mismatch(plate: Image, picture: Image, hole: Mask, valid: Mask) -> float:
    ring = ring_of(hole, gap=3, width=10) & valid
    if not ring.any():
        return 0.0
    apart = cv2.GaussianBlur(largest_channel(np.abs(plate - picture)), (0, 0), 2)
    return float((apart[ring] > _MEETS).mean())
