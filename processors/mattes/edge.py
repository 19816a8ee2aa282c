"""Soft edges that follow the picture: He, Sun and Tang, Guided Image Filtering (PAMI 2013)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def guided(guide: NDArray[np.float32], value: NDArray[np.float32], radius: int, calm: float) -> NDArray[np.float32]:
    """*value* smoothed where *guide* (grey, 0..1) is smooth, its edges drawn to the guide's.

    *calm* is the variance of the guide below which it counts as flat.
    """
    size = (2 * radius + 1, 2 * radius + 1)

    def mean(image: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.blur(image, size), np.float32)

    mean_guide, mean_value = mean(guide), mean(value)
    slope = (mean(guide * value) - mean_guide * mean_value) / (mean(guide * guide) - mean_guide**2 + calm)
    offset = mean_value - slope * mean_guide
    return np.asarray(np.clip(mean(slope) * guide + mean(offset), 0, 1), np.float32)
