"""Making a fill meet its surroundings: the difference around the hole, carried smoothly into it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Image, Mask
from ...pictures.mix import for_rgb

RING = 28
"""Width of the band around the hole that is compared."""
_DARK, _BRIGHT = 0.04, 0.96
"""Between these a ratio says something about exposure."""
_SAME = 0.012
"""Median difference around the hole below which exposures are the same."""
_DOUBLE = 2.2
_MOST = 0.10
"""A difference beyond this is something else standing there, not exposure or colour."""


def ring_of(hole: Mask, *, gap: int = 2, width: int = RING) -> Mask:
    """The band around *hole*, *gap* pixels away from it."""
    near = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, 3)
    return np.asarray((near > gap) & (near <= gap + width))


def largest_channel(image: Image) -> NDArray[np.float32]:
    """HxW: the largest of the three channels (ten times quicker than numpy's max over the last axis)."""
    one, two, three = cv2.split(image)
    return np.asarray(cv2.max(cv2.max(one, two), three), np.float32)


class Surround:
    """What a plate shows around its hole; fills are made to meet it."""

    def __init__(self, plate: Image, hole: Mask, *, scale: float = 1.0) -> None:
        """*scale*: by how much *plate* and *hole* (over a region) are smaller than the real ones."""
        self._plate = plate
        self._ring = ring_of(hole, gap=2, width=max(8, round(RING * scale)))
        self._places = np.flatnonzero(self._ring)
        self._beside = plate.reshape(-1, 3)[self._places]
        self._step = max(2, round(8 * scale))

    def gain(self, fill: Image, valid: Mask) -> NDArray[np.float32] | None:
        """Exposure of the plate over the fill's, a factor per channel; 1 where they hardly differ.

        None where they differ more than twofold: such a picture shows too little, or too coarsely.
        """
        theirs = fill.reshape(-1, 3)[self._places]
        spots = valid.ravel()[self._places] & ((theirs >= _DARK) & (theirs <= _BRIGHT)).all(axis=1)
        if spots.sum() < 100:
            return np.ones(3, np.float32)
        ours, theirs = self._beside[spots], theirs[spots]
        plain = float(np.median(np.abs(ours - theirs)))
        if plain < _SAME:
            return np.ones(3, np.float32)
        factor = np.median(ours / theirs, axis=0).astype(np.float32)
        if float(np.median(np.abs(ours - theirs * factor))) > 0.6 * plain:
            return np.ones(3, np.float32)
        return None if factor.max() > _DOUBLE or factor.min() < 1 / _DOUBLE else factor

    def light(self, fill: Image, valid: Mask) -> Image:
        """What to add to *fill* (HxWx3), which is picture where *valid*.

        Differences are averaged over an eighth of the resolution and interpolated over the hole by
        push-pull (Gortler et al., The Lumigraph, SIGGRAPH 1996), so neither grain nor edges go along.
        """
        apart = self._plate - fill
        weight = (self._ring & valid & (largest_channel(np.abs(apart)) < _MOST)).astype(np.float32)
        if weight.sum() < 50:
            return np.zeros_like(fill)
        height, width = weight.shape
        small = (max(1, width // self._step), max(1, height // self._step))
        mass = cv2.resize(weight, small, interpolation=cv2.INTER_AREA)
        sums = cv2.resize(apart * for_rgb(weight), small, interpolation=cv2.INTER_AREA)
        field = _push_pull(np.asarray(sums, np.float32), np.asarray(mass, np.float32))
        field = np.asarray(cv2.GaussianBlur(field, (0, 0), 1.2), np.float32)
        return np.asarray(cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def correction(plate: Image, fill: Image, hole: Mask, valid: Mask) -> Image:
    """What to add to *fill* (HxWx3, over a region) so that it meets *plate* around *hole*."""
    return Surround(plate, hole).light(fill, valid)


def _push_pull(sums: NDArray[np.float32], mass: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weighted sums and weights to a field that is defined everywhere."""
    height, width = mass.shape
    if min(height, width) <= 1 or mass.min() > 0.2:
        total = mass.sum()
        mean = sums.sum(axis=(0, 1)) / max(float(total), 1e-6)
        return np.asarray((sums + 0.02 * mean) / (mass[..., None] + 0.02), np.float32)
    half = (max(1, (width + 1) // 2), max(1, (height + 1) // 2))
    fewer = cv2.resize(sums, half, interpolation=cv2.INTER_AREA).reshape(half[1], half[0], -1)
    lighter = cv2.resize(mass, half, interpolation=cv2.INTER_AREA).reshape(half[1], half[0])
    coarse = _push_pull(np.asarray(fewer, np.float32), np.asarray(lighter, np.float32))
    wide = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR).reshape(height, width, -1)
    return np.asarray((sums + 0.1 * wide) / (mass[..., None] + 0.1), np.float32)
