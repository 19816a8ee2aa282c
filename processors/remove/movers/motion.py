"""How movers move: flow between neighbouring frames, and its completion where it cannot be seen."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
"""(h, w) or (h, w, 2)."""


def completed(flow: Field, weight: Field) -> Field:
    """*flow* (h, w, 2) where *weight* (h, w) is high, carried smoothly to where it is nothing.

    Normalised convolution (Knutsson and Westin, CVPR 1993) from wide to narrow: where the narrow
    neighbourhood knows nothing, the wider one speaks, at last the weighted mean.
    """
    height, width = weight.shape
    total = float(weight.sum())
    if total < 1e-3:
        return np.zeros_like(flow)
    known = np.broadcast_to((flow * weight[..., None]).sum(axis=(0, 1)) / total, flow.shape).astype(np.float32)
    sums = flow * weight[..., None]
    reach = max(height, width) / 3
    while reach >= 1.0:
        factor = max(1, int(reach / 2))
        small = (max(2, width // factor), max(2, height // factor))
        near = cv2.resize(weight, small, interpolation=cv2.INTER_AREA)
        soft = cv2.resize(sums, small, interpolation=cv2.INTER_AREA)
        sigma = reach * small[0] / width
        near = cv2.GaussianBlur(near, (0, 0), sigma)[..., None]
        soft = cv2.GaussianBlur(soft, (0, 0), sigma)
        below = cv2.resize(known, small, interpolation=cv2.INTER_LINEAR)
        known = np.asarray(cv2.resize((soft + 0.02 * below) / (near + 0.02), (width, height)), np.float32)
        reach /= 2
    return known


def between(
    one: NDArray[np.uint8], other: NDArray[np.uint8], hidden: NDArray[np.bool_], beyond: NDArray[np.bool_], base: Field
) -> tuple[Field, Field]:
    """DIS flow (Kroeger et al., ECCV 2016) from luma *one* to *other*, and its weight.

    *hidden* and *beyond* are where either must not be looked at: both pictures are made equal there,
    so that nothing in them can pull, after *base* (the camera's motion) is taken out of *other*.
    """
    height, width = one.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    steadied = cv2.remap(other, x + base[..., 0], y + base[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    covered = cv2.remap(beyond.astype(np.uint8), x + base[..., 0], y + base[..., 1], cv2.INTER_NEAREST)
    nothing = hidden | (covered > 0)
    calm = np.where(nothing, one, steadied).astype(np.uint8)
    search = cv2.DISOpticalFlow.create(cv2.DISOpticalFlow_PRESET_MEDIUM)
    search.setFinestScale(1)
    rest = np.asarray(search.calc(one, calm, np.zeros((height, width, 2), np.float32)), np.float32)
    far = cv2.distanceTransform((~nothing).astype(np.uint8), cv2.DIST_L2, 3)
    weight = np.clip((far - 1) / 5, 0, 1).astype(np.float32)
    return rest + base, weight
