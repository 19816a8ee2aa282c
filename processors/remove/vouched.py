"""Which frames are known not to show the thing that is removed, but where their mattes say.

A matte vouches for its frame. A frame without one is vouched for where the nearest mattes begin and end
with the thing's coming and going: at the edge of the picture, and not found in the next frame. Anything
else may as well have been matted in a part of the shot only.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from ..pictures.layout import Image, Mask
from .holes import Region, region_of
from .sources.camera import Camera
from .sources.membrane import ring_of
from .sources.unmatted import depth, distance, found_again, tolerance

_FOUND = 0.3
"""Share of the inner hole that the next frame must show before the thing is still there."""


class Vouched:
    """Answers, kept, for one shot."""

    def __init__(
        self,
        standing: Callable[[int], Mask],
        span: Callable[[int], tuple[int, int]],
        rgb: Callable[[int], Image],
        camera: Camera,
    ) -> None:
        """*standing* gives a frame's matte, *span* the shot around a frame, *rgb* the whole plate frame."""
        self._standing, self._span, self._rgb, self._camera = standing, span, rgb, camera
        self._matted: dict[int, bool] = {}
        self._nearest: dict[tuple[int, int], int | None] = {}
        self._gone: dict[tuple[int, int], bool] = {}

    def of(self, frame: int) -> bool:
        """Whether *frame* shows the thing only where its matte says."""
        if self._has_matte(frame):
            return True
        return self._gone_since(frame, -1) and self._gone_since(frame, 1)

    def _has_matte(self, frame: int) -> bool:
        if frame not in self._matted:
            self._matted[frame] = bool(self._standing(frame).any())
        return self._matted[frame]

    def _gone_since(self, frame: int, step: int) -> bool:
        """Whether the nearest frame with a matte, going by *step*, holds the thing as it comes or goes; true
        without one."""
        end = self._next_matted(frame, step)
        if end is None:
            return True
        if (end, -step) not in self._gone:
            self._gone[end, -step] = self._leaves(end, end - step)
        return self._gone[end, -step]

    def _next_matted(self, frame: int, step: int) -> int | None:
        first, last = self._span(frame)
        passed, number = [], frame
        while (number, step) not in self._nearest:
            passed.append(number)
            number += step
            if not first <= number <= last or self._has_matte(number):
                found = number if first <= number <= last else None
                break
        else:
            found = self._nearest[number, step]
        self._nearest |= {(one, step): found for one in passed}
        return found

    def _leaves(self, end: int, beyond: int) -> bool:
        hole = self._standing(end)
        edge = hole.copy()
        edge[1:-1, 1:-1] = False
        region = region_of(hole)
        return bool(region is not None and edge.any() and not self._found(end, beyond, hole, region))

    def _found(self, end: int, beyond: int, hole: Mask, region: Region) -> bool:
        """Whether frame *beyond* shows somewhere near what the hole of *end* holds."""
        registration = self._camera.onto(beyond, end)
        if registration is None:
            return True
        move = np.eye(3)
        move[:2, 2] = (-region.x, -region.y)
        size = (region.width, region.height)
        there = np.asarray(cv2.warpPerspective(self._rgb(beyond), move @ registration.matrix, size), np.float32)
        here, hidden = self._rgb(end)[region.window], hole[region.window]
        limit = tolerance(distance(here, there), ring_of(hidden, gap=2, width=16))
        same = found_again(here, there, limit, max(size))
        deep = depth(hidden)
        return float((deep * same).sum()) > _FOUND * float(deep.sum())
