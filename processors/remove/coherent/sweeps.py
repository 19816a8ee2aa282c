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
from ...pictures.mix import for_rgb, put
from ...threads import in_order
from ..fill import Fill, Origin
from ..holes import Region, reached, region_of
from ..shot import Shot
from ..store import load_fill, store_fill
from .motion import Motion, Stop
from .raster import Field, Raster
from .seen import FROM_FRAMES, Filled, Load
from .witness import Verdict, Witness, heard

_SWEEPS = 3
"""How many times: the motion is found better where the pops are gone."""
_BESIDE = 2
"""Frames on each side whose fills are witnesses."""
_STRAYED = 2.0
"""Pixels of the raster by which a path may have strayed, at which its word counts e times less."""
_RESTING = 0.25
"""What the word of a fill beside counts where it is looked at as if nothing moved but the camera."""
_GOES = 0.4
"""Pixels of the raster a frame beyond the camera's motion from which on somebody moves."""
_SEAM = 5
"""Pixels over which what is taken meets what stays."""
_EDGE = 2
"""Pixels beside a matte in which its thing may still be seen: nothing is taken from there."""
_FAST, _AS_MUCH = 40, 0.5
"""Pixels within which somebody who goes fast is looked for in the frames beside, and how much of him is to be there."""
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
    made: Iterable[Fill | None] = map(load, frames)
    for turn, folder in enumerate(folders):
        for place, fill in enumerate(made, 1):
            if fill is not None:
                store_fill(folder, fill)
            done((turn * len(frames) + place) / count)
        if turn:
            rmtree(folders[turn - 1], ignore_errors=True)
        made = in_order(_Sweep(shot, partial(load_fill, folder)).at, frames, shot.abreast)
    return partial(load_fill, folders[-1])


