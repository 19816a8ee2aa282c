"""Movers as pieces that go their way as a whole: what each is, how fast it goes, where it stands in another frame.

Pixels and frames are the scene's; a piece's velocity is beyond the camera's motion.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Image, Mask
from .motion import Field, grid, nearest
from .scene import Scene

_LEAST = 30
"""Pixels below which a piece is a speck."""
_HISTORY = 10
"""Frames over which a velocity is measured: about a stride."""
_GONE = 0.5
"""Share of a piece that must still be seen while it is followed."""
_NEAR, _ASTRAY = 2.0, 0.5
"""A piece is looked for within so many pixels, and so much of the way it has gone, of where it is expected."""
_FAR = 40.0
"""It is never looked for farther off than this."""
_CALM = 0.01
"""Squared error a pixel (0..1, summed over RGB) that must be saved for standing at the very edge of that."""

_OUTSIDE = -1e4
"""A coordinate that no picture has."""


@dataclass(frozen=True)
class Piece:
    """One mover, or several that touch, in one frame: its `label`, box (`top`, `left`) and `mask` (h, w) in it."""

    frame: int
    label: int
    top: int
    left: int
    mask: NDArray[np.float32]


class Pieces:
    """The pieces of a scene's movers, found and followed when first asked for."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._pieces: dict[int, tuple[NDArray[np.int32], list[Piece]]] = {}
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
        scene = self._scene
        x, y = grid(*scene.shape)
        shift = scene.between(frame, number)
        rgb, labels = scene.rgb(number), self.of(number)[0]
        if shift is not None:
            x, y = x + shift[..., 0], y + shift[..., 1]
            rgb = np.asarray(cv2.remap(rgb, x, y, cv2.INTER_LINEAR), np.float32)
            labels = cv2.remap(labels.astype(np.float32), x, y, cv2.INTER_NEAREST).astype(np.int32)
        stands, offsets = self._stand(frame, number, rgb, labels)
        own = nearest(stands)[window]
        rest_x, rest_y = grid(*own.shape)
        from_x = rest_x + window[1].start - offsets[own, 0]
        from_y = rest_y + window[0].start - offsets[own, 1]
        if shift is not None:
            both = cv2.remap(np.dstack([x, y]), from_x, from_y, cv2.INTER_LINEAR, borderValue=(_OUTSIDE, _OUTSIDE))
            from_x, from_y = np.ascontiguousarray(both[..., 0]), np.ascontiguousarray(both[..., 1])
        return from_x, from_y, own

    def _stand(self, frame: int, number: int, rgb: Image, labels: NDArray[np.int32]) -> tuple[NDArray[np.int32], Field]:
        """(h, w) the labels of the pieces of *number* where they stand in *frame*, and how far each went, by label.

        *rgb* and *labels* are *number*'s, as the camera of *frame* would see them.
        """
        scene = self._scene
        still, known = scene.still(frame)
        plate, seen = scene.rgb(frame), ~scene.hidden(frame)
        ground = np.asarray(np.where(known[..., None], still, plate), np.float32)
        stands = np.zeros(labels.shape, np.int32)
        offsets = np.zeros((int(labels.max()) + 1, 2), np.float32)
        for piece in self.of(number)[1]:
            mask = (labels == piece.label).astype(np.uint8)
            left, top, wide, tall = cv2.boundingRect(mask)
            if not wide:
                continue
            box = (slice(top, top + tall), slice(left, left + wide))
            speed = self.velocity(piece, 1 if number > frame else -1)
            gone = (speed[0] * (frame - number), speed[1] * (frame - number))
            own = mask[box].astype(np.float32)
            expected = (left + gone[0], top + gone[1])
            at = placed(np.ascontiguousarray(rgb[box]), own, expected, plate, ground, seen, float(np.hypot(*gone)))
            offsets[piece.label] = (at[0] - left, at[1] - top)
            move = np.array([[1, 0, at[0]], [0, 1, at[1]]], np.float64)
            there = cv2.warpAffine(own, move, labels.shape[::-1], flags=cv2.INTER_LINEAR) > 0.5
            stands[there] = piece.label
        return stands, offsets

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
            return self._around(piece, step)
        return float(total[0] / count), float(total[1] / count)

    def _around(self, piece: Piece, step: int) -> tuple[float, float]:
        """The same from whatever flow the piece has, where most of it is not seen a frame on."""
        scene = self._scene
        box = (slice(piece.top, piece.top + piece.mask.shape[0]), slice(piece.left, piece.left + piece.mask.shape[1]))
        for way in (step, -step):
            if scene.holds(piece.frame + way):
                flow, weight = scene.flow(piece.frame, way)
                firm = weight[box] * piece.mask
                if firm.sum() > 1:
                    mean = (flow[box] * firm[..., None]).sum(axis=(0, 1)) / firm.sum() * way
                    return float(mean[0]), float(mean[1])
        return 0.0, 0.0


def placed(
    rgb: Image, mask: NDArray[np.float32], at: tuple[float, float], plate: Image, ground: Image, seen: Mask, way: float
) -> tuple[float, float]:
    """Where (left, top) a piece that is expected *at* a place stands, to the pixel, by what is *seen* of it there.

    *rgb* and *mask* are its own box, *plate*, *ground* and *seen* the picture it is looked for in; it
    went *way* pixels since it was seen. What the piece explains better than the ground speaks for a
    place, what it would hide that is seen against it.
    """
    reach = int(min(_NEAR + _ASTRAY * way, _FAR))
    height, width = mask.shape
    left, top = round(at[0]) - reach, round(at[1]) - reach
    wide, tall = width + 2 * reach, height + 2 * reach
    move = np.array([[1, 0, -left], [0, 1, -top]], np.float64)
    size = (wide, tall)
    weight = cv2.warpAffine(seen.astype(np.float32), move, size, flags=cv2.INTER_NEAREST)
    if not weight.any():
        return at
    p = cv2.warpAffine(plate, move, size, flags=cv2.INTER_NEAREST)
    g = cv2.warpAffine(ground, move, size, flags=cv2.INTER_NEAREST)
    before = weight * (((g - p) ** 2).sum(axis=-1) - (p**2).sum(axis=-1))
    gain = np.asarray(cv2.matchTemplate(before.astype(np.float32), mask, cv2.TM_CCORR), np.float32)
    gain = gain - cv2.matchTemplate(weight, (mask * (rgb**2).sum(axis=-1)).astype(np.float32), cv2.TM_CCORR)
    for channel in range(3):
        shown = np.ascontiguousarray(weight * p[..., channel])
        gain = gain + 2 * cv2.matchTemplate(shown, np.ascontiguousarray(mask * rgb[..., channel]), cv2.TM_CCORR)
    dx = np.arange(2 * reach + 1) + left - at[0]
    dy = np.arange(2 * reach + 1) + top - at[1]
    off = (dx[None] ** 2 + dy[:, None] ** 2) / max(reach, 1) ** 2
    gain = gain - np.asarray(_CALM * float(mask.sum()) * off, np.float32)
    best = np.unravel_index(int(gain.argmax()), gain.shape)
    if gain[best] - gain[round(at[1]) - top, round(at[0]) - left] < 1e-4 * float(mask.sum()):
        return at
    return float(left + best[1]), float(top + best[0])
