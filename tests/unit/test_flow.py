"""Residual flow on a real frame under a known bulge."""

from __future__ import annotations

import cv2
import numpy as np
from takes import walkers
from wetgate.processors.flow import refine
from wetgate.processors.register import register


def test_residual_flow_mends_what_a_homography_cannot() -> None:
    """A bulge of three pixels is taken out of the background, and completed calmly over the hole."""
    fixed = walkers()
    height, width = fixed.shape[:2]
    grid_x, grid_y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    bulge = 3 * np.exp(-(((grid_x - 380) / 160) ** 2 + ((grid_y - 290) / 160) ** 2)).astype(np.float32)
    moving = cv2.remap(fixed, grid_x - bulge, grid_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    place = register(fixed, fixed)
    assert place is not None
    hole = np.zeros((height, width), bool)
    hole[250:330, 350:420] = True
    spoilt = fixed.copy()
    spoilt[hole] = 0.9
    found = refine(place, np.asarray(moving, np.float32), spoilt, exclude=hole)
    warped, valid = found.warp(np.asarray(moving, np.float32))
    inside = hole & valid
    before = float(np.abs(moving - fixed)[inside].mean())
    after = float(np.abs(warped - fixed)[inside].mean())
    assert after < 0.6 * before
    assert abs(float(np.median(found.flow[hole][:, 0])) - 3) < 1.0
