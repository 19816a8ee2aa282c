"""How the filled pictures move: dense flow between neighbouring frames, fills and all.

Behind the matte no flow can be measured, but what the fills show there moves too, and most of them are right.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray

from ...flow import sampled
from ...pictures.layout import Image, Mask
from ...register import Matrix
from ...threads import once
from ..holes import Region
from ..movers.dis import alike_along, likelier, luma_of
from .raster import Field, Raster

REACH = 12
"""Frames over which a pixel is followed at most."""
_FINEST = 2
"""Halvings at which the motion is finest: a smooth one follows what most of the frames show and no pop."""
_MOVES = 1.5
"""Pixels of the camera's motion from which on pictures are also compared without taking it out."""
_KEPT = 2 * REACH + 16
"""Frames whose motion is kept: as many as one frame's paths reach over, and those beside it."""

Picture = Callable[[int, Region], Image]


@dataclass(frozen=True)
class Stop:
    """Where the pixels of a region lie in another `frame`, followed from frame to frame: `at` (h, w, 2), by how many
    pixels they may have `strayed` (forward and backward flow differ by so much in all), and whether they were `known`
    all the way."""

    frame: int
    at: Field
    strayed: Field
    known: Mask


class Motion:
    """Between neighbouring frames of a shot on a *raster*: *picture* gives the filled plate over a region. From any
    thread."""

    def __init__(self, raster: Raster, picture: Picture) -> None:
        self._raster, self._picture = raster, picture
        self._kept: OrderedDict[int, _From] = OrderedDict()
        self._lock = Lock()

    def walk(self, frame: int, step: int, box: Region) -> Iterator[Stop]:
        """Every pixel of a *box* of *frame* followed in direction *step* (+-1), one frame after the other."""
        first, last = self._raster.shot.span(frame)
        at, known = box.places, np.ones((box.height, box.width), bool)
        strayed = np.zeros(known.shape, np.float32)
        for number in range(frame, frame + step * REACH, step):
            onward = self._of(number).moves(step) if first <= number + step <= last else None
            back = None if onward is None else self._of(number + step).moves(-step)
            if onward is None or back is None:
                return
            known = known & onward.over.holds(at)
            moved = onward.of(at)
            at = at + moved
            apart = moved + back.of(at)
            strayed = strayed + cv2.magnitude(*cv2.split(apart))
            yield Stop(number + step, at, strayed, known)

    def _of(self, frame: int) -> _From:
        with self._lock:
            found = self._kept.setdefault(frame, _From(self._raster, self._picture, frame))
            self._kept.move_to_end(frame)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return found


@dataclass(frozen=True)
class _Moves:
    over: Region
    by: Field

    def of(self, at: Field) -> Field:
        """How far (h, w, 2) what lies *at* those places goes."""
        return sampled(self.by, self.over.own(at), cv2.INTER_LINEAR)


class _From:
    """The motion from one frame to those beside it."""

    def __init__(self, raster: Raster, picture: Picture, frame: int) -> None:
        self._raster, self._picture, self._frame = raster, picture, frame

    @once
    def moves(self, step: int) -> _Moves | None:
        """To the frame *step* (+-1) on, around both holes; None where there is no hole, or no common ground."""
        raster, frame, other = self._raster, self._frame, self._frame + step
        around = raster.around(raster.matte(frame) | raster.matte(other))
        camera = raster.onto(other, frame)
        if around is None or camera is None:
            return None
        away = np.linalg.inv(camera)
        there = _both(around, away, raster.size)
        here, beside = luma_of(self._picture(frame, around)), luma_of(self._picture(other, there))

        def laid(matrix: Matrix) -> NDArray[np.uint8]:
            whole = _shift(-around.x, -around.y) @ matrix @ _shift(there.x, there.y)
            size = (around.width, around.height)
            return np.asarray(cv2.warpPerspective(beside, whole, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)

        places = around.places
        flow, fits = _flow(here, laid(camera))
        by = cv2.perspectiveTransform(places + flow, away) - places
        if _furthest(around, away) > _MOVES:
            # Whom the camera goes with is too far off to be found from where the camera would have him.
            whole, better = _flow(here, laid(np.eye(3)))
            by = np.where(likelier(fits, better)[..., None], whole, by)
        return _Moves(around, np.asarray(by, np.float32))


def _shift(x: int, y: int) -> Matrix:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def _moved(region: Region, away: Matrix) -> NDArray[np.float64]:
    """(4, 2) where *away* takes the corners of a region."""
    return np.asarray(cv2.perspectiveTransform(region.corners.reshape(1, 4, 2), away)[0])


def _furthest(region: Region, away: Matrix) -> float:
    """By how many pixels *away* takes a region's pixels along or across, at most: its corners go furthest."""
    return float(np.abs(_moved(region, away) - region.corners).max())


def _both(region: Region, away: Matrix, size: tuple[int, ...]) -> Region:
    """The rectangle around *region* and where *away* takes it, cut at the frame."""
    corners = _moved(region, away)
    low = np.clip(np.minimum(corners.min(axis=0), region.corners[0]), 0, None)
    high = np.minimum(np.maximum(corners.max(axis=0), region.corners[3]), (size[1], size[0]))
    left, top = (int(v) // 4 * 4 for v in low)
    right, bottom = (min(most, -(-int(np.ceil(v)) // 4) * 4) for v, most in zip(high, (size[1], size[0]), strict=True))
    return Region(left, top, right - left, bottom - top)


def _flow(here: NDArray[np.uint8], there: NDArray[np.uint8]) -> tuple[Field, Field]:
    """DIS flow (h, w, 2; Kroeger et al., ECCV 2016), and how well (0..1) the two look alike along it."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(_FINEST)
    flow = np.asarray(search.calc(here, there, np.zeros((*here.shape, 2), np.float32)), np.float32)
    return flow, alike_along(here, there, flow)
