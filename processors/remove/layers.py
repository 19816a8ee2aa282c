"""Filling one hole in layers: painted frames, takes, the shot's own frames, movers over them, paint for the rest."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ..mattes import grown
from ..pictures.layout import Image, Mask
from ..pictures.mix import for_rgb, put
from ..register import Matrix
from .fill import RIM, Fill, Origin, paint
from .holes import Region, region_of
from .movers.complete import Movers
from .movers.scene import Scene
from .shot import HoleAt, Shot
from .sources.lay import shut
from .sources.membrane import correction, largest_channel, ring_of
from .sources.own import restore, source_frames
from .sources.painted import paint_over
from .sources.takes import AlignedTake, Laid
from .unseen.fill import Hole

_MEETS = 30 / 255
_FITS = 0.025
"""Misfit up to which a take is used at once; beyond it the shot's own frames are asked as well."""
_STRANGE = 0.08
"""Misfit from which a take shows something else there and is not used."""
_CAP = 0.12
_FEWEST = 60
_SOMEBODY = 0.01
"""Share of a hole below which nobody can be made out in it."""
_AROUND = 20
"""Pixels around a hole that are filled too, to be compared with the plate."""


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
    if not blind:
        filling.from_painted_frames(hole_at)
    filling.from_takes(hole_at)
    if filling.left.any() and shot.options.use_own_frames:
        filling.from_own_frames(hole_at)
    if shot.options.use_own_frames:
        filling.movers(hole_at)
    return filling.done()


