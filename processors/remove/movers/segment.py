"""What moves: where a frame differs from the still background, softly.

Pictures are (h, w, 3) float32 RGB, 0..1, display-referred; masks (h, w) bool; alphas (h, w) float32.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Image, Mask
from ...pictures.mix import put
from ..sources.membrane import largest_channel

_LEAST = 0.03
"""A difference (0..1) below this is never a mover, however clean the plate."""
_SLOW = 0.4
"""Pixels a frame that flow reports though nothing moves."""
_ENOUGH = 4
"""Frames that must show a place before their median counts as what stands still there."""
_UNSEEN = 255
"""As bright as any picture: what is not seen is ranked last."""
_SPREADS = 5.0
"""Differences are measured in the plate's own noise; beyond this many spreads something moves."""


def still_background(images: Sequence[NDArray[np.uint8]], seen: Sequence[Mask]) -> tuple[Image, Mask]:
    """The median (0..1) over aligned 8-bit *images* where they are *seen*, and where enough were."""
    ranked = [
        cv2.max(image, cv2.merge([~mask * np.uint8(_UNSEEN)] * 3)) for image, mask in zip(images, seen, strict=True)
    ]
    # Neighbours are exchanged until all are in order: a third of what np.sort takes for so few.
    for turn in range(len(ranked)):
        for i in range(turn % 2, len(ranked) - 1, 2):
            ranked[i], ranked[i + 1] = cv2.min(ranked[i], ranked[i + 1]), cv2.max(ranked[i], ranked[i + 1])
    count = np.sum(seen, axis=0, dtype=np.uint8)
    median = np.zeros(ranked[0].shape, np.float32)
    for number in range(_ENOUGH, len(ranked) + 1):
        where = np.asarray(count == number)
        if where.any():
            lower, upper = ranked[(number - 1) // 2], ranked[number // 2]
            put(np.asarray(cv2.addWeighted(lower, 0.5 / 255, upper, 0.5 / 255, 0, dtype=cv2.CV_32F)), where, median)
    return median, np.asarray(count >= _ENOUGH)


def mover_alpha(image: Image, background: Image, known: Mask, slack: int) -> NDArray[np.float32]:
    """0..1: how surely *image* shows something else than *background*; 0 where that is not *known*.

    A value that the background has within *slack* pixels is no difference: registration and
    interpolation are off by as much. Exposure drift is taken out by the median, noise by its spread.
    """
    if known.sum() < 50:
        return np.zeros(known.shape, np.float32)
    drift = np.median((image - background)[known][::7], axis=0)
    level = np.asarray(background + drift, np.float32)
    if slack:
        box = np.ones((2 * slack + 1, 2 * slack + 1), np.uint8)
        above, below = image - cv2.dilate(level, box), cv2.erode(level, box) - image
        apart = np.maximum(np.maximum(above, below), 0)
    else:
        apart = np.abs(image - level)
    apart = cv2.GaussianBlur(largest_channel(np.asarray(apart, np.float32)), (0, 0), 0.8)
    noise = float(np.median(apart[known])) * 1.48
    low = max(_LEAST, _SPREADS * noise)
    alpha = np.clip((apart - low) / low, 0, 1) * known
    return _whole(np.asarray(alpha, np.float32))


def moving(alpha: NDArray[np.float32], speed: NDArray[np.float32], known: Mask, *, strict: bool) -> NDArray[np.float32]:
    """*alpha* with what moves beside it: a slow performer looks much like himself a moment ago.

    *speed* in pixels a frame. With *strict* (a moving camera) what differs but does not move is a
    background that is not known well, and is dropped.
    """
    near = max(5, round(max(alpha.shape) / 16) | 1)
    steady = cv2.GaussianBlur(cv2.erode(speed, np.ones((5, 5), np.uint8)), (0, 0), 1.0)
    moves = np.clip((steady - _SLOW) / _SLOW, 0, 1)
    beside = cv2.dilate(alpha, np.ones((near, near), np.uint8))
    if strict:
        alpha = alpha * cv2.dilate(np.clip(speed / _SLOW - 1, 0, 1), np.ones((near, near), np.uint8))
    return np.asarray(np.maximum(alpha, np.minimum(moves, beside)) * known, np.float32)


def _whole(alpha: NDArray[np.float32]) -> NDArray[np.float32]:
    """Specks taken out; gaps inside a silhouette, where mover and background look alike, closed."""
    reach = max(3, round(max(alpha.shape) / 60) | 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    firm = cv2.morphologyEx(alpha, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    near = cv2.dilate(firm, np.ones((5, 5), np.uint8))
    closed = cv2.morphologyEx(np.minimum(alpha, near), cv2.MORPH_CLOSE, disc)
    return np.asarray(closed, np.float32)
