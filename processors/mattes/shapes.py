"""Widening and narrowing mattes by a disc, hard ones and soft ones."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..pictures.layout import Mask

Strength = NDArray[np.float32]
"""HxW, 0..1: how strongly a fix shows at each pixel; 0 is outside the matte."""


def disc(radius: int) -> NDArray[np.uint8]:
    """A structuring element of this radius in pixels."""
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8)


def grown(mask: Mask, pixels: int) -> Mask:
    """*mask* dilated by a disc of radius *pixels*."""
    if pixels <= 0:
        return mask
    return np.asarray(cv2.dilate(mask.astype(np.uint8), disc(pixels)) > 0)


def moved_edge(strength: Strength, pixels: int) -> Strength:
    """A soft matte whose edge goes out by *pixels*, or in where that is negative; its softness stays.

    The frame's border is no edge: a matte that runs out of the frame does not shrink there.
    """
    if pixels == 0:
        return strength
    work = cv2.dilate if pixels > 0 else cv2.erode
    return np.asarray(work(strength, disc(abs(pixels))), np.float32)


def packed(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An 8-bit plane as PNG bytes: kept for every frame of a shot it costs next to nothing."""
    done, data = cv2.imencode(".png", plane)
    assert done
    return np.asarray(data, np.uint8)


def unpacked(data: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What `packed` kept."""
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
