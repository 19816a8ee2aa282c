"""Whether a fix took out what it was to take out: what is matted in a part of a shot comes back from the rest.

A place of the scene that a run of mattes covers is kept where the fill, from frames that nothing vouches
for (`vouched`), shows in all of the run what the plate shows there, or nearly there: whoever stands still
sways a little. On the rim that is plain background, deep inside it is the thing. A passer-by in a matte
with much room changes each place in some frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Mask
from ...pictures.sheets import spread
from ...register import Matrix
from ..fill import RIM, Fill, Origin
from ..shot import Shot
from ..sources.membrane import ring_of
from ..sources.unmatted import depth, distance, found_again, thickness, tolerance

NOTHING, PARTLY = 0.85, 0.67
"""Share of the inner hole kept in a whole run, from which nothing was taken out, and from which too much is left."""
_CHANGED = 0.03
"""Share of a place's frames in which it may change by chance."""
_SOLID = 0.25
"""What changes counts when it is as thick as this share of the hole: edges, and hands that move a little, do not."""
_ASKED = 40
"""Frames of a run that are asked, at most."""
_SIDE = 480
"""Longer side of the frame at which places are compared."""


def kept_runs(shot: Shot, fills: Sequence[int], load: Callable[[int], Fill | None]) -> dict[tuple[int, int], float]:
    """By first and last of every run of *fills* (frames, in order): the share (0..1) of the inner hole that is kept."""
    return {(run[0], run[-1]): share for run in _runs(shot, fills) if (share := _kept(shot, run, load)) > 0}


def _runs(shot: Shot, frames: Sequence[int]) -> list[list[int]]:
    """Consecutive frames of one shot."""
    found: list[list[int]] = []
    for frame in frames:
        if found and frame == found[-1][-1] + 1 and shot.span(frame) == shot.span(found[-1][-1]):
            found[-1].append(frame)
        else:
            found.append([frame])
    return found


def _kept(shot: Shot, run: Sequence[int], load: Callable[[int], Fill | None]) -> float:
    """The share of the inner hole that is kept in a run, by places of the scene as its middle frame sees them."""
    middle, places = run[len(run) // 2], _Places(shot)
    for frame in spread(run, _ASKED):
        fill, registration = load(frame), shot.camera.onto(frame, middle)
        if fill is not None and registration is not None:
            places.add(fill, registration.matrix)
    return places.kept


class _Places:
    """Places around one frame, with twice its width and height, at a small size."""

    def __init__(self, shot: Shot) -> None:
        self._shot = shot
        height, width = shot.plate.video.height, shot.plate.video.width
        self._factor = min(1.0, _SIDE / max(height, width))
        self._shape = (round(2 * height * self._factor), round(2 * width * self._factor))
        self._counts, self._visits, self._changes = (np.zeros(self._shape, np.float32) for _ in range(3))

    def add(self, fill: Fill, onto: Matrix) -> None:
        """One frame's fill, *onto* being the way of its pixels to the middle frame."""
        deep, kept = self._seen(fill)
        move = np.eye(3)
        move[:2, 2] = (fill.region.x, fill.region.y)
        centred = np.diag([self._factor, self._factor, 1.0])
        centred[:2, 2] = (self._shape[1] / 4, self._shape[0] / 4)
        matrix = centred @ onto @ move
        maps = np.dstack([deep, deep > 0, (deep > 0) & ~kept]).astype(np.float32)
        laid = np.asarray(cv2.warpPerspective(maps, matrix, self._shape[::-1], flags=cv2.INTER_LINEAR), np.float32)
        self._counts += laid[..., 0]
        self._visits += laid[..., 1] > 0.5
        self._changes += laid[..., 2] > 0.5

    @property
    def kept(self) -> float:
        """Share of all places, the inner ones counting most, that hardly ever change."""
        total = float(self._counts.sum())
        return float(self._counts[self._changes <= _CHANGED * self._visits].sum()) / total if total else 0.0

    def _seen(self, fill: Fill) -> tuple[NDArray[np.float32], Mask]:
        """How much each pixel of a hole counts, and where frames that nothing vouches for show what was there."""
        hole = self._shot.matte(fill.frame, fill.region)
        told = fill.trace[..., 0]
        sources = np.unique(told[np.isfinite(told) & hole]).astype(int)
        unsure = [number for number in sources if not self._shot.vouched(number)]
        doubtful = np.isin(fill.origin, (Origin.OWN, Origin.MOVER)) & np.isin(told, unsure)
        if not doubtful.any():
            return depth(hole), doubtful
        plate = self._shot.frames.at(fill.frame).crop(*fill.region.bounds).rgb()
        limit = tolerance(distance(plate, fill.image), ring_of(hole, gap=3, width=RIM - 3))
        thick = thickness(hole)
        same = found_again(plate, fill.image, limit, thick)
        radius = max(2, round(_SOLID * thick))
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)
        changed = cv2.morphologyEx((hole & ~(doubtful & same)).astype(np.uint8), cv2.MORPH_OPEN, disc)
        return depth(hole), hole & (changed == 0)
