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

from ...pictures.layout import Image, Mask
from ...threads import once
from ..holes import Region, region_of
from ..movers.dis import alike_along, likelier
from ..shot import Shot
from .raster import Field, Raster

REACH = 12
"""Frames over which a pixel is followed at most."""
_ROOM = 0.11
"""What is looked at around a hole, as a share of the plate's width."""
_FINEST = 2
"""Halvings at which the motion is finest: a smooth one follows what most of the frames show and no pop."""
_MOVES = 1.5
"""Pixels of the camera's motion from which on pictures are also compared without taking it out."""
_KEPT = 2 * REACH + 16
"""Frames whose motion is kept: as many as one frame's paths reach over, and those beside it."""


@dataclass(frozen=True)
class Stop:
    """Where the pixels of a raster lie in another `frame`, followed from frame to frame: `at` (h, w, 2) in the plate,
    by how many pixels of the raster they may have `strayed` (forward and backward flow differ by so much in all),
    and whether they were `known` all the way."""

    frame: int
    at: Field
    strayed: Field
    known: Mask


class Motion:
    """Between neighbouring frames of a shot: *picture* gives the filled plate over a region. From any thread."""

    def __init__(self, shot: Shot, picture: Callable[[int, Region], Image]) -> None:
        self._shot, self._picture = shot, picture
        self._kept: OrderedDict[int, _From] = OrderedDict()
        self._lock = Lock()

    def raster(self, frame: int, box: Region) -> Raster:
        """Over a *box* of a frame's hole, and as fine as motion around that hole is looked at."""
        around = _around(self._shot, self._shot.matte(frame))
        return Raster.over(box, None if around is None else Raster.over(around).factor)

    def walk(self, frame: int, step: int, raster: Raster) -> Iterator[Stop]:
        """Every pixel of a raster of *frame* followed in direction *step* (+-1), one frame after the other."""
        first, last = self._shot.span(frame)
        at, known = raster.places, np.ones(raster.shape, bool)
        strayed = np.zeros(raster.shape, np.float32)
        for number in range(frame, frame + step * REACH, step):
            onward = self._of(number).moves(step) if first <= number + step <= last else None
            if onward is None:
                return
            known = known & onward.over.holds(at)
            moved = onward.of(at)
            at = at + moved
            back = self._of(number + step).moves(-step)
            if back is None:
                return
            apart = moved + back.of(at)
            strayed = strayed + np.hypot(apart[..., 0], apart[..., 1]) * np.float32(raster.factor)
            yield Stop(number + step, at, strayed, known)

    def _of(self, frame: int) -> _From:
        with self._lock:
            found = self._kept.setdefault(frame, _From(self._shot, self._picture, frame))
            self._kept.move_to_end(frame)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return found


@dataclass(frozen=True)
class _Moves:
    over: Raster
    by: Field

    def of(self, at: Field) -> Field:
        """How far (h, w, 2) what lies *at* those places goes, pixels of the plate."""
        return self.over.sampled(self.by, at)


class _From:
    """The motion from one frame to those beside it."""

    def __init__(self, shot: Shot, picture: Callable[[int, Region], Image], frame: int) -> None:
        self._shot, self._picture, self._frame = shot, picture, frame

    @once
    def moves(self, step: int) -> _Moves | None:
        """To the frame *step* (+-1) on, around both holes; None where there is no hole, or no common ground."""
        shot, frame, other = self._shot, self._frame, self._frame + step
        around = _around(shot, shot.matte(frame) | shot.matte(other))
        camera = shot.camera.onto(other, frame)
        if around is None or camera is None:
            return None
        raster = Raster.over(around)
        here = raster.luma(self._picture(frame, around))
        away = np.linalg.inv(camera.matrix)
        gone = cv2.perspectiveTransform(raster.places, away) - raster.places
        there = Raster.over(_both(around, away, shot.size), raster.factor)
        reduced = there.luma(self._picture(other, there.region))

        def laid(matrix: NDArray[np.float64]) -> NDArray[np.uint8]:
            whole = raster.inward @ matrix @ np.linalg.inv(there.inward)
            size = raster.shape[::-1]
            return np.asarray(cv2.warpPerspective(reduced, whole, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)

        flow, fits = _flow(here, laid(camera.matrix))
        by = cv2.perspectiveTransform(raster.places + flow / np.float32(raster.factor), away) - raster.places
        if np.abs(gone).max() * raster.factor > _MOVES:
            # Whom the camera goes with is too far off to be found from where the camera would have him.
            whole, better = _flow(here, laid(np.eye(3)))
            by = np.where(likelier(fits, better)[..., None], whole / np.float32(raster.factor), by)
        return _Moves(raster, np.asarray(by, np.float32))


def _around(shot: Shot, hole: Mask) -> Region | None:
    return region_of(hole, margin=round(_ROOM * shot.size[1]))


def _both(region: Region, away: NDArray[np.float64], size: tuple[int, ...]) -> Region:
    """The rectangle around *region* and where *away* takes it, cut at the frame."""
    corners = cv2.perspectiveTransform(region.corners.reshape(1, 4, 2), away)[0]
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
