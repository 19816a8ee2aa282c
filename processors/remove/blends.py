"""Fades and dissolves inside a plate: where one shot becomes another without a cut.

A dissolve is found by what defines it: each picture is the mean of those some frames before and after
it, though these two show different things. A shot's own change of exposure passes that test too, but
its pictures correlate; it is no boundary, and sources are fitted to it. A fade's boundary is its flat
(black or white) picture.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

_REACH = 5
"""Frames before and after a picture of which it is the mean."""
_SIZE = (64, 36)
_FLAT = 3.0
"""Deviation of luma (0..255) over a picture that shows nothing."""
_CHANGE = 5.0
"""Mean difference of luma across a dissolve's part; less is motion or noise."""
_MEAN = 0.25
"""Distance to the mean, as a share of that difference."""
_ALIKE = 0.9
"""Correlation from which two pictures count as the same view in another light."""
_LEAST = 4
"""Frames in a row."""


@dataclass
class Blends:
    """Feed the luma of every picture in order; `bounds` are the frames at which something new begins."""

    _recent: deque[NDArray[np.float32]] = field(default_factory=lambda: deque(maxlen=2 * _REACH + 1))
    _blended: list[int] = field(default_factory=list)
    _flat: list[int] = field(default_factory=list)
    _frame: int = 0

    def feed(self, luma: NDArray[np.uint8]) -> None:
        """The next picture's luma, any size that stays the same."""
        small = np.asarray(cv2.resize(luma, _SIZE, interpolation=cv2.INTER_AREA), np.float32)
        self._recent.append(small)
        if small.std() < _FLAT:
            self._flat.append(self._frame)
        if len(self._recent) == 2 * _REACH + 1 and _blended(*(self._recent[i] for i in (0, _REACH, -1))):
            self._blended.append(self._frame - _REACH)
        self._frame += 1

    @property
    def bounds(self) -> list[int]:
        """First frames of dissolves and of what follows them; the same of runs of flat frames."""
        spans = [(a - _REACH, b + _REACH) for a, b in _runs(self._blended, gap=2) if b - a + 1 >= _LEAST]
        spans += _runs(self._flat, gap=1)
        edges = {edge for first, last in spans for edge in (first, last + 1)}
        return sorted(edge for edge in edges if 0 < edge < self._frame)


def _blended(before: NDArray[np.float32], here: NDArray[np.float32], after: NDArray[np.float32]) -> bool:
    change = float(np.abs(after - before).mean())
    if change < _CHANGE or min(before.std(), after.std()) < _FLAT:
        return False
    if float(np.corrcoef(before.ravel(), after.ravel())[0, 1]) > _ALIKE:
        return False
    return float(np.abs(here - (before + after) / 2).mean()) < _MEAN * change


def _runs(frames: list[int], *, gap: int) -> list[tuple[int, int]]:
    """First and last of frames that lie at most *gap* apart."""
    out: list[tuple[int, int]] = []
    for frame in frames:
        if out and frame - out[-1][1] <= gap:
            out[-1] = (out[-1][0], frame)
        else:
            out.append((frame, frame))
    return out
