"""A clip's frames in memory, the last used ones kept: at their own size and at parts of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..pictures import Picture, Plate
from ..pictures.layout import Mask
from ..pictures.mix import in_16_bits
from .sources.lay import UNIT, shut

_KEPT_BYTES = 500_000_000
_REDUCED_BYTES, _SHUT_BYTES = 250_000_000, 60_000_000
_PASSED = 40
"""Frames that are decoded and kept on the way to a later one, rather than sought over."""


class Frames:
    """A clip's frames, the last used ones kept in memory as native planes."""

    def __init__(self, plate: Plate) -> None:
        self.plate = plate
        size = max(1, sum(c.shape(plate.video.width, plate.video.height)[0]
                          * c.shape(plate.video.width, plate.video.height)[1] * plate.layout.dtype.itemsize
                          for c in plate.layout.channels))  # fmt: skip
        self._most = max(4, _KEPT_BYTES // size)
        self._kept: OrderedDict[int, Picture] = OrderedDict()
        self._next = 0
        self._lock = Lock()

    def at(self, frame: int) -> Picture:
        """One frame; going on in order is cheap, and what is passed on the way is kept. From any thread."""
        with self._lock:
            if frame not in self._kept:
                first = self._next if 0 <= frame - self._next < min(_PASSED, self._most // 2) else frame
                for picture in self.plate.read(first, frame):
                    self._kept[picture.frame] = picture
                self._next = frame + 1
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(frame)
            return self._kept[frame]


class Reduced:
    """Frames at a part of their size, the last used ones kept. From any thread."""

    def __init__(self, frames: Frames, standing: Callable[[int], Mask]) -> None:
        """*standing* gives the matte of a whole frame."""
        self._frames, self._standing = frames, standing
        self._pictures = _Kept(_REDUCED_BYTES)
        self._mattes = _Kept(_SHUT_BYTES)

    def of(self, frame: int, divisor: int) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
        """RGB (1.0 = `UNIT`) and luma."""
        rgb, luma = self._pictures.of((frame, divisor), lambda: self._made(frame, divisor))
        return rgb, luma

    def shut(self, frame: int, divisor: int) -> Mask:
        """Where the frame must not be used as a source."""
        return self._mattes.of((frame, divisor), lambda: (shut(self._standing(frame), divisor),))[0]

    def forget_mattes(self) -> None:
        """Ask for them again: they have become others."""
        self._mattes = _Kept(_SHUT_BYTES)

    def _made(self, frame: int, divisor: int) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
        picture = self._frames.at(frame).reduced(divisor)
        return in_16_bits(picture.rgb(), UNIT), picture.luma()


class _Kept:
    """Arrays of the frames that were last asked for, up to so many bytes."""

    def __init__(self, most: int) -> None:
        self._most, self._bytes = most, 0
        self._kept: OrderedDict[tuple[int, int], tuple[NDArray[Any], ...]] = OrderedDict()
        self._lock = Lock()

    def of(self, key: tuple[int, int], make: Callable[[], tuple[NDArray[Any], ...]]) -> tuple[NDArray[Any], ...]:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            made = self._kept[key] = make()
            self._bytes += _bytes(made)
            while self._bytes > self._most and len(self._kept) > 1:
                self._bytes -= _bytes(self._kept.popitem(last=False)[1])
            return made


def _bytes(arrays: tuple[NDArray[Any], ...]) -> int:
    return sum(array.nbytes for array in arrays)
