"""Noise of a given amount and correlation: the same whenever it is made."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

_BLURS = tuple(round(0.05 * step, 2) for step in range(6, 18))
"""Wider ones would pass next to nothing of themselves through the high-pass: what is that coarse is no grain."""


def noise(shape: tuple[int, ...], sigma: float, correlation: float, seed: int) -> NDArray[np.float32]:
    """A field of *shape* (height, width) whose high-pass has standard deviation *sigma*; the same for one *seed*."""
    return blurred(shape, sigma, blur_of(correlation), seed)


def blurred(shape: tuple[int, ...], sigma: float, blur: float, seed: int) -> NDArray[np.float32]:
    """Such a field, of white noise that *blur* made soft."""
    made = np.zeros(shape, np.float32)
    cv2.setRNGSeed(seed % 2**31)
    cv2.randn(made, np.zeros(1), np.ones(1))
    if blur > 0:
        made = np.asarray(cv2.GaussianBlur(made, (0, 0), blur), np.float32)
    return np.asarray(made * np.float32(sigma / passed(blur)[0]), np.float32)


@lru_cache(maxsize=6)
def standing(size: tuple[int, int], blur: float, kind: int) -> NDArray[np.float32]:
    """A field of *size* (width, height) that stands still in the scene; deviation 1 after the high-pass."""
    return blurred((size[1], size[0]), 1.0, blur, 1_000_001 + kind)


@lru_cache(maxsize=64)
def passed(blur: float) -> tuple[float, float]:
    """Of white noise blurred by *blur*: deviation of its high-pass, and that one's lag-1 correlation."""
    white = np.random.default_rng(5).standard_normal((256, 256)).astype(np.float32)
    soft = white if blur <= 0 else np.asarray(cv2.GaussianBlur(white, (0, 0), blur), np.float32)
    rest = (soft - cv2.GaussianBlur(soft, (0, 0), 1.0))[8:-8, 8:-8]
    return float(rest.std()), float((rest[:, 1:] * rest[:, :-1]).mean() / (rest * rest).mean())


def blur_of(correlation: float) -> float:
    """The blur that gives white noise this lag-1 correlation after the high-pass; 0 for none."""
    blurs = (0.0, *_BLURS)
    return min(blurs, key=lambda blur: abs(passed(blur)[1] - correlation))
