"""Laying, mixing and rounding pictures where it is done for every frame: numpy's indexing with a mask, its broadcasting
over a last axis of three and its chains of whole pictures take several times as long."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .layout import Image, Mask


def put(over: NDArray[Any], where: Mask, onto: NDArray[Any]) -> None:
    """Set *onto* (h, w, n) to *over* *where*."""
    assert (over.shape, over.dtype) == (onto.shape, onto.dtype)  # else OpenCV would write into a picture of its own
    cv2.copyTo(over, where.view(np.uint8), dst=onto)


def for_rgb(weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """A weight (h, w) three times, (h, w, 3), to multiply or divide a picture by."""
    return np.asarray(cv2.merge([weight] * 3), np.float32)


def in_8_bits(image: Image) -> NDArray[np.uint8]:
    """0..1 as 0..255, rounded, what lies beyond cut off."""
    return np.asarray(_whole(image, 255, 1.0, cv2.CV_8U), np.uint8)


def in_16_bits(image: Image, white: int) -> NDArray[np.uint16]:
    """The same with 1.0 as *white*, so that there is room for highlights."""
    return np.asarray(_whole(image, white, 65535 / white, cv2.CV_16U), np.uint16)


def _whole(image: Image, white: int, most: float, depth: int) -> NDArray[Any]:
    low = np.minimum(image, np.float32(most))  # OpenCV rounds by way of int32, where what is brighter yet turns black
    return cv2.addWeighted(low, white, low, 0, 0, dtype=depth)
