"""The grades that are put on a reference, so that the right answer is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from wetgate.processors.match_grade.cdl import Cdl

Picture = NDArray[np.float32]
Grade = Callable[[Picture], Picture]


def exposed(picture: Picture, gains: tuple[float, float, float]) -> Picture:
    """Gains of light on sRGB values."""
    linear = np.where(picture <= 0.04045, picture / 12.92, ((picture + 0.055) / 1.055) ** 2.4) * np.array(gains)
    low = np.minimum(linear, 0.0031308) * 12.92
    shown = np.where(linear <= 0.0031308, low, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)
    return np.clip(shown, 0, 1).astype(np.float32)


def cdl(picture: Picture) -> Picture:
    """A CDL after two thirds of a stop of exposure."""
    decision = Cdl(slope=(0.92, 1.0, 1.08), offset=(0.02, -0.01, -0.02), power=(1.12, 1.0, 0.94), saturation=0.85)
    return decision.apply(exposed(picture, (1.5, 1.5, 1.5))).astype(np.float32)


def creative(picture: Picture) -> Picture:
    """What a LUT does: contrast by an S curve, cool shadows, warm lights, reds turned, saturation by hue."""
    value = picture * picture * (3 - 2 * picture) * 0.6 + picture * 0.4
    luma = (value @ np.array([0.2126, 0.7152, 0.0722], np.float32))[..., None]
    tint = np.array([0.05, 0.0, -0.05], np.float32) * (luma * 2 - 1)
    warm = np.clip(value[..., :1] - value[..., 2:], 0, 1)
    turned = luma + (value - luma) * (1.05 - 0.35 * warm) + warm * np.array([0.0, 0.03, -0.02], np.float32)
    return np.clip(turned + tint, 0, 1).astype(np.float32)


GRADES: dict[str, Grade] = {
    "none": lambda picture: picture,
    "cdl": cdl,
    "lut": creative,
    "both": lambda picture: creative(cdl(picture)),
    "balance": lambda picture: exposed(picture, (1.35, 1.0, 0.7)),
}
