"""Laying and mixing pictures by masks and weights where it is done for every frame: numpy's indexing with a mask and
its broadcasting over a last axis of three take several times as long."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .layout import Mask


def put(over: NDArray[Any], where: Mask, onto: NDArray[Any]) -> None:
    """Set *onto* (h, w, n) to *over* *where*."""
    assert (over.shape, over.dtype) == (onto.shape, onto.dtype)  # else OpenCV would write into a picture of its own
    cv2.copyTo(over, where.view(np.uint8), dst=onto)


def for_rgb(weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """A weight (h, w) three times, (h, w, 3), to multiply or divide a picture by."""
    return np.asarray(cv2.merge([weight] * 3), np.float32)
