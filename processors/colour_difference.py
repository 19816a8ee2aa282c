"""CIE L*a*b* and the CIEDE2000 colour difference of display-referred pictures.

Pictures are (..., 3) RGB, 0..1, read as sRGB (IEC 61966-2-1) whatever they are; where they are
something else, view them first. L*a*b* is to D65. The formula follows Sharma, Wu and Dalal, "The
CIEDE2000 Color-Difference Formula" (Color Research and Application 30, 2005), and the test holds its
34 published pairs; the libraries that have it are heavy or take one colour at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Colours = NDArray[np.float64]

_TO_XYZ = np.array(
    [[0.4123908, 0.3575843, 0.1804808], [0.2126390, 0.7151687, 0.0721923], [0.0193308, 0.1191948, 0.9505322]]
)
_WHITE = _TO_XYZ.sum(axis=1)
_POW7 = 25.0**7


def lab(rgb: NDArray[Any]) -> Colours:
    """sRGB (..., 3), clipped to 0..1, as L*a*b*."""
    value = np.clip(np.asarray(rgb, np.float64), 0, 1)
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    ratio = linear @ _TO_XYZ.T / _WHITE
    root = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def ciede2000(one: Colours, other: Colours) -> NDArray[np.float64]:
    """CIEDE2000 (k_L = k_C = k_H = 1) of two arrays (..., 3) of L*a*b*."""
    light1, a1, b1 = np.moveaxis(one, -1, 0)
    light2, a2, b2 = np.moveaxis(other, -1, 0)
    mean7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    wider = 1.5 - 0.5 * np.sqrt(mean7 / (mean7 + _POW7))
    a1, a2 = a1 * wider, a2 * wider
    chroma1, chroma2 = np.hypot(a1, b1), np.hypot(a2, b2)
    hue1, hue2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    grey = chroma1 * chroma2 == 0
    turn = np.where(grey, 0.0, (hue2 - hue1 + 180) % 360 - 180)
    apart = np.abs(hue1 - hue2) > 180
    sum_hue = hue1 + hue2
    mean_hue = np.where(apart, np.where(sum_hue < 360, sum_hue + 360, sum_hue - 360), sum_hue) / 2
    mean_hue = np.where(grey, sum_hue, mean_hue)
    mean_light, mean_chroma = (light1 + light2) / 2, (chroma1 + chroma2) / 2
    angle = np.radians(mean_hue)
    t = (
        1
        - 0.17 * np.cos(angle - np.radians(30))
        + 0.24 * np.cos(2 * angle)
        + 0.32 * np.cos(3 * angle + np.radians(6))
        - 0.20 * np.cos(4 * angle - np.radians(63))
    )
    middle = (mean_light - 50) ** 2
    light = (light2 - light1) / (1 + 0.015 * middle / np.sqrt(20 + middle))
    chroma = (chroma2 - chroma1) / (1 + 0.045 * mean_chroma)
    hue = 2 * np.sqrt(chroma1 * chroma2) * np.sin(np.radians(turn) / 2) / (1 + 0.015 * mean_chroma * t)
    chroma7 = mean_chroma**7
    rotation = -2 * np.sqrt(chroma7 / (chroma7 + _POW7)) * np.sin(
        np.radians(60) * np.exp(-(((mean_hue - 275) / 25) ** 2))
    )  # fmt: skip
    square = light**2 + chroma**2 + hue**2 + rotation * chroma * hue
    return np.asarray(np.sqrt(np.maximum(square, 0)))


def difference(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.float64]:
    """CIEDE2000 of two sRGB pictures or lists of colours, (..., 3)."""
    return ciede2000(lab(one), lab(other))
