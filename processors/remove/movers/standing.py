"""Where the pieces of other frames stand in one frame.

Pixels are the scene's.
"""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Image, Mask
from ...threads import once
from .motion import Field, grid, nearest
from .piece import placed
from .pieces import Pieces
from .scene import Scene

_OUTSIDE = -1e4
"""A coordinate that no picture has."""


class Standing:
    """Found frame by frame when first asked for, and kept with it, for one *frame*."""

    def __init__(self, scene: Scene, pieces: Pieces, frame: int) -> None:
        self._scene, self.pieces, self._frame = scene, pieces, frame

    def seen_from(self, number: int, window: tuple[slice, slice]) -> tuple[Field, Field, NDArray[np.int32]]:
        """Where each pixel of a *window* of the frame lies in *number*, whose pieces have gone their way meanwhile,
        and (h, w) the label of the piece that it goes with, the nearest; 0 where there are none."""
        stands, offsets, shift = self._standing(number)
        own = nearest(stands)[window]
        x, y = _back(offsets[own], window, shift)
        return x, y, own

    def astray(self, number: int, window: tuple[slice, slice], x: Field, y: Field) -> Field:
        """(h, w) how many pixels *x*, *y* in *number*, taken for what stands in a *window* of the frame, lie off the
        place that the piece they show has come from: one body stands in one place."""
        labels, pieces = self.pieces.of(number)
        _, offsets, shift = self._standing(number)
        whole = np.zeros(len(offsets), bool)
        whole[[one.label for one in pieces]] = True
        there = cv2.remap(labels.astype(np.float32), x, y, cv2.INTER_NEAREST).astype(np.int32)
        from_x, from_y = _back(offsets[there], window, shift)
        return np.asarray(np.hypot(x - from_x, y - from_y) * whole[there], np.float32)

    @cached_property
    def _here(self) -> tuple[Image, Image, Mask]:
        """The frame, what stands still in it (itself where that is not known), and where it is seen."""
        scene, frame = self._scene, self._frame
        return scene.rgb(frame), scene.ground(frame), ~scene.hidden(frame)

    @once
    def _standing(self, number: int) -> tuple[NDArray[np.int32], Field, Field | None]:
        """What `_stand` says, and the camera's own motion from the frame to *number*."""
        scene = self._scene
        shift = scene.between(self._frame, number)
        rgb, labels = scene.rgb(number), self.pieces.of(number)[0]
        if shift is not None:
            x, y = grid(*scene.shape)
            x, y = x + shift[..., 0], y + shift[..., 1]
            rgb = np.asarray(cv2.remap(rgb, x, y, cv2.INTER_LINEAR), np.float32)
            labels = cv2.remap(labels.astype(np.float32), x, y, cv2.INTER_NEAREST).astype(np.int32)
        return (*self._stand(number, rgb, labels), shift)

    def _stand(self, number: int, rgb: Image, labels: NDArray[np.int32]) -> tuple[NDArray[np.int32], Field]:
        """(h, w) the labels of the pieces of *number* where they stand in the frame, and how far each went, by label.

        *rgb* and *labels* are *number*'s, as the camera of the frame would see them.
        """
        frame, (plate, ground, seen) = self._frame, self._here
        stands = np.zeros(labels.shape, np.int32)
        offsets = np.zeros((int(self.pieces.of(number)[0].max()) + 1, 2), np.float32)
        for piece in self.pieces.of(number)[1]:
            mask = (labels == piece.label).astype(np.uint8)
            left, top, wide, tall = cv2.boundingRect(mask)
            if not wide:
                continue
            box = (slice(top, top + tall), slice(left, left + wide))
            (x, y), unsure = self.pieces.gone(piece, frame)
            own = mask[box].astype(np.float32)
            at_x, at_y = placed(np.ascontiguousarray(rgb[box]), own, (left + x, top + y), plate, ground, seen, unsure)
            offsets[piece.label] = (at_x - left, at_y - top)
            move = np.array([[1, 0, at_x], [0, 1, at_y]], np.float64)
            there = cv2.warpAffine(own, move, labels.shape[::-1], flags=cv2.INTER_LINEAR) > 0.5
            stands[there] = piece.label
        return stands, offsets


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
