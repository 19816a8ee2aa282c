"""Pairs of colours to fit on and to be judged by, drawn from aligned frames.

Values are working-space RGB. Both sides are low-passed, so that neither grain nor a fraction of a
pixel rules the fit, and drawn away from edges, where a blur and a grade do not commute. What is held
out of a fit is whole blocks of the frame and whole moments of the clip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..pictures.layout import Image, Mask
from .cdl import LUMA

SIDE = 720
"""Frames are compared at this longer side."""
_LOW = 1.5
_EACH = 12_000
_STRIDE = 5
"""Every fifth block of a frame is held out, in a fixed scatter; and every third moment."""
_EDGE = 0.04
"""Local standard deviation of (evenly visible) values at which a pixel counts half."""


@dataclass(frozen=True)
class Samples:
    """`before`, `after` (N, 3) float64; `weight` (N,) > 0; `held` by block or by moment; `block` ids, `moment` (N,)."""

    before: NDArray[np.float64]
    after: NDArray[np.float64]
    weight: NDArray[np.float64]
    held: NDArray[np.bool_]
    block: NDArray[np.int64]
    moment: NDArray[np.int64]

    def part(self, which: Mask) -> Samples:
        """Those samples alone."""
        return Samples(
            self.before[which],
            self.after[which],
            self.weight[which],
            self.held[which],
            self.block[which],
            self.moment[which],
        )

    @property
    def enough(self) -> bool:
        """Whether there is something to fit on and something to be judged by."""
        return bool((~self.held).sum() >= 400 and self.held.sum() >= 150)


def joined(parts: Sequence[Samples]) -> Samples:
    """Several moments' samples as one."""
    return Samples(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("before", "after", "weight", "held", "block", "moment")
        )
    )


def draw(before: Image, after: Image, trust: Image, moment: int, *, hold: bool) -> Samples:
    """Samples of one aligned pair on one raster; *trust* (HxW, 0..1) is 0 where they do not show the same thing.

    With *hold* the whole moment is held out.
    """
    height, width = before.shape[:2]
    one, other = _low(before), _low(after)
    weight = trust / (1 + (_spread(before) / _EDGE) ** 2) / (1 + (_spread(after) / _EDGE) ** 2)
    weight = np.where(trust > 0.1, weight, 0)
    ys, xs = np.nonzero(weight > 0.02)
    pick = np.linspace(0, len(xs) - 1, min(len(xs), _EACH)).astype(int) if len(xs) else np.zeros(0, int)
    ys, xs = ys[pick], xs[pick]
    size = max(8, max(height, width) // 30)
    column, row = xs // size, ys // size
    held = np.full(len(xs), True) if hold else (column * 2 + row) % _STRIDE == 0
    return Samples(
        one[ys, xs].astype(np.float64),
        other[ys, xs].astype(np.float64),
        weight[ys, xs].astype(np.float64),
        held,
        (row * 1000 + column).astype(np.int64) + moment * 1_000_000,
        np.full(len(xs), moment, np.int64),
    )


def balanced(samples: Samples, lows: NDArray[np.float64], highs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights that keep a large flat area from outvoting all other colours: by the root of each colour's share."""
    span = np.maximum(highs - lows, 1e-6)
    cell = np.clip((samples.before - lows) / span * 12, 0, 11).astype(int)
    place = (cell[:, 0] * 12 + cell[:, 1]) * 12 + cell[:, 2]
    mass = np.bincount(place, samples.weight, minlength=12**3)
    return np.asarray(samples.weight / np.sqrt(np.maximum(mass[place], 1e-9) / samples.weight.sum() + 1e-4))


def agreement(before: Image, after: Image, valid: Mask) -> Image:
    """Where two aligned pictures show the same thing (HxW, 0..1), whatever their grades.

    Local correlation of luma where there is texture; flat areas are believed where both are flat.
    """
    one, other = before @ LUMA.astype(np.float32), after @ LUMA.astype(np.float32)
    sigma = max(3.0, max(one.shape) / 160)
    m1, m2 = _blur(one, sigma), _blur(other, sigma)
    v1 = np.maximum(_blur(one * one, sigma) - m1 * m1, 0)
    v2 = np.maximum(_blur(other * other, sigma) - m2 * m2, 0)
    cross = _blur(one * other, sigma) - m1 * m2
    # Against each picture's own typical texture, so that a low-contrast grade is not called flat.
    floor1, floor2 = _noise(v1), _noise(v2)
    alike = (cross + np.sqrt(floor1 * floor2)) / np.sqrt((v1 + floor1) * (v2 + floor2))
    return np.asarray(np.where(valid, np.clip((alike - 0.5) / 0.4, 0, 1), 0), np.float32)


def _noise(variance: Image) -> float:
    return float(np.percentile(variance, 30)) + 1e-6


def _low(image: Image) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), _LOW), np.float32)


def _blur(plane: Image, sigma: float) -> Image:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma), np.float32)


def _spread(image: Image) -> Image:
    """Local standard deviation over all channels, HxW, of the low-passed picture."""
    low = _low(image)
    mean, square = _blur(low, 2.0), _blur(low * low, 2.0)
    return np.asarray(np.sqrt(np.maximum(square - mean * mean, 0).max(axis=-1)), np.float32)
