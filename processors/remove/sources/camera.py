"""How the shot's own frames lie over each other: the camera's motion, by homographies.

Every frame is laid over a key frame near it, and key frames over each other, so that any two frames
are at most three steps apart and errors do not add up along the shot. A step tracks corners by
pyramidal Lucas-Kanade (Bouguet, 2000) there and back on small, locally normalised luma; a far one
starts from what the steps between say and measures only the rest. About thirty times quicker than
matching features of every frame, and as exact.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import RLock

import cv2
import numpy as np
from numpy.typing import NDArray

from ...flow import normalised
from ...pictures.layout import Mask
from ...register import Matrix, Registration, find_points, fit_points, match_points, project

_KEY = 6
_SIDE = 640
"""Corners are tracked on pictures of this longer side."""
_CORNERS = 500
_STILL = 0.6
"""Pixels that the surest corners may wander in a shot whose camera counts as standing still."""
_KEPT = 400
"""Small pictures that are kept."""
_KNOWN = 20_000
"""Mappings that are kept."""


@dataclass(frozen=True)
class _Small:
    """A frame as it is tracked: normalised luma, its corners (N, 1, 2), where not to look, and its scale."""

    grey: NDArray[np.uint8]
    corners: NDArray[np.float32]
    avoid: Mask
    factor: float
    size: tuple[int, int]


class Camera:
    """The registrations between frames of one shot, found when asked for and kept for a while. From any thread."""

    def __init__(
        self,
        luma: Callable[[int], np.ndarray],
        avoid: Callable[[int], Mask],
        span: Callable[[int], tuple[int, int]],
    ) -> None:
        """*luma* gives a frame's uint8 luma, *avoid* where not to look, *span* the shot around a frame."""
        self._luma, self._avoid, self._span = luma, avoid, span
        self._smalls: OrderedDict[int, _Small] = OrderedDict()
        self._between: OrderedDict[tuple[int, int], Matrix | None] = OrderedDict()
        self._still: dict[tuple[int, int], bool] = {}
        self._lock = RLock()

    def still(self, frame: int) -> bool:
        """Whether the camera stands still through the whole shot around *frame*."""
        span = self._span(frame)
        with self._lock:
            if span not in self._still:
                first, last = span
                spots = sorted({round(first + share * (last - first)) for share in (0.0, 0.25, 0.5, 0.75, 1.0)})
                self._still[span] = all(self._rests(spots[0], spot) for spot in spots[1:])
            return self._still[span]

    def onto(self, source: int, target: int) -> Registration | None:
        """Maps *source*'s pixels to *target*'s; None where the two do not hang together."""
        with self._lock:
            size = self._small(target).size
            if source == target or self.still(target):
                return _plain(np.eye(3), size)
            there, here = self._key(source), self._key(target)
            first, middle, last = self._step(source, there), self._step(there, here), self._step(here, target)
        if first is None or middle is None or last is None:
            return None
        return _plain(last @ middle @ first, size)

    def _key(self, frame: int) -> int:
        start, end = self._span(frame)
        return min(start + round((frame - start) / _KEY) * _KEY, end)

    def _step(self, source: int, target: int) -> Matrix | None:
        """Neighbours at once; others from what the two halves of the way say, then measured anew.

        Always measured from the earlier frame to the later: the same whoever asks first, and for what.
        """
        if source == target:
            return np.eye(3)
        if source > target:
            back = self._step(target, source)
            return None if back is None else np.linalg.inv(back)
        key = (source, target)
        if key in self._between:
            self._between.move_to_end(key)
            return self._between[key]
        found = self._neighbours(source, target) if target - source == 1 else self._halves(source, target)
        self._between[key] = found
        if len(self._between) > _KNOWN:
            self._between.popitem(last=False)
        return found

    def _halves(self, source: int, target: int) -> Matrix | None:
        half = (source + target) // 2
        if target - source > _KEY:
            half = self._key(half)
        if half in (source, target):
            return self._track(source, target, np.eye(3))
        one, two = self._step(source, half), self._step(half, target)
        if one is None or two is None:
            return None
        start = two @ one
        measured = self._track(source, target, start)
        return start if measured is None else measured

    def _neighbours(self, source: int, target: int) -> Matrix | None:
        """By tracking; a jerk of the camera by its whole-picture shift first, at last by features."""
        found = self._track(source, target, np.eye(3))
        if found is None:
            found = self._track(source, target, self._shift(source, target))
        if found is None:
            ours, theirs = (find_points(self._luma(n), exclude=self._avoid(n)) for n in (source, target))
            matched = match_points(ours, theirs)
            found = None if matched is None else matched.matrix
        return found

    def _shift(self, source: int, target: int) -> Matrix:
        a, b = self._small(source), self._small(target)
        window = cv2.createHanningWindow(a.grey.shape[::-1], cv2.CV_32F)
        (x, y), _ = cv2.phaseCorrelate(a.grey.astype(np.float32), b.grey.astype(np.float32), window)
        move = np.eye(3)
        move[:2, 2] = (x / a.factor, y / a.factor)
        return move

    def _track(self, source: int, target: int, start: Matrix) -> Matrix | None:
        """The homography from *source* to *target* in whole pixels, from a first guess."""
        a, b = self._small(source), self._small(target)
        guess = _scaled(start, a.factor)
        there = _follow(a, b, guess)
        if there is None:
            return None
        moving, fixed = there
        found = fit_points(moving, fixed, b.grey.shape[:2], threshold=0.75)
        return None if found is None else _scaled(found.matrix, 1 / a.factor)

    def _small(self, frame: int) -> _Small:
        if frame in self._smalls:
            self._smalls.move_to_end(frame)
            return self._smalls[frame]
        made = _shrunk(self._luma(frame), self._avoid(frame))
        self._smalls[frame] = made
        if len(self._smalls) > _KEPT:
            self._smalls.popitem(last=False)
        return made

    def _rests(self, one: int, other: int) -> bool:
        """Whether most corners that are found again stand where they stood."""
        if one == other:
            return True
        a, b = self._small(one), self._small(other)
        found = _follow(a, b, np.eye(3))
        if found is None or len(found[0]) < max(20, len(a.corners) // 4):
            return False
        apart = np.linalg.norm(found[0] - found[1], axis=1) / a.factor
        return float(np.median(apart)) <= _STILL


def _shrunk(luma: NDArray[np.uint8], avoid: Mask) -> _Small:
    height, width = luma.shape
    factor = min(1.0, _SIDE / max(height, width))
    size = (round(width * factor), round(height * factor))
    small = luma if factor == 1.0 else cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
    grey = normalised(small).astype(np.uint8)
    hidden = np.asarray(avoid, bool)
    if factor != 1.0:
        hidden = np.asarray(cv2.resize(avoid.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > 0)
    look = np.where(hidden, 0, 255).astype(np.uint8)
    found = cv2.goodFeaturesToTrack(grey, _CORNERS, 0.01, max(3, round(max(size) / 80)), mask=look, blockSize=5)
    corners = np.zeros((0, 1, 2), np.float32) if found is None else np.asarray(found, np.float32)
    return _Small(grey, corners, hidden, factor, (height, width))


def _follow(a: _Small, b: _Small, guess: Matrix) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Corners of *a* and where they stand in *b*, those alone that come back to where they started."""
    if len(a.corners) < 8:
        return None
    height, width = b.grey.shape
    grey = a.grey
    starts = project(guess, a.corners[:, 0])
    known = not np.allclose(guess, np.eye(3))
    if known:
        # Turned and scaled as the guess says, so that patches look alike; what is measured is the rest.
        grey = np.asarray(cv2.warpPerspective(grey, guess, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)
    inside = (starts >= 2).all(axis=1) & (starts[:, 0] < width - 2) & (starts[:, 1] < height - 2)
    starts, origins = starts[inside], a.corners[inside, 0].astype(np.float64)
    if len(starts) < 8:
        return None
    levels = 3 if known else 4
    at = starts.astype(np.float32)[:, None]
    moved, good, _ = cv2.calcOpticalFlowPyrLK(grey, b.grey, at, at.copy(), winSize=(15, 15), maxLevel=levels)
    back, again, _ = cv2.calcOpticalFlowPyrLK(b.grey, grey, moved, at.copy(), winSize=(15, 15), maxLevel=levels)
    sure = (good.ravel() > 0) & (again.ravel() > 0) & (np.abs(back - at).max(axis=(1, 2)) < 0.4)
    ends = moved[:, 0].astype(np.float64)
    spots = np.rint(ends).astype(int)
    seen = (spots >= 0).all(axis=1) & (spots[:, 0] < width) & (spots[:, 1] < height)
    spots = np.clip(spots, 0, (width - 1, height - 1))
    sure &= seen & ~b.avoid[spots[:, 1], spots[:, 0]]
    return origins[sure], ends[sure]


def _scaled(matrix: Matrix, factor: float) -> Matrix:
    """A mapping between whole pictures as one between pictures resized by *factor*."""
    shift = (factor - 1) / 2
    scale = np.array([[factor, 0, shift], [0, factor, shift], [0, 0, 1]], np.float64)
    return scale @ matrix @ np.linalg.inv(scale)


def _plain(matrix: Matrix, size: tuple[int, ...]) -> Registration:
    return Registration(matrix, 0, 0, 0, 0.0, (size[0], size[1]))
