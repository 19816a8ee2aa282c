"""Fills looked at again among the fills around them, and so the movers behind the matte made coherent over time.

Each frame's movers are chosen on their own, so an arm may be there in one frame and gone in the next. But the fills
together are a moving picture, wrong here and there, whose motion can be measured where that of the plate cannot.
Along it each pixel behind the matte is followed both ways until a frame shows it; what it finds there, what the fills
of the frames beside show on the way, and what they show where nothing moves but the camera, are witnesses beside its
own fill, and what most of them agree on stands. Then the motion is measured again: where the pops are gone, it is
found better. An expectation-maximisation, if one likes, over what is shown and how it moves; in its turn from flow to
fill and back it is akin to Xu et al., "Deep Flow-Guided Video Inpainting" (CVPR 2019), without the network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from shutil import rmtree

import cv2
import numpy as np
from numpy.typing import NDArray

from ...flow import sampled, within
from ...mattes import grown
from ...pictures.layout import Mask
from ...threads import in_order
from ..fill import Fill, Origin, around
from ..holes import Region, reached, region_of
from ..shot import Shot
from ..store import load_fill, store_fill
from .laid import laid, near_somebody
from .motion import Motion, Stop
from .raster import Field, Raster
from .seen import Filled, Load, Look
from .witness import Witness, heard

_SWEEPS = 3
"""How many times: the motion is found better where the pops are gone."""
_BESIDE = 2
"""Frames on each side whose fills are witnesses."""
_STRAYED = 2.0
"""Pixels by which a path may have strayed, at which its word counts e times less."""
_RESTING = 0.25
"""What the word of a fill beside counts where it is looked at as if nothing moved but the camera."""
_GOES = 0.4
"""Pixels a frame beyond the camera's motion from which on somebody moves."""
_EDGE = 2
"""Pixels beside a matte in which its thing may still be seen: nothing is taken from there."""
_BORDER = 8
"""Pixels around a hole over which witnesses are heard."""


def coherent(
    shot: Shot, load: Load, frames: Sequence[int], work: Path, done: Callable[[float], None] = lambda _share: None
) -> Load:
    """The fills of *frames* as *load* gives them in order, their movers made coherent.

    Fills are kept in *work* from one sweep to the next: a sweep looks far ahead, and memory must not grow with that.
    *done* is told which share (0..1) of the work is done.
    """
    folders = [work / f"sweep-{number}" for number in range(_SWEEPS + 1)]
    count = max(1, len(frames) * len(folders))
    raster = Raster.of(shot, frames)

    def given(frame: int) -> Fill | None:
        fill = load(frame)
        return None if fill is None else around(fill, shot.matte(frame))

    made: Iterable[Fill | None] = map(given, frames)
    for turn, folder in enumerate(folders):
        for place, fill in enumerate(made, 1):
            if fill is not None:
                store_fill(folder, fill)
            done((turn * len(frames) + place) / count)
        if turn:
            rmtree(folders[turn - 1], ignore_errors=True)
        made = in_order(_Sweep(raster, partial(load_fill, folder)).at, frames, shot.abreast)
    return partial(load_fill, folders[-1])


