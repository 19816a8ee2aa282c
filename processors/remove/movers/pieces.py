"""Movers as pieces that go their way as a whole: what each is, how fast it goes, how far it has gone.

Pixels and frames are the scene's; a piece's velocity is beyond the camera's motion.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ...threads import once
from .piece import Piece
from .scene import Scene
from .ways import Ways

_LEAST = 30
"""Pixels below which a piece is a speck."""
_HISTORY = 10
"""Frames over which a velocity is measured: about a stride."""
_GONE = 0.5
"""Share of a piece that must still be seen while it is followed."""
_WALKS = 0.5
"""Share of its shorter side by which a piece must have gone to have gone anywhere."""
_DRIFT = 0.2
"""Share of the way that was seen by which it may be measured wrongly."""


class Pieces:
    """The pieces of a scene's movers, found and followed when first asked for."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._ways = Ways(scene, self.of)

    @once
    def of(self, frame: int) -> tuple[NDArray[np.int32], list[Piece]]:
        """Labels (h, w), 0 for nobody, and the pieces of *frame*."""
        firm = (self._scene.alpha(frame) > 0.5).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(firm, connectivity=8)
        found = []
        for label in range(1, count):
            left, top, width, height, area = stats[label]
            if area >= _LEAST:
                box = (slice(top, top + height), slice(left, left + width))
                mask = (labels[box] == label).astype(np.float32)
                found.append(Piece(frame, label, int(top), int(left), mask))
        return np.asarray(labels, np.int32), found

    def gone(self, piece: Piece, frame: int) -> tuple[tuple[float, float], float]:
        """How far *piece* has gone until *frame*, and by how many pixels that may be wrong.

        Somebody who goes somewhere is followed step by step. Who moves less than his own width may as well bend or
        swing a leg, and steps would carry all of him along: there the mean of his flow is the better guess.
        """
        if self._ways.stride(piece) > _WALKS * min(piece.mask.shape):
            way, blind = self._ways.gone(piece, frame)
            return way, blind + _DRIFT * float(np.hypot(*way))
        speed = self.velocity(piece, 1 if piece.frame > frame else -1)
        gone = (speed[0] * (frame - piece.frame), speed[1] * (frame - piece.frame))
        return gone, float(np.hypot(*gone))

    @once
    def velocity(self, piece: Piece, step: int) -> tuple[float, float]:
        """Mean pixels a frame, forward in time, over the frames from the piece's own on in direction *step*."""
        scene, number = self._scene, piece.frame
        rows, columns = np.nonzero(piece.mask)
        x, y = columns + np.float32(piece.left), rows + np.float32(piece.top)
        total, count = np.zeros(2), 0
        while count < _HISTORY and scene.holds(number + step):
            flow, weight = scene.flow(number, step)
            ix, iy = np.rint(x).astype(int), np.rint(y).astype(int)
            within = (ix >= 0) & (iy >= 0) & (ix < weight.shape[1]) & (iy < weight.shape[0])
            ix, iy = ix[within], iy[within]
            firm = (weight[iy, ix] > 0.1) & (scene.alpha(number)[iy, ix] > 0.5)
            if firm.sum() < _GONE * len(x):
                break
            moved = np.median(flow[iy[firm], ix[firm]], axis=0)
            total, count = total + step * moved, count + 1
            x, y, number = x + moved[0], y + moved[1], number + step
        if not count:
            ahead = self._ways.flow(piece, step)
            return ahead[0] * step, ahead[1] * step
        return float(total[0] / count), float(total[1] / count)
