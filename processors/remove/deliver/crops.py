"""The place of the hole at the plate's own pixels: seams and grain cannot be judged in whole frames."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...pictures.layout import Image, Mask
from ...pictures.sheets import cell_width

COLUMNS = 3
_TALL = 400
_ROOM = 24
"""Pixels of plate wanted around a hole."""
_PAPER = np.array([28, 29, 32], np.float32) / 255


@dataclass(frozen=True)
class Window:
    """A piece of the plate shown at a whole-number `zoom`: no pixel of it is resampled."""

    x: int
    y: int
    width: int
    height: int
    zoom: int

    def of(self, picture: Image) -> Image:
        """The piece, every pixel repeated `zoom` times, on a cell of the sheet."""
        part = picture[self.y : self.y + self.height, self.x : self.x + self.width]
        part = np.repeat(np.repeat(part, self.zoom, axis=0), self.zoom, axis=1)
        cell = np.empty((_TALL, cell_width(COLUMNS), 3), np.float32)
        cell[:] = _PAPER
        cell[: part.shape[0], : part.shape[1]] = np.clip(part, 0, 1)
        return cell


def window_at(hole: Mask) -> Window:
    """Where to look at *hole*: all of it where it fits, else where most of its edge is seen at once."""
    height, width = hole.shape
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    across, down = columns[-1] - columns[0] + 1 + 2 * _ROOM, rows[-1] - rows[0] + 1 + 2 * _ROOM
    whole = [z for z in (4, 3, 2, 1) if across <= cell_width(COLUMNS) // z and down <= _TALL // z]
    zoom = whole[0] if whole else 1
    wide, tall = min(width, cell_width(COLUMNS) // zoom), min(height, _TALL // zoom)
    if whole:
        middle = ((columns[0] + columns[-1]) // 2, (rows[0] + rows[-1]) // 2)
    else:
        edge = (hole & ~(cv2.erode(hole.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)).astype(np.float32)
        seen = cv2.boxFilter(edge, -1, (wide, tall), normalize=False, borderType=cv2.BORDER_CONSTANT)
        row, column = np.unravel_index(int(np.argmax(seen)), seen.shape)
        middle = (int(column), int(row))
    left = int(np.clip(middle[0] - wide // 2, 0, width - wide))
    top = int(np.clip(middle[1] - tall // 2, 0, height - tall))
    return Window(left, top, wide, tall, zoom)