@dataclass(frozen=True)
class _Offer:
    """A take's picture over the region, and its RMS difference from the plate in the band around the hole."""

    index: int
    laid: Laid
    misfit: float


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
        # A little more than the hole: for the chroma samples that its edge cuts, and to see on a rim
        # of known picture how well the fill meets it.
        self.left = grown(self.inside, RIM)
        self.mismatch, self.performer, self.torn = 0.0, 0, 0.0
        self.own_misfit = float("inf")
        self.painted = False
        self._around: Movers | None = None

    def from_painted_frames(self, hole_at: HoleAt) -> None:
        """What an artist painted, before everything else."""
        shot = self.shot
        if not shot.paintings:
            return
        told = paint_over(
            shot.camera, Looked(shot, hole_at, blind=self.blind), shot.paintings, self.frame, shot.span(self.frame),
            region=self.region, unknown=self.unknown,
        )  # fmt: skip
        for one in told:
            moment = np.full((*one.valid.shape, 1), shot.paintings[one.index].frame, np.float32)
            trace = np.concatenate([moment, one.at], axis=-1)
            self._take(one.image, one.valid, Origin.PAINTED_FRAME + one.index, trace)

    def from_takes(self, hole_at: HoleAt) -> None:
        """Every take in turn, as long as something is left; where none fits around the hole, by how well they fit."""
        poor: list[_Offer] = []
        for index, take in enumerate(self.shot.takes):
            offer = self._offer(index, take) if self.left.any() else None
            if offer is not None and offer.misfit <= _FITS:
                self._lay(offer)
            elif offer is not None and offer.misfit < _STRANGE:
                poor.append(offer)
        poor.sort(key=lambda offer: offer.misfit)
        if poor and self.left.any() and self.shot.options.use_own_frames:
            self._own_if_better(hole_at, poor[0].misfit)
        for offer in poor:
            if self.left.any():
                self._lay(offer)

    def _offer(self, index: int, take: AlignedTake) -> _Offer | None:
        """What a take would give, its light made to meet the plate, and how well it fits around the hole."""
        hidden = self.unknown[self.region.window]
        whole = None if take.likeness.registration.still else self.shot.rgb(self.frame)
        laid = take.over(self.frame, self.region, plate=whole, hole=grown(self.unknown, 4), blind=self.blind)
        if laid is None or not (laid.valid & self.left).any():
            return None
        picture = laid.image + correction(self.plate, laid.image, hidden, laid.valid)
        return _Offer(index, replace(laid, image=picture), _misfit(self.plate, picture, hidden, laid.valid))

    def _lay(self, offer: _Offer) -> None:
        take, laid, hidden = self.shot.takes[offer.index], offer.laid, self.unknown[self.region.window]
        self.mismatch = max(self.mismatch, _mismatch(self.plate, laid.image, hidden, laid.valid))
        if laid.moving is not None and not take.background_only:
            moving = laid.moving & laid.valid & self.left & self.inside
            if moving.sum() > _SOMEBODY * max(self.inside.sum(), 1):
                self.performer = offer.index + 1
        self._take(laid.image, laid.valid, offer.index + 1, laid.trace)

    def _own_if_better(self, hole_at: HoleAt, than: float) -> None:
        """Lay the shot's own frames, and take them back where they fit no better than the best take."""
        image, origin, left, trace = self.image.copy(), self.origin.copy(), self.left.copy(), self.trace.copy()
        mismatch = self.mismatch
        self.from_own_frames(hole_at)
        if self.own_misfit >= than:
            self.image, self.origin, self.left, self.trace = image, origin, left, trace
            self.mismatch = mismatch

    def from_own_frames(self, hole_at: HoleAt) -> None:
        """What is left, from the plate's other frames, over a region around just that."""
        shot, frame = self.shot, self.frame
        whole = np.zeros_like(self.unknown)
        whole[self.region.window] = self.left
        around = region_of(whole)
        assert around is not None
        region = around.within(self.region)
        numbers = source_frames(frame, shot.span(frame), still=shot.camera.still(frame))
        window = region_of(whole, margin=_AROUND)
        assert window is not None
        # Slivers beside what a take shows are not worth a look at what moves.
        scene = self._moving(hole_at).scene if self._lacking(self.left).sum() > self._somebody else None
        looked = Looked(shot, hole_at, blind=self.blind, scene=scene)
        like = region_of(shot.matte(frame)) if self.blind else None
        found = restore(shot.camera, looked, frame, region, self.unknown, window, numbers, like)
        if found is None:
            return
        plate, hidden = _crop(shot, frame, window), self.unknown[window.window]
        self.mismatch = max(self.mismatch, _mismatch(plate, found.image, hidden, found.known))
        self.own_misfit = _misfit(plate, found.image, hidden, found.known)
        place = window.inside(self.region)
        wide, where = self.image.copy(), np.zeros_like(self.left)
        wide[place], where[place] = found.image, found.known
        put(wide, where, self.ground)
        trace = np.full_like(self.trace, np.nan)
        trace[place] = found.trace
        self._take(wide, where, Origin.OWN, trace)

    def movers(self, hole_at: HoleAt) -> None:
        """Paint what nothing showed, and lay over it what moves behind the matte, where no take has it."""
        missing = self._lacking((self.origin == 0) | (self.origin == Origin.OWN))
        if missing.sum() <= self._somebody:
            return  # slivers beside what a take shows: too little for anybody to be seen in
        movers = self._moving(hole_at)
        # What is painted must not be smeared out of a performer who stands beside the hole.
        self._paint(movers.seen(self.frame, self.region) & ~self.inside)
        put(self.image, self.inside, self.ground)
        layer = movers.behind(self.frame, self.region, self.plate, self.ground, missing)
        if layer is None:
            return
        alpha = for_rgb(layer.alpha)
        self.image = np.asarray(self.image * (1 - alpha) + layer.image * alpha, np.float32)
        spots = layer.alpha > 0.5
        self.origin[spots] = Origin.MOVER
        put(layer.trace, spots, self.trace)
        self.torn = layer.torn

    @property
    def _somebody(self) -> float:
        """Pixels of the hole below which nobody can be made out in it."""
        return _SOMEBODY * float(self.inside.sum())

    def _lacking(self, where: Mask) -> Mask:
        return np.asarray(self.inside & where)

    def _moving(self, hole_at: HoleAt) -> Movers:
        if self._around is None:
            self._around = self.shot.movers_around(self.frame, self.region, hole_at, blind=self.blind)
        return self._around

    def done(self) -> Fill:
        """Paint what nothing showed, and hand over."""
        self._paint(np.zeros_like(self.inside))
        self.origin[~self.inside] = 0
        return Fill(
            self.frame, self.region, self.image, self.origin, self.trace, self.mismatch, self.performer, self.torn
        )

    def _paint(self, avoid: Mask) -> None:
        rest = self.left & self.inside
        if self.painted:
            return
        self.painted = True
        if self.shot.unseen is not None:
            hole = Hole(self.frame, self.region, self.image, rest, avoid)
            self.image = self.shot.unseen.paint(hole, blind=self.blind)
            if rest.any():
                self.origin[rest] = self.shot.unseen.painter.origin
        elif rest.any():
            self.image[rest] = paint(self.image, rest | avoid)[rest]
            self.origin[rest] = Origin.PAINTED
        self.left &= ~rest

    def _take(self, picture: Image, valid: Mask, origin: int, trace: NDArray[np.float32] | None = None) -> None:
        spots = self.left & valid
        put(picture, spots, self.image)
        self.origin[spots] = origin
        if trace is not None:
            put(trace, spots, self.trace)
        self.left &= ~valid


