"""Dense flow between two pictures in which some places must not be looked at."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ...flow import pixels, sampled
from ...pictures.layout import Image
from ...pictures.mix import in_8_bits

Field = NDArray[np.float32]

_PULL = 10.0
"""Pixels over which what is hidden pulls at the flow beside it: about a patch of the search."""
_FIT = 12.0
"""Code values (0..255) that two pictures may differ by along a flow that is believed."""
_BETTER, _NEAR = 1.1, 2.0
"""How many times better another flow must fit to be taken, and pixels over which that is judged."""


def residual_flow(
    fixed: NDArray[np.uint8], moving: NDArray[np.uint8], hidden: NDArray[np.bool_]
) -> tuple[Field, Field]:
    """DIS flow (Kroeger et al., ECCV 2016) from luma *fixed* to *moving* (h, w), and its weight.

    Both are made equal where *hidden*, so that nothing there can pull; the weight is 0 there, rises to 1 beside it,
    and falls where the two do not look alike along the flow.
    """
    calm = np.where(hidden, fixed, moving).astype(np.uint8)
    search = cv2.DISOpticalFlow.create(cv2.DISOpticalFlow_PRESET_FAST)
    search.setFinestScale(1)
    flow = np.asarray(search.calc(fixed, calm, np.zeros((*fixed.shape, 2), np.float32)), np.float32)
    far = cv2.distanceTransform((~hidden).astype(np.uint8), cv2.DIST_L2, 3)
    # The rim stands still though the mover does not, and a patch near it takes that for motion.
    free = np.clip((far - _PULL / 2) / _PULL, 0.01, 1) * (~hidden)
    return flow, np.asarray(free * alike_along(fixed, moving, flow), np.float32)


def alike_along(fixed: NDArray[np.uint8], moving: NDArray[np.uint8], flow: Field) -> Field:
    """(h, w) 0..1: how well luma *fixed* and *moving* look alike along a *flow* (h, w, 2)."""
    height, width = fixed.shape
    back = sampled(moving, pixels(width, height) + flow, cv2.INTER_LINEAR)
    apart = cv2.GaussianBlur(cv2.absdiff(fixed, back).astype(np.float32), (0, 0), 1.5)
    return np.asarray(np.exp(-((apart / _FIT) ** 2)), np.float32)


def likelier(one: Field, other: Field) -> NDArray[np.bool_]:
    """(h, w) where a flow of weight *other* fits clearly better than that of weight *one*, neighbours together."""
    fits, better = cv2.GaussianBlur(one, (0, 0), _NEAR), cv2.GaussianBlur(other, (0, 0), _NEAR)
    return np.asarray(better > _BETTER * fits)


def luma_of(image: Image) -> NDArray[np.uint8]:
    """Luma (h, w), 0..255, of display-referred RGB 0..1."""
    return np.asarray(cv2.cvtColor(in_8_bits(image), cv2.COLOR_RGB2GRAY), np.uint8)
