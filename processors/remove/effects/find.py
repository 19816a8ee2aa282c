"""What the matte misses: shadow, reflection and soft edge of the thing that is removed.

The plate around the matte is compared, at a small size, with what stands there: another take where
one lies over the plate, else the median of the frames around. What departs from that, hangs together
with the matte and shows in several frames at the same place beside the thing is told apart by its
looks: the same texture but darker is a shadow, the thing's mirror image below it a reflection, a
narrow band along the matte its soft edge, something of its own colours a part that the matte lacks.
Anything else is something else that moves.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ...identity import largest
from ...mattes import grown
from ...mattes.small import SIDE, Window
from ...mattes.standing import REACH, UNSEEN, Departure, around, depart, lay, softened
from ...pictures.layout import Layout, Mask
from ...pictures.mix import in_8_bits
from ...pictures.sheets import spread
from ...register import Registration
from ...threads import in_order
from ..holes import Region
from ..shot import Shot
from .kinds import Effects, Kind
from .mirrored import mirrored

LOOKED_AT = 6
"""Frames that a report looks at; for a wider matte all are."""
_REACH = 0.8
"""How far around a matte is looked, in its own width and height."""
_RIM = 3
"""Width of a soft edge in pixels of the small picture."""
_PART = 1.1
"""Share of the matte's area from which something beside it is a thing of its own."""
_FRINGE = 0.1
"""Share of the band along the matte that departs before the matte is too tight."""
_GAP = 4
_DEPARTS = 2.5
_DARKEST, _DARKER = 0.25, 0.94
_TINT, _FOOT = 0.3, 8.0
"""How unevenly a shadow may take from red, green and blue (skylight fills it), code values below which all is black."""
_LEAST = 0.02
"""Share of the matte's area below which a shadow or reflection is nothing."""


def find_effects(shot: Shot, frames: Sequence[int]) -> Effects:
    """Look beside the mattes of *frames* (in order): all of them, or a few for a report."""
    looked = list(frames) if shot.options.effects == "include" else spread(frames, LOOKED_AT)
    beside = _Beside(shot, {frame: shot.span(frame) for frame in looked})
    found = dict(zip(looked, in_order(beside.kinds, looked, shot.abreast), strict=True))
    if shot.options.effects == "include":
        found = _steadied(found, {frame: beside.small_matte(frame) for frame in looked})
    return Effects(found)


