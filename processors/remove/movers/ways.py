"""The ways of pieces: where each stands in the next frame, and so on for as long as it is seen.

Flow loses somebody small who goes fast; looking for the whole of him does not.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from ...threads import once
from .piece import Piece, placed
from .scene import Scene

_FARTHEST = 24
"""Frames over which a piece is followed at most."""
_HISTORY = 10
"""Frames whose mean pace somebody keeps who is not seen any more: about a stride."""
_SEEN = 0.5
"""Share of a piece that must be seen, and be moving, where it went."""
_STRIDE = 20.0
"""Pixels a frame that a piece may go beyond what its flow says, by halves: see `placed`."""

Way = tuple[float, float]


class Ways:
    """How far pieces have gone beyond the camera's motion, x then y. *pieces_of* gives a frame's labels and pieces."""

    def __init__(self, scene: Scene, pieces_of: Callable[[int], tuple[NDArray[np.int32], list[Piece]]]) -> None:
        self._scene, self._pieces_of = scene, pieces_of

    def gone(self, piece: Piece, frame: int) -> tuple[Way, float]:
        """How far *piece* has gone until *frame*, and how many pixels of that way nobody saw.

        Where it is not seen any more it keeps the pace of the frames just before.
        """
        step, count = (1 if frame > piece.frame else -1), abs(frame - piece.frame)
        way = self._way(piece, step, count)
        left = count - (len(way) - 1)
        if not left:
            return way[-1], 0.0
        pace = self._pace(piece, step, way)
        blind = (pace[0] * left, pace[1] * left)
        return (way[-1][0] + blind[0], way[-1][1] + blind[1]), float(np.hypot(*blind))

    def stride(self, piece: Piece) -> float:
        """Pixels that *piece* goes in the course of a stride, by the frames before and after it."""
        ahead, back = self._way(piece, 1, _HISTORY), self._way(piece, -1, _HISTORY)
        count = len(ahead) + len(back) - 2
        apart = (ahead[-1][0] - back[-1][0], ahead[-1][1] - back[-1][1])
        return float(np.hypot(*apart)) * _HISTORY / max(count, 1)

    def _way(self, piece: Piece, step: int, count: int) -> list[Way]:
        """How far the piece has gone after 0, 1, 2... frames in direction *step*: *count* if it is seen so long."""
        found, here = [(0.0, 0.0)], piece
        while len(found) <= min(count, _FARTHEST):
            there = self._step(here, step)
            if there is None:
                break
            (x, y), here = there
            found.append((found[-1][0] + x, found[-1][1] + y))
        return found

    def _pace(self, piece: Piece, step: int, way: list[Way]) -> Way:
        """Mean pixels a frame in direction *step* over the frames before the end of its *way*."""
        seen = len(way) - 1
        back = self._way(piece, -step, max(0, _HISTORY - seen))
        start = way[seen - _HISTORY] if seen >= _HISTORY else back[-1]
        count = min(_HISTORY, seen + len(back) - 1)
        if not count:
            return self.flow(piece, step)
        return (way[-1][0] - start[0]) / count, (way[-1][1] - start[1]) / count

    @once
    def _step(self, piece: Piece, step: int) -> tuple[Way, Piece] | None:
        """Pixels to the next frame in direction *step*, and the piece that stands there; None where too little is
        seen of it."""
        return self._looked_for(piece, step) if self._scene.holds(piece.frame + step) else None

    def _looked_for(self, piece: Piece, step: int) -> tuple[Way, Piece] | None:
        scene, number = self._scene, piece.frame + step
        camera = scene.carried(piece.frame, step, piece.box).mean(axis=(0, 1))
        flow = self.flow(piece, step)
        rest = (piece.left + float(camera[0]), piece.top + float(camera[1]))
        plate, ground, seen = scene.rgb(number), scene.ground(number), ~scene.hidden(number)
        own = np.ascontiguousarray(scene.rgb(piece.frame)[piece.box])
        at_x, at_y = placed(own, piece.mask, (rest[0] + flow[0], rest[1] + flow[1]), plate, ground, seen, _STRIDE)
        move = np.array([[1, 0, at_x], [0, 1, at_y]], np.float64)
        there = cv2.warpAffine(piece.mask, move, seen.shape[::-1], flags=cv2.INTER_NEAREST) > 0
        follower = self._most_of(number, there & seen, float(piece.mask.sum()))
        return None if follower is None else ((at_x - rest[0], at_y - rest[1]), follower)

    def _most_of(self, number: int, shown: NDArray[np.bool_], whole: float) -> Piece | None:
        """The piece of frame *number* that most of *shown* belongs to; None where too little of it is shown."""
        labels, pieces = self._pieces_of(number)
        counts = np.bincount(labels[shown], minlength=int(labels.max()) + 1)
        best = max(pieces, key=lambda one: int(counts[one.label]), default=None)
        if best is None or shown.sum() < _SEEN * whole or counts[best.label] < _SEEN * shown.sum():
            return None
        return best

    def flow(self, piece: Piece, step: int) -> Way:
        """Pixels to the next frame in direction *step* by whatever flow the piece has."""
        scene = self._scene
        for way in (step, -step):
            if scene.holds(piece.frame + way):
                flow, weight = scene.flow(piece.frame, way)
                firm = weight[piece.box] * piece.mask
                if firm.sum() > 1:
                    mean = (flow[piece.box] * firm[..., None]).sum(axis=(0, 1)) / firm.sum() * way * step
                    return float(mean[0]), float(mean[1])
        return 0.0, 0.0
