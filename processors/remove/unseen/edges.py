"""Painting from the hole's edges (Bertalmio et al., Navier-Stokes inpainting, CVPR 2001)."""

from __future__ import annotations

import cv2
import numpy as np

from ...pictures.layout import Image, Mask

_REACH = 5


def paint_from_edges(image: Image, hole: Mask) -> Image:
    """*hole* of *image* (h, w, 3), 0..1, continued smoothly from its edges, in 8 bits."""
    shown = np.asarray(np.clip(image, 0, 1) * 255 + 0.5, np.uint8)
    painted = cv2.inpaint(shown, hole.astype(np.uint8), _REACH, cv2.INPAINT_NS)
    return np.asarray(np.where(hole[..., None], np.asarray(painted, np.float32) / 255, image), np.float32)
