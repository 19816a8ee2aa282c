"""How the shot's own frames lie over each other: the camera's motion, by homographies.

Every frame is matched to a key frame near it, and key frames to each other, so that any two frames
are at most three matches apart and errors do not add up along the shot.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from ...pictures.layout import Mask
from ...register import Matrix, Points, Registration, find_points, match_points

_KEY = 6
_POINTS = 1500
_STILL = 0.6
"""Pixels that the surest features may wander in a shot whose camera counts as standing still."""


class Camera:
    """The registrations between frames of one shot, found when asked for and kept."""

    def __init__(
        self,
        luma: Callable[[int], np.ndarray],
        avoid: Callable[[int], Mask],
        span: Callable[[int], tuple[int, int]],
    ) -> None:
        """*luma* gives a frame's uint8 luma, *avoid* where not to look, *span* the shot around a frame."""
        self._luma, self._avoid, self._span = luma, avoid, span
        self._points: dict[int, Points] = {}
        self._between: dict[tuple[int, int], Matrix | None] = {}
        self._still: dict[tuple[int, int], bool] = {}

    def still(self, frame: int) -> bool:
        """Whether the camera stands still through the whole shot around *frame*."""
        span = self._span(frame)
        if span not in self._still:
            first, last = span
            spots = sorted({round(first + share * (last - first)) for share in (0.0, 0.25, 0.5, 0.75, 1.0)})
            self._still[span] = all(self._rests(spots[0], spot) for spot in spots[1:])
        return self._still[span]

    def onto(self, source: int, target: int) -> Registration | None:
        """Maps *source*'s pixels to *target*'s; None where the two do not hang together."""
        size = self._luma(target).shape
        if source == target or self.still(target):
            return _plain(np.eye(3), size)
        there, here = self._key(source), self._key(target)
        first, middle, last = self._pair(source, there), self._hop(there, here), self._pair(here, target)
        if first is None or middle is None or last is None:
            return None
        return _plain(last @ middle @ first, size)

    def _key(self, frame: int) -> int:
        start, end = self._span(frame)
        return min(start + round((frame - start) / _KEY) * _KEY, end)

    def _hop(self, source: int, target: int) -> Matrix | None:
        """Between key frames: at once where they still share enough, else over the one halfway."""
        direct = self._pair(source, target)
        if direct is not None or abs(source - target) <= _KEY:
            return direct
        half = self._key((source + target) // 2)
        if half in (source, target):
            return None
        one, two = self._hop(source, half), self._hop(half, target)
        return None if one is None or two is None else two @ one

    def _pair(self, source: int, target: int) -> Matrix | None:
        if source == target:
            return np.eye(3)
        key = (source, target)
        if key not in self._between:
            found = match_points(self._features(source), self._features(target))
            self._between[key] = None if found is None else found.matrix
            self._between[target, source] = None if found is None else np.linalg.inv(found.matrix)
        return self._between[key]

    def _features(self, frame: int) -> Points:
        if frame not in self._points:
            self._points[frame] = find_points(self._luma(frame), exclude=self._avoid(frame), limit=_POINTS)
        return self._points[frame]

    def _rests(self, one: int, other: int) -> bool:
        """Whether most features that look alike in both frames stand where they stood."""
        if one == other:
            return True
        a, b = self._features(one), self._features(other)
        if min(len(a.at), len(b.at)) < 20:
            return False
        pairs = cv2.BFMatcher(cv2.NORM_L2, crossCheck=True).match(a.descriptors, b.descriptors)
        close = sorted(pairs, key=lambda pair: pair.distance)[: max(20, len(pairs) // 3)]
        apart = [np.linalg.norm(a.at[pair.queryIdx] - b.at[pair.trainIdx]) for pair in close]
        return float(np.median(apart)) <= _STILL


def _plain(matrix: Matrix, size: tuple[int, ...]) -> Registration:
    return Registration(matrix, 0, 0, 0, 0.0, (size[0], size[1]))
