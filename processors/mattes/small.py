"""A plate made small for following something through it: frames, cuts and the camera's motion."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..pictures import Plate
from ..survey.cuts import Cuts

SIDE = 480
"""Longest side of the small frames in pixels."""
_CORNERS = 400


@dataclass(frozen=True)
class Window:
    """A rectangle of a small frame: left, top, right, bottom in pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns, for indexing."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @classmethod
    def around(cls, mask: NDArray[np.bool_], share: float, least: int) -> Window:
        """The bounds of *mask* with a margin of *share* of its size, *least* pixels at least."""
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        height, width = mask.shape
        x = max(least, round(share * (columns[-1] - columns[0] + 1)))
        y = max(least, round(share * (rows[-1] - rows[0] + 1)))
        return cls(
            max(0, int(columns[0]) - x),
            max(0, int(rows[0]) - y),
            min(width, int(columns[-1]) + 1 + x),
            min(height, int(rows[-1]) + 1 + y),
        )


class SmallClip:
    """Frames `first`..`last` of a plate (from 0) as small uint8 RGB, on disk, so that length costs no memory."""

    def __init__(self, plate: Plate, first: int, last: int, folder: Path) -> None:
        width, height = plate.video.width, plate.video.height
        self.factor = min(1.0, SIDE / max(width, height))
        size = (max(16, round(width * self.factor)), max(16, round(height * self.factor)))
        self.first, self.last, self.size = first, last, (size[1], size[0])
        folder.mkdir(parents=True, exist_ok=True)
        shape = (last - first + 1, *self.size, 3)
        self._frames = np.lib.format.open_memmap(folder / "small.npy", "w+", np.uint8, shape)
        cuts = Cuts(plate.video.rate)
        for picture in plate.read(first, last):
            small = cv2.resize(picture.rgb(), size, interpolation=cv2.INTER_AREA)
            self._frames[picture.frame - first] = np.clip(small * 255 + 0.5, 0, 255).astype(np.uint8)
            cuts.feed(np.ascontiguousarray(self._frames[picture.frame - first]))
        self.cuts = [first + cut for cut in cuts.found if 0 < cut <= last - first]

    def rgb(self, frame: int) -> NDArray[np.uint8]:
        """One small frame."""
        return np.asarray(self._frames[frame - self.first])

    def grey(self, frame: int) -> NDArray[np.uint8]:
        """Its luma."""
        return np.asarray(cv2.cvtColor(self.rgb(frame), cv2.COLOR_RGB2GRAY), np.uint8)

    def span(self, frame: int) -> tuple[int, int]:
        """First and last frame of the shot around *frame*."""
        start = max([cut for cut in self.cuts if cut <= frame], default=self.first)
        end = min([cut for cut in self.cuts if cut > frame], default=self.last + 1) - 1
        return start, end

    def onto(self, source: int, target: int) -> NDArray[np.float64]:
        """The camera's homography from *source* to *target*, both of one shot."""
        return np.asarray(np.linalg.inv(self._camera[target - self.first]) @ self._camera[source - self.first])

    @cached_property
    def _camera(self) -> list[NDArray[np.float64]]:
        """For every frame the homography onto the first frame of its shot, chained from frame to frame."""
        chain = [np.eye(3)]
        before = self.grey(self.first)
        for frame in range(self.first + 1, self.last + 1):
            grey = self.grey(frame)
            chain.append(np.eye(3) if frame in self.cuts else chain[-1] @ np.linalg.inv(_step(before, grey)))
            before = grey
        return chain


def _step(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The homography that most corners follow from one frame to the next; none where too few do."""
    corners = cv2.goodFeaturesToTrack(before, _CORNERS, 0.005, 6)
    if corners is None or len(corners) < 20:
        return np.eye(3)
    start = np.zeros_like(corners)
    there, found, _ = cv2.calcOpticalFlowPyrLK(before, after, corners, start, winSize=(15, 15), maxLevel=4)
    back, again, _ = cv2.calcOpticalFlowPyrLK(after, before, there, start.copy(), winSize=(15, 15), maxLevel=4)
    kept = (found.ravel() > 0) & (again.ravel() > 0) & (np.abs(back - corners).reshape(-1, 2).max(axis=1) < 0.7)
    if kept.sum() < 16:
        return np.eye(3)
    cv2.setRNGSeed(1001)  # the same pictures must give the same answer
    matrix, _ = cv2.findHomography(corners[kept], there[kept], cv2.USAC_MAGSAC, 1.0, maxIters=1000, confidence=0.999)
    return np.eye(3) if matrix is None else np.asarray(matrix, np.float64)
