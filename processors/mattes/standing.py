"""What stands still behind something that moves, and how far a frame departs from it.

The frames around, laid over the frame by the camera's motion, agree on the background; their median
is it, their spread is the measure. What stands with the background cannot be told so: `known` and
the share of it that departs say when this speaks.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..pictures.sheets import spread
from .small import SmallClip, Window

REACH = 36
"""How many frames before and after are looked at."""
_STEPS = (3, 6, 10, 15, 21, 28, REACH)
_MOST = 9
_LEAST = 4
"""Frames that must show a place before their median counts."""
_FLOOR = 4.0
"""Code values (of 255) that noise and rounding make at least."""


@dataclass(frozen=True)
class Departure:
    """Over a window: `sigmas` by which the frame departs from what stands there, where that is `known`."""

    sigmas: NDArray[np.float32]
    known: NDArray[np.bool_]


def departure(clip: SmallClip, frame: int, window: Window) -> Departure:
    """Compare *frame* inside *window* with the median of the frames around it."""
    start, end = clip.span(frame)
    numbers = [n for step in _STEPS for n in (frame - step, frame + step) if start <= n <= end]
    numbers = spread(numbers, _MOST)
    size = (window.right - window.left, window.bottom - window.top)
    nothing = Departure(np.zeros(size[::-1], np.float32), np.zeros(size[::-1], bool))
    if len(numbers) < _LEAST:
        return nothing
    move = np.eye(3)
    move[:2, 2] = (-window.left, -window.top)
    stack = np.empty((len(numbers), *size[::-1], 3), np.int16)
    for place, number in enumerate(numbers):
        matrix = move @ clip.onto(number, frame)
        image = cv2.warpPerspective(clip.rgb(number), matrix, size, flags=cv2.INTER_LINEAR)
        seen = np.zeros(clip.size, np.uint8)
        seen[2:-2, 2:-2] = 255
        stack[place] = image
        stack[place][cv2.warpPerspective(seen, matrix, size) < 255] = _UNSEEN
    count = (stack[..., 0] != _UNSEEN).sum(axis=0)
    middle = _median(stack, count)
    apart = np.abs(stack - middle)
    apart[stack == _UNSEEN] = _UNSEEN
    noise = 1.48 * _median(apart, count).max(axis=-1).astype(np.float32)
    noise = cv2.GaussianBlur(np.sqrt(noise**2 + _FLOOR**2), (0, 0), 1.5)
    here = np.abs(clip.rgb(frame)[window.slices].astype(np.int16) - middle).max(axis=-1).astype(np.float32)
    known = count >= _LEAST
    sigmas = np.where(known, cv2.GaussianBlur(here, (0, 0), 1.0) / noise, 0)
    return Departure(np.asarray(sigmas, np.float32), np.asarray(known))


_UNSEEN = 9999


def _median(stack: NDArray[np.int16], count: NDArray[np.int64]) -> NDArray[np.int16]:
    """Lower median over the first axis of the *count* values that were seen."""
    ordered = np.sort(stack, axis=0)
    place = np.maximum(count - 1, 0) // 2
    return np.asarray(np.take_along_axis(ordered, place[None, ..., None], axis=0)[0])
