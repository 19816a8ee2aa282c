"""Mattes of something extra: complete, a little too wide rather than a remnant short.

A frame's matte grows from the track's mask: the difference at its weak limit nearby, what the
neighbouring frames say, gaps closed, holes filled, a margin around. A true take refills it, so that
a pixel too many costs nothing, and a rim left standing would be seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..mattes import grown
from .difference import STEP
from .tracks import Maps, Mask, Track, all_maps

_WEAK, _FIRM = 6.0, 16.0
_NEAR = 10
_CLOSE = 13
_SMALL = 0.05
_CERTAIN = 40.0
"""Code values from which no agreement of edges speaks against a difference."""


def mattes(track: Track, chunks: Sequence[Path], *, margin: float) -> Iterator[tuple[int, Mask]]:
    """(frame, HxW bool) on the small raster for every compared frame. *margin* in small pixels."""
    held: list[tuple[int, Mask]] = []
    for frame, one, agree in all_maps(chunks):
        held.append((frame, _frame(track, frame, one, agree)))
        if len(held) > 5:
            held.pop(0)
        if len(held) >= 3:
            yield held[-3][0], _steadied([mask for _, mask in held], len(held) - 3, margin)
    for back in range(min(2, len(held)), 0, -1):
        tail = held[-min(len(held), back + 2) :]
        yield held[-back][0], _steadied([mask for _, mask in tail], len(tail) - back, margin)


def _frame(track: Track, frame: int, values: Maps, agree: Maps) -> Mask:
    """One frame's own matte, before its neighbours are asked."""
    core = track.mask_at(frame, values.shape)
    if not core.any():
        return core
    near = grown(core, _NEAR)
    same = cv2.resize(agree, values.shape[::-1], interpolation=cv2.INTER_LINEAR)
    level = values.astype(np.float32) * np.where(values < _CERTAIN * STEP, 1 - same.astype(np.float32) / 255, 1)
    soft = np.asarray(cv2.GaussianBlur(level, (0, 0), 1.2), np.float32)
    found = ((soft > _limit(values.astype(np.float32), near)) & near).astype(np.uint8)
    opened = cv2.morphologyEx(found, cv2.MORPH_OPEN, _disc(2))
    closed = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, _disc(_CLOSE))
    return _parts(_filled(np.asarray(closed, np.uint8)), core)


def _limit(level: NDArray[np.float32], near: Mask) -> NDArray[np.float32]:
    """From where a value counts: twice what the misfit around the track makes out, 6 to 16 code values."""
    size = (max(1, level.shape[1] // 4), max(1, level.shape[0] // 4))
    free = cv2.resize((~near).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    value = cv2.resize(np.where(near, 0, level).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    around = cv2.GaussianBlur(value, (0, 0), 7) / (cv2.GaussianBlur(free, (0, 0), 7) + 0.02)
    wide = cv2.resize(np.asarray(around), level.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(2 * wide, _WEAK * STEP, _FIRM * STEP), np.float32)


def _steadied(masks: Sequence[Mask], index: int, margin: float) -> Mask:
    """The frame's matte, with what both its sides show, and the margin."""
    own = masks[index]
    if len(masks) > 2:
        votes = np.sum([mask.astype(np.uint8) for mask in masks], axis=0)
        own = own | (votes * 2 > len(masks))
    if not own.any():
        return own
    return grown(_filled(own.astype(np.uint8)), round(margin))


def _filled(mask: NDArray[np.uint8]) -> Mask:
    """Holes closed, but for large ones (an arm on a hip) that show what lies behind."""
    outlines, tree = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    out = mask.copy()
    for index, outline in enumerate(outlines):
        is_hole = tree[0][index][3] >= 0
        if is_hole and cv2.contourArea(outline) < 0.02 * mask.sum() + 60:
            cv2.drawContours(out, outlines, index, 1, -1)
    return out > 0


def _parts(mask: Mask, core: Mask) -> Mask:
    """Those parts of *mask* that touch *core* and are no small change beside its largest part."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    least = max(12.0, _SMALL * float(stats[1:, cv2.CC_STAT_AREA].max(initial=0)))
    kept = np.zeros(count, bool)
    kept[np.unique(labels[core])] = True
    kept &= stats[:, cv2.CC_STAT_AREA] >= least
    kept[0] = False
    return np.asarray(kept[labels])


def _disc(radius: int) -> NDArray[np.uint8]:
    shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return np.asarray(shape, np.uint8)