class _Beside:
    """A shot at a small size, with what stands still behind each frame."""

    def __init__(self, shot: Shot, spans: Mapping[int, tuple[int, int]]) -> None:
        """*spans*: the first and last frame of the shot around each frame that is looked at."""
        self.shot, self._spans = shot, spans
        height, width = shot.plate.video.height, shot.plate.video.width
        self.factor = min(1.0, SIDE / max(height, width))
        self.size = (max(16, round(height * self.factor)), max(16, round(width * self.factor)))
        self._small: OrderedDict[int, NDArray[np.uint8]] = OrderedDict()

    def rgb(self, frame: int) -> NDArray[np.uint8]:
        """One small frame. From any thread."""
        small = self._small.get(frame)
        if small is None:
            picture = self.shot.frames.at(frame).reduced(max(1, int(1 / self.factor)))
            image = cv2.resize(picture.rgb(), self.size[::-1], interpolation=cv2.INTER_AREA)
            self._small[frame] = small = in_8_bits(np.asarray(image, np.float32))
            if len(self._small) > 2 * REACH + 8:
                self._small.popitem(last=False)
        return small

    def small_matte(self, frame: int) -> Mask:
        """One frame's matte and what shares its colour: a small pixel is inside with any of its own."""
        matte = coloured(self.shot.matte(frame), self.shot.plate.layout).astype(np.uint8) * 255
        return np.asarray(cv2.resize(matte, self.size[::-1], interpolation=cv2.INTER_AREA) > 0)

    def kinds(self, frame: int) -> NDArray[np.uint8]:
        """What lies beside the matte of one frame, by `Kind`."""
        matte, out = self.small_matte(frame), np.zeros(self.size, np.uint8)
        if matte.any():
            window = Window.around(matte, _REACH, 24)
            away = self._from_take(frame, window) or self._from_frames(frame, window)
            out[window.slices] = told_apart(self.rgb(frame)[window.slices], away, matte[window.slices])
        return out

    def _from_take(self, frame: int, window: Window) -> Departure | None:
        """Against the first take that holds the moment; its own misfit around is the measure."""
        height, width = self.shot.plate.video.height, self.shot.plate.video.width
        for take in self.shot.takes:
            whole = None if take.likeness.registration.still else self.shot.rgb(frame)
            hole = grown(self.shot.matte(frame), 4)
            found = take.over(frame, Region(0, 0, width, height), plate=whole, hole=hole, blind=False)
            if found is None:
                continue
            image = cv2.resize(found.image, self.size[::-1], interpolation=cv2.INTER_AREA)
            shown = found.valid if found.moving is None else found.valid & ~found.moving
            known = cv2.resize(shown.astype(np.uint8), self.size[::-1], interpolation=cv2.INTER_NEAREST) > 0
            standing = in_8_bits(np.asarray(image, np.float32))
            off = np.abs(self.rgb(frame).astype(np.int16) - standing).max(axis=-1).astype(np.float32)
            matte = self.small_matte(frame)
            off = softened(off, matte)
            usual = float(np.median(off[known & ~matte])) if (known & ~matte).any() else 255.0
            sigmas = np.where(known, off / max(4.0, 2 * usual), 0).astype(np.float32)
            return Departure(sigmas[window.slices], known[window.slices], standing[window.slices])
        return None

    def _from_frames(self, frame: int, window: Window) -> Departure:
        """Against the median of the shot's frames around, without what their mattes cover."""
        span = self._spans[frame]
        if self.shot.options.effects == "include":
            for number in range(max(span[0], frame - REACH), min(span[1], frame + REACH) + 1):
                self.rgb(number)  # in order, so that no file is read back and forth
        numbers, here = around(frame, span), self.rgb(frame)[window.slices]
        stack = np.full((len(numbers), *here.shape), UNSEEN, np.int16)
        move = np.eye(3)
        move[:2, 2] = (-window.left, -window.top)
        for place, number in enumerate(numbers):
            registration = self.shot.camera.onto(number, frame)
            if registration is None:
                continue
            seen = np.where(grown(self.small_matte(number), 3), 0, 255).astype(np.uint8)
            seen[:2], seen[-2:], seen[:, :2], seen[:, -2:] = 0, 0, 0, 0
            lay(stack[place], self.rgb(number), seen, move @ _scaled(registration, self.factor))
        return depart(here, stack, self.small_matte(frame)[window.slices])


def _scaled(registration: Registration, factor: float) -> NDArray[np.float64]:
    return np.asarray(registration.scaled(factor, factor).matrix, np.float64)


def coloured(matte: Mask, layout: Layout) -> Mask:
    """*matte* and the pixels that take colour from a chroma sample inside it: the thing's colour reaches over its
    edge there, and goes with it when the sample is filled."""
    out = matte.copy()
    height, width = matte.shape
    for x, y in {(channel.x, channel.y) for channel in layout.channels} - {(0, 0)}:
        inside = largest(matte, x, y).astype(np.uint8) * 255
        size = (inside.shape[1] << x, inside.shape[0] << y)
        out |= cv2.resize(inside, size, interpolation=cv2.INTER_LINEAR)[:height, :width] > 0
    return out


