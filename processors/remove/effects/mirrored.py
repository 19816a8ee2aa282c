"""A reflection under a thing that stands still: no frame shows the place without it, but its looks tell.

Row by row the picture below the matte is compared with what lies left and right of it. A mirror image
departs from there as the thing itself departs from its own surroundings, and by more than these vary.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Mask

_ALIKE = 0.6
"""Cosine between the two departures, over all rows and colours."""
_STANDS_OUT = 2.5
"""Standard deviations of the surroundings by which the median row must depart."""
_ROWS = 8
_FLOOR = 2.0
"""CIE units that surroundings vary at least."""


def mirrored(lab: NDArray[np.float32], matte: Mask) -> Mask:
    """The mirror image of *matte*'s thing below it, in CIE *lab*; empty where there is none."""
    out = np.zeros_like(matte)
    rows, columns = np.flatnonzero(matte.any(axis=1)), np.flatnonzero(matte.any(axis=0))
    top, bottom, left, right = int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1]) + 1
    wide, deep = right - left, min(bottom - top, matte.shape[0] - 2 - bottom)
    sides = np.r_[max(0, left - wide) : max(0, left - 2), right + 2 : min(matte.shape[1], right + wide)]
    if deep < _ROWS or len(sides) < 4:
        return out
    soft = np.asarray(cv2.GaussianBlur(lab, (0, 0), 1.2), np.float32)
    above, below = soft[bottom - deep : bottom][::-1], soft[bottom + 2 : bottom + 2 + deep]
    inside = matte[bottom - deep : bottom][::-1, left:right, None]
    counts = np.maximum(inside.sum(axis=1), 1)
    own = (above[:, left:right] * inside).sum(axis=1) / counts - above[:, sides].mean(axis=1)
    around, varies = below[:, sides].mean(axis=1), below[:, sides].std(axis=1).max(axis=-1)
    shown = below[:, left:right].mean(axis=1) - around
    filled = inside.sum(axis=(1, 2)) > 0.2 * wide
    if filled.sum() < _ROWS:
        return out
    length = np.sqrt((own[filled] ** 2).sum() * (shown[filled] ** 2).sum())
    alike = float((own[filled] * shown[filled]).sum()) / max(float(length), 1e-6)
    stands_out = float(np.median(np.linalg.norm(shown[filled], axis=-1) / (varies[filled] + _FLOOR)))
    if alike < _ALIKE or stands_out < _STANDS_OUT:
        return out
    margin = wide // 4
    first, last = max(0, left - margin), min(matte.shape[1], right + margin)
    towards = shown / np.maximum(np.linalg.norm(shown, axis=-1, keepdims=True), 1e-6)
    along = ((below[:, first:last] - around[:, None]) * towards[:, None]).sum(axis=-1)
    reflects = along > np.maximum(0.5 * np.linalg.norm(shown, axis=-1), varies)[:, None]
    out[bottom + 2 : bottom + 2 + deep, first:last] = reflects
    out[bottom : bottom + 2] |= out[bottom + 2]
    return np.asarray(cv2.morphologyEx(out.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)) > 0) & ~matte
