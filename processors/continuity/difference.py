"""How far two aligned pictures differ, beyond what misalignment and grain explain.

Pictures are HxWx3 uint8 RGB code values, low-passed with sigma 1. A pixel differs by how far it
lies outside the range of values that the other picture shows within one pixel around it, taken both
ways, so that thin lines a pixel apart are no difference. In time, the other take's range spans its
neighbouring frames: a performer between two of its frames is no difference either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Small = NDArray[np.uint8]
Values = NDArray[np.float32]

STEP = 2.0
"""Maps are stored as uint8 in steps of half a code value: 0..255 means 0..127.5."""
_NEAR = np.ones((3, 3), np.uint8)


def low_passed(picture: NDArray[Any]) -> Small:
    """A picture of code values 0..255 as the comparison sees it."""
    soft = cv2.GaussianBlur(np.asarray(picture, np.float32), (0, 0), 1.0)
    return np.asarray(np.clip(soft + 0.5, 0, 255), np.uint8)


def difference(plate: Small, others: Sequence[Small]) -> Values:
    """HxW code values. *others*: the other take's frame first, then its neighbours in time."""
    high, low = others[0], others[0]
    for one in others[1:]:
        high, low = np.maximum(high, one), np.minimum(low, one)
    there = _outside(plate, cv2.erode(low, _NEAR), cv2.dilate(high, _NEAR))
    here = _outside(others[0], cv2.erode(plate, _NEAR), cv2.dilate(plate, _NEAR))
    return np.maximum(there, here)


def _outside(value: Small, low: NDArray[Any], high: NDArray[Any]) -> Values:
    """Euclidean distance over the channels from the range low..high."""
    over = cv2.max(cv2.subtract(value, high), cv2.subtract(low, value))
    channels = cv2.split(over)
    total = np.zeros(value.shape[:2], np.float32)
    for channel in channels:
        cv2.accumulateSquare(channel, total)
    return np.asarray(cv2.sqrt(total), np.float32)


def packed(values: Values) -> NDArray[np.uint8]:
    """Code values as stored."""
    return np.asarray(np.clip(values * STEP + 0.5, 0, 255), np.uint8)


def edges(picture: Small) -> Values:
    """HxW gradient magnitude, the strongest channel's, in code values a pixel."""
    strongest = np.zeros(picture.shape[:2], np.float32)
    for channel in cv2.split(picture):
        across, down = cv2.spatialGradient(channel, ksize=3)
        slope = cv2.magnitude(np.asarray(across, np.float32), np.asarray(down, np.float32))
        strongest = np.maximum(strongest, slope)
    return strongest / np.float32(8)


def agreement(plate: Small, other: Small) -> NDArray[np.uint8]:
    """How surely both pictures show the same thing, 0..255, at half their size.

    The local correlation of edge strength, where there are edges to compare: a highlight that the
    grade does not quite reach differs in value and agrees in its edges; what stands in front agrees
    in neither. Flat places say nothing (0).
    """
    size = (max(1, plate.shape[1] // 2), max(1, plate.shape[0] // 2))
    a, b = (edges(np.asarray(cv2.resize(p, size, interpolation=cv2.INTER_AREA), np.uint8)) for p in (plate, other))
    both, one, two = (np.asarray(cv2.GaussianBlur(v, (0, 0), 4)) for v in (a * b, a * a, b * b))
    alike = both / np.sqrt(one * two + 1e-3)
    balance = 2 * np.minimum(one, two) / (one + two + 1e-3)
    sure = np.sqrt(np.minimum(one, two))
    sure = sure / (sure + 1.5)
    value = np.clip((alike - 0.75) / 0.2, 0, 1) * np.clip(balance * 2 - 0.4, 0, 1) * np.clip(sure * 2.5, 0, 1)
    return np.asarray(value * 255, np.uint8)
