"""Filling one hole of one frame: takes first, then the shot's own frames, then the edges."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from ..mattes import grown
from ..pictures import Picture
from ..pictures.layout import Image, Mask
from .compose import compose
from .grain import Grain, measure, noise
from .holes import Region, ramp, region_of
from .shot import HoleAt, Shot
from .sources.membrane import correction, largest_channel, ring_of
from .sources.own import fill_from_frames, layer_frames, source_frames


class Origin(IntEnum):
    """Where a filled pixel came from; 1..99 is a take, by its place in the list plus one."""

    OWN = 100
    """What stands still, from the shot's own other frames."""
    MOVER = 110
    """Something that moves behind the matte, from the shot's own other frames."""
    NETWORK = 150
    """A studio's own network."""
    TRAINED = 160
    """A small network trained on this show's frames."""
    PAINTED = 200
    """Never seen anywhere: painted from the hole's edges."""


_MEETS = 30 / 255


@dataclass(frozen=True)
class Fill:
    """What goes into one hole: display-referred RGB over `region`, and where each pixel came from.

    `mismatch` is the share of the band around the hole where plate and fill show different things:
    a performer cut off by the matte's edge, or a source that does not fit. `grain` compares the two
    in that band, for pixels from the shot's own frames. `trace` (h, w, 3) holds for each filled pixel
    the source's frame (from 0) and the x and y it was taken from, in the source's own pixels; where
    several frames were averaged, the one that weighed most; NaN where no frame was the source.
    `torn` (0..1) is how likely somebody who moves behind the matte is cut off or wrong.
    """

    frame: int
    region: Region
    image: Image
    origin: NDArray[np.uint8]
    trace: NDArray[np.float32]
    mismatch: float
    grain: Grain = field(default_factory=Grain)
    torn: float = 0.0

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
    filling = _Filling(shot, frame, region, hole, blind=blind)
    filling.from_takes()
    if filling.left.any() and shot.options.use_own_frames:
        filling.from_own_frames(hole_at)
    if shot.options.use_own_frames:
        filling.movers(hole_at)
    return filling.done()


class _Filling:
    """One hole while it is being filled: `left` is what still lacks a source, over the region."""

    def __init__(self, shot: Shot, frame: int, region: Region, hole: Mask, *, blind: bool) -> None:
        self.shot, self.frame, self.region, self.blind = shot, frame, region, blind
        self.unknown = hole | shot.matte(frame) if blind else hole
        self.inside = hole[region.window]
        self.plate = _crop(shot, frame, region)
        self.image = self.plate.copy()
        # What stands still, around the hole too; the plate itself where other frames do not say.
        self.ground = self.plate.copy()
        self.origin = np.zeros(self.inside.shape, np.uint8)
        self.trace = np.full((*self.inside.shape, 3), np.nan, np.float32)
        # A little more than the hole, for the chroma samples that the hole's edge cuts.
        self.left = grown(self.inside, 4)
        self.mismatch, self.grain, self.torn = 0.0, Grain(), 0.0

    def from_takes(self) -> None:
        """Every take in turn, as long as something is left."""
        hidden = self.unknown[self.region.window]
        for index, take in enumerate(self.shot.takes):
            if not self.left.any():
                return
            whole = None if take.likeness.registration.still else self.shot.rgb(self.frame)
            found = take.over(self.frame, self.region, plate=whole, hole=grown(self.unknown, 4), blind=self.blind)
            if found is None:
                continue
            picture, valid = found
            picture = picture + correction(self.plate, picture, hidden, valid)
            self.mismatch = max(self.mismatch, _mismatch(self.plate, picture, hidden, valid))
            if self.shot.options.grain and take.grain.deficit:
                seed = 1_000_003 * index + self.frame
                picture = picture + noise(hidden.shape, take.grain.deficit, take.grain.correlation, seed)[..., None]
            self._take(picture, valid, index + 1)

    def from_own_frames(self, hole_at: HoleAt) -> None:
        """What is left, from the plate's other frames, over a region around just that."""
        shot, frame = self.shot, self.frame
        whole = np.zeros_like(self.unknown)
        whole[self.region.window] = self.left
        around = region_of(whole)
        assert around is not None
        region = around.within(self.region)
        numbers = source_frames(frame, shot.span(frame), still=shot.camera.still(frame))
        layers = layer_frames(shot.camera, _Looked(shot, hole_at), frame, region, self.unknown, numbers)
        if layers is None:
            return
        plate, hidden = _crop(shot, frame, region), self.unknown[region.window]
        picture, known, _ = fill_from_frames(layers, frame)
        self.grain = measure(plate, picture, known & ~grown(hidden, 3))
        self.mismatch = max(self.mismatch, _mismatch(plate, picture, hidden, known))
        top, left = region.y - self.region.y, region.x - self.region.x
        place = (slice(top, top + region.height), slice(left, left + region.width))
        wide, where = self.image.copy(), np.zeros_like(self.left)
        wide[place], where[place] = picture, known
        self.ground[where] = wide[where]
        self._take(wide, where, Origin.OWN)

    def movers(self, hole_at: HoleAt) -> None:
        """Paint what nothing showed, and lay over it what moves behind the matte, where no take has it."""
        missing = self.inside & ((self.origin == 0) | (self.origin == Origin.OWN))
        if not missing.any():
            return
        movers = self.shot.movers_around(self.frame, self.region, hole_at, blind=self.blind)
        # What is painted must not be smeared out of a performer who stands beside the hole.
        self._paint(movers.seen(self.frame, self.region) & ~self.inside)
        self.ground[self.inside] = self.image[self.inside]
        layer = movers.behind(self.frame, self.region, self.plate, self.ground, missing)
        if layer is None:
            return
        alpha = layer.alpha[..., None]
        self.image = np.asarray(self.image * (1 - alpha) + layer.image * alpha, np.float32)
        spots = layer.alpha > 0.5
        self.origin[spots] = Origin.MOVER
        self.trace[spots] = layer.trace[spots]
        self.torn = layer.torn

    def done(self) -> Fill:
        """Paint what nothing showed, and hand over."""
        self._paint(np.zeros_like(self.inside))
        self.origin[~self.inside] = 0
        return Fill(
            self.frame, self.region, self.image, self.origin, self.trace, self.mismatch, self.grain, self.torn
        )  # fmt: skip

    def _paint(self, avoid: Mask) -> None:
        rest = self.left & self.inside
        if rest.any():
            self.image[rest] = paint(self.image, rest | avoid)[rest]
            self.origin[rest] = Origin.PAINTED
            self.left &= ~rest

    def _take(self, picture: Image, valid: Mask, origin: int) -> None:
        spots = self.left & valid
        self.image[spots] = picture[spots]
        self.origin[spots] = origin
        self.left &= ~valid


def _crop(shot: Shot, frame: int, region: Region) -> Image:
    right, bottom = region.x + region.width, region.y + region.height
    return shot.frames.at(frame).crop(region.x, region.y, right, bottom).rgb()


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
    own = fill.origin == Origin.OWN
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