class _Sweep:
    """One turn over the fills that *load* gives; from any thread."""

    def __init__(self, shot: Shot, load: Load) -> None:
        self._shot, self._filled = shot, Filled(shot, load, 2 * (_BESIDE + shot.abreast) + 2)
        self._motion = Motion(shot, self._filled.picture)

    def at(self, frame: int) -> Fill | None:
        """The fill of *frame*; what no mover comes near stays as it is."""
        fill = self._filled.fill(frame)
        box = region_of(self._shot.matte(frame), margin=_BORDER) if self._somebody(frame) else None
        if fill is None or box is None:
            return fill
        raster = self._motion.raster(frame, box)
        here = self._filled.seen(frame, box)
        own = Witness(here.image, np.ones(raster.shape, np.float32), raster.shrunk(here.mover), here.origin, here.trace)
        inside = raster.shrunk(here.inside) > 0
        walks = [self._walk(frame, step, raster, inside) for step in (1, -1)]
        beside = [self._beside(stop, own, frame, raster) for stops, _ in walks for stop in stops[:_BESIDE]]
        ends = [self._end(stops, due, own, frame, raster) for stops, due in walks]
        resting = list(self._resting(own, frame, raster))
        found = [own, *beside, *ends, *resting]
        movers = np.asarray(np.stack([one.mover for one in found]) * inside, np.float32)
        verdict = heard(found, raster)
        # What rests is left alone, and who goes too fast to be followed.
        near = _near(movers, verdict) * ~_goes(movers[: len(beside) + 1])
        doubt = float((verdict.apart * near)[inside].sum() / inside.sum())
        part = box.within(fill.region)
        open_to = self._shot.matte(frame, part) & np.isin(fill.origin[part.inside(fill.region)], FROM_FRAMES)
        share = raster.widened(np.asarray(near, np.float32))[part.inside(box)] * open_to
        laid = _laid(fill, found, verdict, raster, part, np.asarray(share, np.float32))
        return replace(laid, doubt=doubt)

    def _somebody(self, frame: int) -> bool:
        """Whether the fill, or one beside it, shows somebody."""
        first, last = self._shot.span(frame)
        fills = (self._filled.fill(n) for n in range(max(first, frame - _BESIDE), min(last, frame + _BESIDE) + 1))
        return any(fill is not None and bool((fill.origin == Origin.MOVER).any()) for fill in fills)

    def _walk(self, frame: int, step: int, raster: Raster, hole: Mask) -> tuple[list[Stop], NDArray[np.int32]]:
        """The stops in direction *step*, and at which of them (from 1) each pixel of the *hole* is seen first; 0 at
        none."""
        stops, due = list[Stop](), np.zeros(raster.shape, np.int32)
        for stop in self._motion.walk(frame, step, raster):
            stops.append(stop)
            due[hole & (due == 0) & stop.known & self._free(stop)] = len(stops)
            if len(stops) >= _BESIDE and not (hole & (due == 0) & stop.known).any():
                break
        return stops, due

    def _free(self, stop: Stop) -> Mask:
        """Where the plate itself shows what lies at a stop."""
        height, width = self._shot.size
        inside = within(stop.at, width, height)
        part = reached(stop.at, inside, width, height)
        if part is None:
            return inside
        margin = grown(self._shot.unusable(stop.frame, part), _EDGE).astype(np.uint8) * 255
        return np.asarray(inside & (sampled(margin, part.own(stop.at), cv2.INTER_LINEAR) < 8))

    def _beside(self, stop: Stop, own: Witness, frame: int, raster: Raster) -> Witness:
        """What the filled picture beside shows where the frame's pixels have gone."""
        word = np.exp(-stop.strayed / _STRAYED) * stop.known
        return self._shown(stop.frame, stop.at, own, raster, word, self._moving(stop, frame, raster))

    def _resting(self, own: Witness, frame: int, raster: Raster) -> Iterator[Witness]:
        """What the filled pictures beside show if nothing moves but the camera."""
        first, last = self._shot.span(frame)
        for number in range(max(first, frame - _BESIDE), min(last, frame + _BESIDE) + 1):
            rest = None if number == frame else self._rest(number, frame, raster)
            if rest is not None:
                word, nobody = np.full(raster.shape, _RESTING, np.float32), np.zeros(raster.shape, np.float32)
                yield self._shown(number, rest, own, raster, word, nobody)

    def _shown(self, number: int, at: Field, own: Witness, raster: Raster, word: Field, moving: Field) -> Witness:
        """What the filled picture of frame *number* shows *at* places; beside its matte *moving* tells who moves."""
        whole = raster.full(at)
        height, width = self._shot.size
        inside = within(whole, width, height)
        part = reached(whole, inside, width, height)
        if part is None:
            return replace(own, word=np.zeros_like(word))
        seen, spot = self._filled.seen(number, part), part.own(whole)
        marks = sampled(cv2.merge([seen.valid, seen.inside, seen.mover]), spot, cv2.INTER_LINEAR)
        valid = raster.shrunk(marks[..., 0] * inside) > 0.99
        filled, mover = cv2.split(raster.shrunk(marks))[1:]
        image = sampled(seen.image, spot, cv2.INTER_CUBIC)
        put(own.image, raster.chosen(~valid) > 0, image)
        return Witness(
            image,
            np.asarray(word * valid, np.float32),
            np.asarray((mover * filled + moving * (1 - filled)) * valid, np.float32),
            sampled(seen.origin, spot, cv2.INTER_NEAREST),
            sampled(seen.trace, spot, cv2.INTER_NEAREST),
        )

    def _end(self, stops: list[Stop], due: NDArray[np.int32], own: Witness, frame: int, raster: Raster) -> Witness:
        """What the plate shows where each pixel is seen first."""
        image, trace, places = own.image.copy(), own.trace.copy(), raster.chosen(due)
        word, mover = np.zeros(raster.shape, np.float32), np.zeros(raster.shape, np.float32)
        height, width = self._shot.size
        for place, stop in enumerate(stops, 1):
            here, there = due == place, places == place
            if not there.any():
                continue
            whole = raster.full(stop.at)
            part = reached(whole, there, width, height)
            if part is None:
                continue
            plate = self._shot.frames.at(stop.frame).crop(*part.bounds).rgb()
            put(sampled(plate, part.own(whole), cv2.INTER_CUBIC), there, image)
            put(cv2.merge([np.full(there.shape, stop.frame, np.float32), whole]), there, trace)
            word[here] = np.exp(-stop.strayed[here] / _STRAYED)
            mover[here] = self._moving(stop, frame, raster)[here]
        origin = np.where(raster.widened(mover) > 0.5, np.uint8(Origin.MOVER), np.uint8(Origin.OWN))
        return Witness(image, word, mover, origin, trace)

    def _moving(self, stop: Stop, frame: int, raster: Raster) -> Field:
        """(h, w) 1 for what has gone another way than the camera until a stop."""
        rest = self._rest(stop.frame, frame, raster)
        if rest is None:
            return np.zeros(raster.shape, np.float32)
        gone = (stop.at - rest) * np.float32(raster.factor / abs(stop.frame - frame))
        return np.asarray(np.hypot(gone[..., 0], gone[..., 1]) > _GOES, np.float32)

    def _rest(self, number: int, frame: int, raster: Raster) -> Field | None:
        """Where the pixels of a raster of *frame* lie in *number* if nothing moves but the camera."""
        camera = self._shot.camera.onto(number, frame)
        if camera is None:
            return None
        return np.asarray(cv2.perspectiveTransform(raster.places, np.linalg.inv(camera.matrix)), np.float32)


