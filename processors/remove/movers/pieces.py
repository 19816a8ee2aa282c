"""Movers as pieces that go their way as a whole: what each is, how fast it goes, where it stands in another frame.

Pixels and frames are the scene's; a piece's velocity is beyond the camera's motion.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Image
from .motion import Field, grid, nearest
from .piece import Piece, placed
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
_OUTSIDE = -1e4
"""A coordinate that no picture has."""


class Pieces:
    """The pieces of a scene's movers, found and followed when first asked for."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._pieces: dict[int, tuple[NDArray[np.int32], list[Piece]]] = {}
        self._ways = Ways(scene, self.of)
        self._frame = -1
        self._stood: dict[int, tuple[NDArray[np.int32], Field, Field | None]] = {}
        self._speed: dict[tuple[int, int, int], tuple[float, float]] = {}

    def of(self, frame: int) -> tuple[NDArray[np.int32], list[Piece]]:
        """Labels (h, w), 0 for nobody, and the pieces of *frame*."""
        if frame not in self._pieces:
            alpha = self._scene.alpha(frame)
            firm = (alpha > 0.5).astype(np.uint8)
            count, labels, stats, _ = cv2.connectedComponentsWithStats(firm, connectivity=8)
            found = []
            for label in range(1, count):
                left, top, width, height, area = stats[label]
                if area >= _LEAST:
                    box = (slice(top, top + height), slice(left, left + width))
                    mask = (labels[box] == label).astype(np.float32)
                    found.append(Piece(frame, label, int(top), int(left), mask))
            self._pieces[frame] = (np.asarray(labels, np.int32), found)
        return self._pieces[frame]

    def velocity(self, piece: Piece, step: int) -> tuple[float, float]:
        """Mean pixels a frame, forward in time, over the frames from the piece's own on in direction *step*."""
        key = (piece.frame, piece.label, step)
        if key not in self._speed:
            self._speed[key] = self._followed(piece, step)
        return self._speed[key]

    def seen_from(self, frame: int, number: int, window: tuple[slice, slice]) -> tuple[Field, Field, NDArray[np.int32]]:
        """Where each pixel of a *window* of *frame* lies in *number*, whose pieces have gone their way meanwhile,
        and (h, w) the label of the piece that it goes with, the nearest; 0 where there are none."""
        stands, offsets, shift = self._standing(frame, number)
        own = nearest(stands)[window]
        x, y = _back(offsets[own], window, shift)
        return x, y, own

    def astray(self, frame: int, number: int, window: tuple[slice, slice], x: Field, y: Field) -> Field:
        """(h, w) how many pixels *x*, *y* in *number*, taken for what stands in a *window* of *frame*, lie off the
        place that the piece they show has come from: one body stands in one place."""
        labels, pieces = self.of(number)
        _, offsets, shift = self._standing(frame, number)
        whole = np.zeros(len(offsets), bool)
        whole[[one.label for one in pieces]] = True
        there = cv2.remap(labels.astype(np.float32), x, y, cv2.INTER_NEAREST).astype(np.int32)
        from_x, from_y = _back(offsets[there], window, shift)
        return np.asarray(np.hypot(x - from_x, y - from_y) * whole[there], np.float32)

    def _standing(self, frame: int, number: int) -> tuple[NDArray[np.int32], Field, Field | None]:
        """What `_stand` says, and the camera's own motion from *frame* to *number*; kept for one *frame*."""
        if self._frame != frame:
            self._frame, self._stood = frame, {}
        if number not in self._stood:
            scene = self._scene
            shift = scene.between(frame, number)
            rgb, labels = scene.rgb(number), self.of(number)[0]
            if shift is not None:
                x, y = grid(*scene.shape)
                x, y = x + shift[..., 0], y + shift[..., 1]
                rgb = np.asarray(cv2.remap(rgb, x, y, cv2.INTER_LINEAR), np.float32)
                labels = cv2.remap(labels.astype(np.float32), x, y, cv2.INTER_NEAREST).astype(np.int32)
            self._stood[number] = (*self._stand(frame, number, rgb, labels), shift)
        return self._stood[number]

    def _stand(self, frame: int, number: int, rgb: Image, labels: NDArray[np.int32]) -> tuple[NDArray[np.int32], Field]:
        """(h, w) the labels of the pieces of *number* where they stand in *frame*, and how far each went, by label.

        *rgb* and *labels* are *number*'s, as the camera of *frame* would see them.
        """
        scene = self._scene
        still, known = scene.still(frame)
        plate, seen = scene.rgb(frame), ~scene.hidden(frame)
        ground = np.asarray(np.where(known[..., None], still, plate), np.float32)
        stands = np.zeros(labels.shape, np.int32)
        offsets = np.zeros((int(self.of(number)[0].max()) + 1, 2), np.float32)
        for piece in self.of(number)[1]:
            mask = (labels == piece.label).astype(np.uint8)
            left, top, wide, tall = cv2.boundingRect(mask)
            if not wide:
                continue
            box = (slice(top, top + tall), slice(left, left + wide))
            (x, y), unsure = self._gone(piece, frame)
            own = mask[box].astype(np.float32)
            at_x, at_y = placed(np.ascontiguousarray(rgb[box]), own, (left + x, top + y), plate, ground, seen, unsure)
            offsets[piece.label] = (at_x - left, at_y - top)
            move = np.array([[1, 0, at_x], [0, 1, at_y]], np.float64)
            there = cv2.warpAffine(own, move, labels.shape[::-1], flags=cv2.INTER_LINEAR) > 0.5
            stands[there] = piece.label
        return stands, offsets

    def _gone(self, piece: Piece, frame: int) -> tuple[tuple[float, float], float]:
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

    def _followed(self, piece: Piece, step: int) -> tuple[float, float]:
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


def _back(offsets: Field, window: tuple[slice, slice], shift: Field | None) -> tuple[Field, Field]:
    """x and y (h, w) from where each pixel of a *window* came, (h, w, 2) *offsets* and then the camera undone."""
    x, y = grid(*offsets.shape[:2])
    x = x + window[1].start - offsets[..., 0]
    y = y + window[0].start - offsets[..., 1]
    if shift is None:
        return x, y
    rest_x, rest_y = grid(*shift.shape[:2])
    whole = np.dstack([rest_x + shift[..., 0], rest_y + shift[..., 1]])
    both = cv2.remap(whole, x, y, cv2.INTER_LINEAR, borderValue=(_OUTSIDE, _OUTSIDE))
    return np.ascontiguousarray(both[..., 0]), np.ascontiguousarray(both[..., 1])
