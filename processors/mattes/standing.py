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
    """Over a window: `sigmas` by which the frame departs from `standing` (uint8 RGB), where that is `known`."""

    sigmas: NDArray[np.float32]
    known: NDArray[np.bool_]
    standing: NDArray[np.uint8]


def departure(clip: SmallClip, frame: int, window: Window) -> Departure:
    """Compare *frame* inside *window* with the median of the frames around it."""
    numbers = around(frame, clip.span(frame))
    size = (window.right - window.left, window.bottom - window.top)
    move = np.eye(3)
    move[:2, 2] = (-window.left, -window.top)
    stack = np.full((len(numbers), *size[::-1], 3), UNSEEN, np.int16)
    seen = np.zeros(clip.size, np.uint8)
    seen[2:-2, 2:-2] = 255
    for place, number in enumerate(numbers):
        lay(stack[place], clip.rgb(number), seen, move @ clip.onto(number, frame))
    return depart(clip.rgb(frame)[window.slices], stack)


def around(frame: int, span: tuple[int, int]) -> list[int]:
    """The frames that are asked what stands still, from both sides and inside *span*."""
    numbers = [n for step in _STEPS for n in (frame - step, frame + step) if span[0] <= n <= span[1]]
    return spread(numbers, _MOST)


def lay(
    onto: NDArray[np.int16], image: NDArray[np.uint8], seen: NDArray[np.uint8], matrix: NDArray[np.float64]
) -> None:
    """Write *image* into one layer of a stack through a homography, where it is *seen* (255)."""
    size = (onto.shape[1], onto.shape[0])
    warped = cv2.warpPerspective(image, matrix, size, flags=cv2.INTER_LINEAR)
    shown = cv2.warpPerspective(seen, matrix, size) == 255
    onto[shown] = warped[shown]


def depart(here: NDArray[np.uint8], stack: NDArray[np.int16], beside: NDArray[np.bool_] | None = None) -> Departure:
    """*here* (HxWx3) against the median of a *stack* (N, H, W, 3) in which UNSEEN marks what a layer lacks.

    What departs in *beside* is not smeared over the pixels next to it.
    """
    if not len(stack):
        return Departure(np.zeros(here.shape[:2], np.float32), np.zeros(here.shape[:2], bool), here)
    count = (stack[..., 0] != UNSEEN).sum(axis=0)
    middle = _median(stack, count)
    apart = np.abs(stack - middle)
    apart[stack == UNSEEN] = UNSEEN
    noise = 1.48 * np.minimum(_median(apart, count), 255).max(axis=-1).astype(np.float32)
    noise = cv2.GaussianBlur(np.sqrt(noise**2 + _FLOOR**2), (0, 0), 1.5)
    off = np.abs(here.astype(np.int16) - middle).max(axis=-1).astype(np.float32)
    known = count >= _LEAST
    sigmas = np.where(known, softened(off, beside) / noise, 0)
    return Departure(np.asarray(sigmas, np.float32), np.asarray(known), np.clip(middle, 0, 255).astype(np.uint8))


def softened(off: NDArray[np.float32], beside: NDArray[np.bool_] | None) -> NDArray[np.float32]:
    """A difference less its grain; what lies in *beside* stays out of the others' means."""
    if beside is None:
        return np.asarray(cv2.GaussianBlur(off, (0, 0), 1.0), np.float32)
    counts = (~beside).astype(np.float32)
    sums = cv2.GaussianBlur(off * counts, (0, 0), 1.0)
    return np.asarray(sums / np.maximum(cv2.GaussianBlur(counts, (0, 0), 1.0), 1e-3), np.float32)


UNSEEN = 9999
"""In a stack: this layer does not show this place."""


def _median(stack: NDArray[np.int16], count: NDArray[np.int64]) -> NDArray[np.int16]:
    """Lower median over the first axis of the *count* values that were seen."""
    ordered = np.sort(stack, axis=0)
    place = np.maximum(count - 1, 0) // 2
    return np.asarray(np.take_along_axis(ordered, place[None, ..., None], axis=0)[0])