def _laid(fill: Fill, found: Sequence[Witness], verdict: Verdict, raster: Raster, part: Region, share: Field) -> Fill:
    """*fill* with what the witnesses *found* agree on over a *part* of it, as far as its *share* there."""
    box, place = part.inside(raster.region), part.inside(fill.region)
    mean = np.zeros((*share.shape, 3), np.float32)
    image, origin, trace = fill.image.copy(), fill.origin.copy(), fill.trace.copy()
    best = raster.chosen(verdict.best)[box]
    for index, (one, counts) in enumerate(zip(found, verdict.shares, strict=True)):
        if not counts.any():
            continue
        mean += one.image[box] * for_rgb(raster.widened(counts)[box])
        spots = (share > 0.5) & (best == index) & (index > 0)
        put(one.origin[box], spots, origin[place])
        put(one.trace[box], spots, trace[place])
    image[place] += (mean - image[place]) * for_rgb(share)
    return replace(fill, image=image, origin=origin, trace=trace)


def _near(movers: NDArray[np.float32], verdict: Verdict) -> Field:
    """(h, w) 0..1 where the fill, or the witness that most agree with, shows somebody, with a soft edge."""
    somebody = np.maximum(movers[0], np.take_along_axis(movers, verdict.best[None], axis=0)[0])
    wide = cv2.dilate(somebody, np.ones((_SEAM, _SEAM), np.uint8))
    return np.asarray(cv2.GaussianBlur(wide, (0, 0), _SEAM / 4), np.float32)


def _goes(movers: NDArray[np.float32]) -> Mask:
    """(h, w) where the first of *movers* shows somebody who stands elsewhere nearby in the others: he goes too fast
    for the flow, and is no pop."""
    only_here = (movers[0] > 0.5) & (movers[1:].mean(axis=0) < 0.5)
    only_there = (movers[1:] > 0.5) & (movers[0] < 0.3)
    box = (2 * _FAST + 1, 2 * _FAST + 1)
    mine = cv2.boxFilter(only_here.astype(np.float32), -1, box)
    others = np.stack([cv2.boxFilter(one.astype(np.float32), -1, box) for one in only_there])
    return np.asarray(only_here & (np.median(others, axis=0) > _AS_MUCH * mine))