def told_apart(rgb: NDArray[np.uint8], away: Departure, matte: Mask) -> NDArray[np.uint8]:
    """HxW uint8 of `Kind` beside *matte*, for one small frame that departs from what stands there by *away*."""
    kinds = np.zeros(matte.shape, np.uint8)
    if not matte.any():
        return kinds
    departs = (away.sigmas > _DEPARTS) & away.known & ~matte
    lab, behind = (
        np.asarray(cv2.cvtColor(i / np.float32(255), cv2.COLOR_RGB2LAB), np.float32) for i in (rgb, away.standing)
    )
    shares = (rgb.astype(np.float32) + _FOOT) / (away.standing.astype(np.float32) + _FOOT)
    share, tint = shares.mean(axis=-1), np.ptp(shares, axis=-1)
    darker = departs & (share > _DARKEST) & (share < _DARKER) & (tint < _TINT)
    least = max(12.0, _LEAST * float(matte.sum()))
    shadow = _attached(darker, matte, least)
    band = grown(matte, _RIM) & ~matte
    rim = _attached(departs & ~darker & band, matte, 4.0)
    if rim.sum() > _FRINGE * band.sum():
        kinds[rim] = Kind.EDGE
    image = mirrored(lab, matte)
    rest = _attached(departs & ~darker & ~grown(matte, 1), matte, least)
    if rest.any() and rest.sum() < _PART * matte.sum() and _own_colours(lab, behind, rest, matte):
        same = (rest & image).sum() > 0.3 * rest.sum()
        kinds[rest & (kinds == 0)] = Kind.REFLECTION if same else Kind.PART
    elif not _moves(away, matte):
        kinds[_attached(image, matte, least)] = Kind.REFLECTION
    kinds[shadow] = Kind.SHADOW
    return kinds


def _attached(found: Mask, matte: Mask, least: float) -> Mask:
    """The parts of *found* that hang together with the matte and are no smaller than *least* pixels."""
    opened = cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(np.where(matte, 0, opened).astype(np.uint8))
    kept = np.zeros(count, bool)
    kept[np.unique(labels[grown(matte, _GAP)])] = True
    kept &= stats[:, cv2.CC_STAT_AREA] >= least
    kept[0] = False
    return np.asarray(kept[labels])


def _moves(away: Departure, matte: Mask) -> bool:
    """Whether other frames show what stands behind the thing: then they show its reflection too."""
    return bool((away.known & matte).sum() > 0.5 * matte.sum())


def _own_colours(lab: NDArray[np.float32], behind: NDArray[np.float32], where: Mask, matte: Mask) -> bool:
    """Whether a place departs from what stands there towards the thing's own colours."""
    shift = (lab - behind)[where].mean(axis=0)
    towards = lab[matte].mean(axis=0) - behind[where].mean(axis=0)
    length = float(np.linalg.norm(shift) * np.linalg.norm(towards))
    return bool(length > 0 and float(shift @ towards) / length > 0.7)


def _steadied(found: dict[int, NDArray[np.uint8]], mattes: dict[int, Mask]) -> dict[int, NDArray[np.uint8]]:
    """Only what most of the neighbouring frames show too, at the same place beside the thing."""
    frames = sorted(found)
    centres = {n: _centre(mattes[n]) for n in frames if mattes[n].any()}
    out = {}
    for place, frame in enumerate(frames):
        near = [n for n in frames[max(0, place - 2) : place + 3] if n in centres]
        votes = np.zeros_like(found[frame], np.float32)
        joined = found[frame].copy()
        for number in near:
            here, there = centres[frame], centres[number]
            move = np.array([[1, 0, here[0] - there[0]], [0, 1, here[1] - there[1]]], np.float64)
            height, width = found[frame].shape[:2]
            moved = cv2.warpAffine(found[number], move, (width, height), flags=cv2.INTER_NEAREST)
            votes += grown(moved > 0, 1)
            joined = np.where(joined == 0, moved, joined)
        out[frame] = np.where((votes * 2 > len(near)) & ~mattes[frame], joined, 0).astype(np.uint8)
    return out


def _centre(matte: Mask) -> tuple[float, float]:
    rows, columns = np.nonzero(matte)
    return float(columns.mean()), float(rows.mean())