class _Sweep:
    """One turn over the fills that *load* gives; from any thread."""

    def __init__(self, raster: Raster, load: Load) -> None:
        kept = 2 * (_BESIDE + raster.shot.abreast) + 2
        self._raster, self._whole = raster, Filled(Raster(raster.shot, 1), load, kept)
        self._filled = Filled(raster, partial(_reduced, raster, self._whole), kept)
        self._motion = Motion(raster, self._filled.picture)

    def at(self, frame: int) -> Fill | None:
        """The fill of *frame*; what no mover comes near stays as it is."""
        fill, reduced = self._whole.fill(frame), self._filled.fill(frame)
        wide = region_of(self._raster.matte(frame), margin=_BORDER) if self._somebody(frame) else None
        if fill is None or reduced is None or wide is None:
            return fill
        box = wide.within(reduced.region)
        _, inside, mover = self._filled.marks(frame, box)
        own = Witness(self._filled.picture(frame, box), np.ones_like(mover), mover)
        walks = [self._walk(frame, step, box, inside > 0) for step in (1, -1)]
        beside = [self._beside(stop, own, frame, box) for stops, _ in walks for stop in stops[:_BESIDE]]
        ends = [self._end(stops, due, own, frame, box) for stops, due in walks]
        found = [own, *beside, *ends, *self._resting(own, frame, box)]
        movers = np.asarray(np.stack([one.mover for one in found]) * inside, np.float32)
        verdict = heard(found)
        near = near_somebody(movers, verdict, len(beside))
        doubt = float((verdict.apart * near * inside).sum() / inside.sum())
        return replace(laid(fill, found, verdict, near, box, self._raster, self._whole), doubt=doubt)

    def _somebody(self, frame: int) -> bool:
        """Whether the fill, or one beside it, shows somebody."""
        first, last = self._raster.shot.span(frame)
        fills = (self._filled.fill(n) for n in range(max(first, frame - _BESIDE), min(last, frame + _BESIDE) + 1))
        return any(fill is not None and bool((fill.origin == Origin.MOVER).any()) for fill in fills)

    def _walk(self, frame: int, step: int, box: Region, hole: Mask) -> tuple[list[Stop], NDArray[np.int32]]:
        """The stops in direction *step*, and at which of them (from 1) each pixel of the *hole* is seen first; 0 at
        none."""
        stops, due = list[Stop](), np.zeros(hole.shape, np.int32)
        for stop in self._motion.walk(frame, step, box):
            stops.append(stop)
            due[hole & (due == 0) & stop.known & self._free(stop)] = len(stops)
            if len(stops) >= _BESIDE and not (hole & (due == 0) & stop.known).any():
                break
        return stops, due

    def _free(self, stop: Stop) -> Mask:
        """Where the plate itself shows what lies at a stop."""
        height, width = self._raster.size
        inside = within(stop.at, width, height)
        part = reached(stop.at, inside, width, height)
        if part is None:
            return inside
        margin = grown(self._raster.unusable(stop.frame, part), _EDGE).astype(np.uint8) * 255
        return np.asarray(inside & (sampled(margin, part.own(stop.at), cv2.INTER_LINEAR) < 8))

    def _beside(self, stop: Stop, own: Witness, frame: int, box: Region) -> Witness:
        """What the filled picture beside shows where the frame's pixels have gone."""
        word = np.exp(-stop.strayed / _STRAYED) * stop.known
        return self._shown(stop.frame, stop.at, box, own, word, self._moving(stop, frame, box))

    def _resting(self, own: Witness, frame: int, box: Region) -> Iterator[Witness]:
        """What the filled pictures beside show if nothing moves but the camera."""
        first, last = self._raster.shot.span(frame)
        for number in range(max(first, frame - _BESIDE), min(last, frame + _BESIDE) + 1):
            rest = None if number == frame else self._rest(number, frame, box)
            if rest is not None:
                nobody = np.zeros_like(own.word)
                yield self._shown(number, rest, box, own, np.full_like(own.word, _RESTING), nobody)

    def _shown(self, number: int, at: Field, box: Region, own: Witness, word: Field, moving: Field) -> Witness:
        """What the filled picture of frame *number* shows *at* places; beside its matte *moving* tells who moves."""
        height, width = self._raster.size
        inside = within(at, width, height)
        part = reached(at, inside, width, height)
        if part is None:
            return replace(own, word=np.zeros_like(word))
        marks = sampled(cv2.merge(self._filled.marks(number, part)), part.own(at), cv2.INTER_LINEAR)
        valid, filled, mover = cv2.split(marks)
        look = Look(number, box, at, inside & (valid > 0.99))
        image = own.image.copy()
        self._filled.lay_picture(look, image, box)
        shows = np.asarray((mover * filled + moving * (1 - filled)) * look.here, np.float32)
        return Witness(image, np.asarray(word * look.here, np.float32), shows, [look])

    def _end(self, stops: list[Stop], due: NDArray[np.int32], own: Witness, frame: int, box: Region) -> Witness:
        """What the plate shows where each pixel is seen first."""
        image, looks = own.image.copy(), list[Look]()
        word, mover = np.zeros_like(own.word), np.zeros_like(own.word)
        for place in np.unique(due[due > 0]):
            stop, here = stops[place - 1], due == place
            moves = self._moving(stop, frame, box)
            look = Look(stop.frame, box, stop.at, here, moves > 0).where(here, box)
            if look is not None:
                looks.append(look)
                self._filled.lay_picture(look, image, box)
                word[here] = np.exp(-stop.strayed[here] / _STRAYED)
                mover[here] = moves[here]
        return Witness(image, word, mover, looks)

    def _moving(self, stop: Stop, frame: int, box: Region) -> Field:
        """(h, w) 1 for what has gone another way than the camera until a stop."""
        rest = self._rest(stop.frame, frame, box)
        if rest is None:
            return np.zeros(stop.known.shape, np.float32)
        gone = cv2.magnitude(*cv2.split(stop.at - rest)) / abs(stop.frame - frame)
        return np.asarray(gone > _GOES, np.float32)

    def _rest(self, number: int, frame: int, box: Region) -> Field | None:
        """Where the pixels of a *box* of *frame* lie in *number* if nothing moves but the camera."""
        camera = self._raster.onto(number, frame)
        return None if camera is None else np.asarray(cv2.perspectiveTransform(box.places, np.linalg.inv(camera)))


def _reduced(raster: Raster, whole: Filled, frame: int) -> Fill | None:
    """No method of a sweep: one that is over must not keep itself and its fills alive."""
    fill = whole.fill(frame)
    return None if fill is None else raster.reduced(fill)
