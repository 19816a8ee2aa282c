"""How much there is in a picture for an error to show on."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Image, Mask
from ..sources.membrane import ring_of

_SECTORS = 16
_FEW = 10 * _SECTORS
"""A sector with so many times less than the whole says nothing."""


def soft(image: Image) -> Image:
    """After the sigma-1.5 low-pass with which all errors are taken: fresh grain must not count."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 1.5), np.float32)


def grey(image: Image) -> NDArray[np.float32]:
    """Mean of the three channels (h, w)."""
    return np.asarray(image @ np.full(3, 1 / 3, np.float32), np.float32)


def texture(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Squared slope of low-passed luma (0..1), per pixel squared.

    Whatever lies d pixels off its place is wrong by d^2 times this (to the first order).
    """
    low = soft(luma)
    dx, dy = (cv2.Sobel(low, cv2.CV_32F, *way, scale=1 / 8) for way in ((1, 0), (0, 1)))
    return np.asarray(dx * dx + dy * dy, np.float32)


def typical(errors: NDArray[np.float32], where: Mask) -> float:
    """The mean of *errors* (h, w) in the middle one of the sectors around the centre of *where* (not empty).

    Somebody who stands there or is missing there lies on a few of them; a source that does not fit, on most.
    """
    (rows, columns), there = np.nonzero(where), errors[where]
    turns = np.arctan2(rows - rows.mean(), columns - columns.mean()) / (2 * np.pi) % 1
    sectors = (turns * _SECTORS).astype(int) % _SECTORS
    counts = np.bincount(sectors, minlength=_SECTORS)
    seen = counts >= max(1, where.sum() // _FEW)
    means = np.bincount(sectors, there, _SECTORS)[seen] / counts[seen]
    return min(float(there.mean()), float(np.median(means)))


def contrast(image: Image, hole: Mask, hidden: Mask) -> float:
    """Variance (0..1, mean over RGB) of what stands around *hole*, *hidden* left out.

    A hole that is painted from its edges comes out wrong in proportion to it.
    """
    ring = ring_of(hole, gap=1, width=12) & ~hidden
    return float(soft(image)[ring].var(axis=0).mean()) if ring.any() else 0.0
