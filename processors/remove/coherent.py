"""Movers behind the matte made coherent over time: what one frame alone shows is a pop, and gives way.

Each frame's movers are chosen on their own, so an arm may be there in one frame and gone in the next. Here every
frame is laid beside the two before and after it, along the camera's motion and the motion between the filled pictures
beyond it, and each place takes what most of the five agree on: a medoid, which is one of them and no blend.
Pictures are display-referred RGB 0..1, maps (h, w).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ..mattes import grown
from ..pictures.layout import Image, Mask
from ..pictures.mix import for_rgb, put
from ..register import Matrix
from .fill import Fill, Origin
from .holes import Region, region_of
from .movers.dis import Field, luma_of
from .movers.motion import grid
from .shot import Shot

_PASSES = 2
"""How many times: the motion is found better where the pops are gone."""
_REACH = 2
"""Frames on each side."""
_ROOM = 24
"""Pixels around the movers that the motion is measured over."""
_LARGE = 480
"""Longest side at which motion is measured."""
_APART = 0.3
"""Difference (0..1) beyond which two frames show different things, however different."""
_SOFT, _TOGETHER = 1.2, 1.2
"""Pixels over which pictures are compared, and over which is decided together."""
_FINEST = 2
"""Halvings at which the motion is finest: a smooth one follows what most of the frames show and no pop."""
_SEAM = 5
"""Pixels over which what is taken meets what stays."""
_EDGE = 2
"""Pixels beside a matte in which its thing may still be seen: there the fill speaks, which covers them too."""
_FAST, _AS_MUCH = 40, 0.5
"""Pixels within which somebody who goes fast is looked for in the frames beside, and how much of him is to be there."""
_FROM_FRAMES = (Origin.OWN, Origin.MOVER)
"""What takes part: what the shot's own frames gave."""


@dataclass(frozen=True)
class _Seen:
    """A frame's finished picture as another sees it: `image`, how far it is a `mover`, where it is `valid`, and
    the fill's `origin` and `trace`."""

    image: Image
    mover: NDArray[np.float32]
    valid: Mask
    origin: NDArray[np.uint8]
    trace: NDArray[np.float32]


def coherent(shot: Shot, load: Callable[[int], Fill | None]) -> Callable[[int], Fill | None]:
    """The fills of a shot as *load* gives them, their movers made coherent when asked for; in order, each is read
    once."""
    for _ in range(_PASSES):
        load = _Pass(shot, load).at
    return load


