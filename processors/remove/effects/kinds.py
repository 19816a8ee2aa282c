"""What was found beside the mattes, by kind and frame."""

from __future__ import annotations

from enum import IntEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from ...mattes import grown
from ...mattes.shapes import packed, unpacked
from ...pictures.layout import Mask

_STEADY = 0.5
"""Share of the looked-at frames that must show an effect before it is one."""


class Kind(IntEnum):
    """What belongs to the thing beside its matte."""

    EDGE = 1
    SHADOW = 2
    REFLECTION = 3
    PART = 4

    @property
    def words(self) -> str:
        """For people."""
        return {1: "a soft edge", 2: "a shadow", 3: "a reflection", 4: "a part of the thing itself"}[self]


class Effects:
    """What lies beside the mattes of the looked-at frames (from 0), in the small picture."""

    def __init__(self, found: dict[int, NDArray[np.uint8]]) -> None:
        """*found*: HxW uint8 of `Kind` by frame, 0 for none."""
        self._packed = {frame: packed(kinds) for frame, kinds in found.items()}
        shown = {kind: [n for n, kinds in found.items() if (kinds == kind).any()] for kind in Kind}
        self.shares = {
            kind: float(np.mean([(kinds == kind).mean() for kinds in found.values()])) if found else 0.0
            for kind in Kind
        }
        self.kinds = {kind: frames for kind, frames in shown.items() if len(frames) >= _STEADY * max(1, len(found))}
        """The kinds that are steady, with the frames that show them."""

    @property
    def frames(self) -> list[int]:
        """The frames that were looked at."""
        return sorted(self._packed)

    def small(self, frame: int) -> NDArray[np.uint8]:
        """HxW uint8 of the steady `Kind`s of a looked-at frame."""
        kinds = unpacked(self._packed[frame])
        return np.asarray(np.where(np.isin(kinds, [int(kind) for kind in self.kinds]), kinds, 0), np.uint8)

    def mask(self, frame: int, size: tuple[int, int]) -> Mask | None:
        """All steady kinds of a frame at (height, width) *size*, a little widened; None for none."""
        if frame not in self._packed:
            return None
        wanted = self.small(frame) > 0
        if not wanted.any():
            return None
        wide = grown(wanted, 2).astype(np.uint8) * 255
        return np.asarray(cv2.resize(wide, size[::-1], interpolation=cv2.INTER_LINEAR) > 127)