def _crop(shot: Shot, frame: int, region: Region) -> Image:
    right, bottom = region.x + region.width, region.y + region.height
    return shot.frames.at(frame).crop(region.x, region.y, right, bottom).rgb()


class Looked:
    """The shot as the layers look at it, with a hole that may be a probe's."""

    def __init__(self, shot: Shot, hole_at: HoleAt, *, blind: bool, scene: Scene | None = None) -> None:
        self._shot, self._hole_at, self._blind, self._scene = shot, hole_at, blind, scene
        self.reduced, self.grey = shot.reduced, shot.grey

    def crop(self, frame: int, region: Region) -> Image:
        """Display-referred RGB of a part of a frame."""
        return _crop(self._shot, frame, region)

    def blocked(self, frame: int, region: Region | None = None) -> Mask:
        """The matte, and in a self-test the probe too; over the whole frame or a region."""
        standing = self._shot.standing(frame, region)
        if not self._blind:
            return standing
        hole = self._hole_at(frame)
        return standing | (hole if region is None else hole[region.window])

    def shut(self, frame: int, divisor: int) -> Mask:
        """The same with a margin, at a part of its size."""
        return shut(self.blocked(frame), divisor) if self._blind else self._shot.shut(frame, divisor)

    def vouched(self, frame: int) -> bool:
        """Whether a matte tells where the thing stands; in a self-test there is nothing to be mistaken for."""
        return self._blind or self._shot.vouched(frame)

    def moving(self, frame: int) -> tuple[NDArray[np.float32], Matrix] | None:
        """How surely something moves, as far as that was looked at, and the way of those pixels to the frame's."""
        scene = self._scene
        if scene is None or not scene.holds(frame):
            return None
        back = np.array([[1 / scene.factor, 0, scene.wide.x], [0, 1 / scene.factor, scene.wide.y], [0, 0, 1]])
        return scene.alpha(frame), back


def _misfit(plate: Image, picture: Image, hole: Mask, valid: Mask) -> float:
    """RMS difference (0..1) of the low-passed pictures in the band around the hole; large without one."""
    ring = ring_of(hole, gap=3, width=10) & valid
    if ring.sum() < _FEWEST:
        return _STRANGE / 2
    known = (valid & ~hole).astype(np.float32)  # what stands in the hole must not be blurred into the ring
    share = np.maximum(cv2.GaussianBlur(known, (0, 0), 2), 0.1)[..., None]
    apart = np.abs(cv2.GaussianBlur((plate - picture) * known[..., None], (0, 0), 2) / share)[ring]
    return float(np.sqrt((np.minimum(apart, _CAP) ** 2).mean()))


def _mismatch(plate: Image, picture: Image, hole: Mask, valid: Mask) -> float:
    ring = ring_of(hole, gap=3, width=10) & valid
    if not ring.any():
        return 0.0
    apart = cv2.GaussianBlur(largest_channel(np.abs(plate - picture)), (0, 0), 2)
    return float((apart[ring] > _MEETS).mean())