class _Pass:
    def __init__(self, shot: Shot, load: Callable[[int], Fill | None]) -> None:
        self._shot, self._fill = shot, lru_cache(2 * _REACH + 2)(load)

    def at(self, frame: int) -> Fill | None:
        """The fill of *frame*; what no mover comes near stays as it is."""
        fill = self._fill(frame)
        window = None if fill is None else self._around_movers(fill)
        if fill is None or window is None:
            return fill
        here = self._seen(frame, window)
        found = [here, *self._neighbours(frame, window, here)]
        best = _medoid(found)
        movers = np.stack([one.mover for one in found])
        somebody = np.maximum(movers[0], np.take_along_axis(movers, best[None], axis=0)[0])  # what rests is left alone
        near = cv2.GaussianBlur(cv2.dilate(somebody, np.ones((_SEAM, _SEAM), np.uint8)), (0, 0), _SEAM / 4)
        part = window.within(fill.region)
        inside, outside = part.inside(fill.region), part.inside(window)
        open_to = self._shot.matte(frame, part) & np.isin(fill.origin[inside], _FROM_FRAMES)
        share = np.asarray((near * ~_goes(found))[outside] * open_to, np.float32)
        image, origin, trace = fill.image.copy(), fill.origin.copy(), fill.trace.copy()
        three = for_rgb(share)
        image[inside] = image[inside] * (1 - three) + _chosen(found, best)[outside] * three
        taken = (share > 0.5) & (best[outside] > 0)
        for index, one in enumerate(found):
            spots = taken & (best[outside] == index)
            put(one.origin[outside], spots, origin[inside])
            put(one.trace[outside], spots, trace[inside])
        return replace(fill, image=image, origin=origin, trace=trace)

    def _around_movers(self, fill: Fill) -> Region | None:
        """What the movers of *fill* and of its neighbours cover, with room; None where there are none."""
        movers = np.zeros(fill.origin.shape, bool)
        for number in (fill.frame, *self._near(fill.frame)):
            other = self._fill(number)
            if other is None:
                continue
            part = other.region.within(fill.region)
            if part.width > 0 and part.height > 0:
                movers[part.inside(fill.region)] |= other.origin[part.inside(other.region)] == Origin.MOVER
        if not movers.any():
            return None
        whole = np.zeros(self._shot.size, bool)
        whole[fill.region.window] = movers
        return region_of(whole, margin=_ROOM)

    def _near(self, frame: int) -> list[int]:
        first, last = self._shot.span(frame)
        return [n for n in range(max(first, frame - _REACH), min(last, frame + _REACH) + 1) if n != frame]

    def _neighbours(self, frame: int, window: Region, here: _Seen) -> Iterator[_Seen]:
        """The frames beside *frame*, along the camera's motion and the motion of what they show beyond it."""
        pixels = np.dstack(grid(window.height, window.width))
        small = _small(here.image)
        for number in self._near(frame):
            camera = self._shot.camera.onto(number, frame)
            if camera is None:
                continue
            place = _moved(window, np.linalg.inv(camera.matrix), self._shot.size)
            if place is None:
                continue
            there = self._seen(number, place)
            move = np.eye(3)
            move[:2, 2] = (place.x, place.y)
            back = np.linalg.inv(camera.matrix @ move)
            back = back @ np.array([[1, 0, window.x], [0, 1, window.y], [0, 0, 1]], np.float64)
            rest = _mapped(pixels, back)
            laid = cv2.remap(there.image, *rest, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            at = _mapped(pixels + _motion(small, _small(np.asarray(laid, np.float32)), window), back)
            valid = cv2.remap(there.valid.astype(np.float32), *at, cv2.INTER_LINEAR, borderValue=0)
            image = cv2.remap(there.image, *at, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
            yield _Seen(
                np.asarray(image, np.float32),
                np.asarray(cv2.remap(there.mover, *at, cv2.INTER_LINEAR), np.float32),
                np.asarray(valid > 0.99),
                np.asarray(cv2.remap(there.origin, *at, cv2.INTER_NEAREST), np.uint8),
                np.asarray(cv2.remap(there.trace, *at, cv2.INTER_NEAREST), np.float32),
            )

    def _seen(self, frame: int, window: Region) -> _Seen:
        """A frame over *window* with its fill laid in; beside the matte each pixel is its own source."""
        shot = self._shot
        picture = shot.frames.at(frame).crop(*window.bounds).rgb()
        hole = shot.matte(frame, window)
        columns, rows = grid(window.height, window.width)
        trace = cv2.merge([np.full(hole.shape, frame, np.float32), columns + window.x, rows + window.y])
        origin = np.full(hole.shape, Origin.OWN, np.uint8)
        mover, valid = np.zeros(hole.shape, np.float32), ~grown(hole, _EDGE)
        fill = self._fill(frame)
        part = None if fill is None else fill.region.within(window)
        if fill is None or part is None or part.width <= 0 or part.height <= 0:
            return _Seen(picture, mover, valid, origin, np.asarray(trace, np.float32))
        laid, place = part.inside(fill.region), part.inside(window)
        inside = hole[place]
        put(fill.image[laid], grown(inside, _EDGE), picture[place])
        put(fill.origin[laid], inside, origin[place])
        put(fill.trace[laid], inside, trace[place])
        mover[place] = (fill.origin[laid] == Origin.MOVER) & inside
        valid[place] = np.where(inside, np.isin(fill.origin[laid], _FROM_FRAMES), valid[place])
        return _Seen(picture, mover, valid, origin, np.asarray(trace, np.float32))


def _mapped(points: Field, matrix: Matrix) -> tuple[Field, Field]:
    there = cv2.perspectiveTransform(points, matrix)
    return np.ascontiguousarray(there[..., 0]), np.ascontiguousarray(there[..., 1])


def _moved(window: Region, matrix: Matrix, size: tuple[int, ...]) -> Region | None:
    """The rectangle around where *matrix* takes *window*, cut at the frame; None where that leaves nothing."""
    corners = cv2.perspectiveTransform(window.corners.reshape(1, 4, 2), matrix)[0]
    left, top = (max(0, int(v)) // 4 * 4 for v in np.floor(corners.min(axis=0)))
    right, bottom = (
        min(most, -(-int(v) // 4) * 4) for v, most in zip(np.ceil(corners.max(axis=0)), size[::-1], strict=True)
    )
    return Region(left, top, right - left, bottom - top) if right - left > 16 and bottom - top > 16 else None


def _small(image: Image) -> NDArray[np.uint8]:
    """Luma, no larger than motion is measured at."""
    height, width = image.shape[:2]
    factor = min(1.0, _LARGE / max(height, width))
    size = (max(16, round(width * factor)), max(16, round(height * factor)))
    return luma_of(np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32))


def _motion(fixed: NDArray[np.uint8], moving: NDArray[np.uint8], window: Region) -> Field:
    """(h, w, 2) how far each pixel of a *window* lies off, by its `_small` pictures: DIS flow (Kroeger et al., ECCV
    2016)."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(_FINEST)
    flow = search.calc(fixed, moving, np.zeros((*fixed.shape, 2), np.float32))
    flow = cv2.resize(flow, (window.width, window.height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(flow, np.float32) * np.array(
        [window.width / fixed.shape[1], window.height / fixed.shape[0]], np.float32
    )


def _goes(found: Sequence[_Seen]) -> Mask:
    """(h, w) where the first of *found* shows somebody who stands elsewhere nearby in the others: he goes too fast
    for the flow, and is no pop."""
    movers = np.stack([one.mover for one in found])
    only_here = (movers[0] > 0.5) & (movers[1:].mean(axis=0) < 0.5)
    only_there = (movers[1:] > 0.5) & (movers[0] < 0.3)
    box = (2 * _FAST + 1, 2 * _FAST + 1)
    mine = cv2.boxFilter(only_here.astype(np.float32), -1, box)
    others = np.stack([cv2.boxFilter(one.astype(np.float32), -1, box) for one in only_there])
    return np.asarray(only_here & (np.median(others, axis=0) > _AS_MUCH * mine))


def _medoid(found: Sequence[_Seen]) -> NDArray[np.int64]:
    """(h, w) which of *found* is least far from all others; the frame itself where nothing else is valid."""
    soft = [np.stack(cv2.split(cv2.GaussianBlur(one.image, (0, 0), _SOFT))) for one in found]
    valid = np.stack([one.valid for one in found]).astype(np.float32)
    sums = np.zeros(valid.shape, np.float32)
    for i, one in enumerate(soft):
        for j in range(i):
            off = one - soft[j]
            apart = np.minimum(np.sqrt(np.einsum("chw,chw->hw", off, off) / 3), _APART)
            sums[i] += apart * valid[j]
            sums[j] += apart * valid[i]
    others = np.maximum(valid.sum(axis=0) - valid, 1e-6)
    means = np.stack([cv2.GaussianBlur(one, (0, 0), _TOGETHER) for one in sums / others])
    means[1:][valid[1:] == 0] = np.inf
    return np.asarray(means.argmin(axis=0))


def _chosen(found: Sequence[_Seen], best: NDArray[np.int64]) -> Image:
    """The picture of the best of *found* at each place, the seams between them soft."""
    total, mass = np.zeros_like(found[0].image), np.zeros(best.shape, np.float32)
    for index, one in enumerate(found):
        share = cv2.GaussianBlur((best == index).astype(np.float32), (0, 0), 0.8)
        total += one.image * for_rgb(share)
        mass += share
    return np.asarray(total / for_rgb(np.maximum(mass, 1e-6)), np.float32)
