"""How well a fill meets what stands around its hole, where the plate shows the truth."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...mattes import grown
from ...pictures.layout import Image, Mask
from ..fill import RIM, Fill, Origin
from ..sources.membrane import largest_channel
from .texture import typical

_GAP = 3
"""Pixels next to a hole that are not looked at: chroma and codecs carry what stands in it over its edge."""
_SAME = 5e-4
"""Difference (0..1) up to which a rim pixel is the plate's own, kept in half precision: no source was laid there."""
_FEWEST = 30
"""Pixels below which a rim says nothing."""
_BESIDE = 10
"""Pixels around somebody who was laid within which the rim tells of him, and not how well sources fit."""


@dataclass(frozen=True)
class Rim:
    """A fill's mean squared error (0..1) on the rim just outside its hole.

    `whole` is that of all the rim, `typical` (`texture.typical`) that of the part where no mover was laid near; NaN
    where too little is left.
    """

    whole: float
    typical: float


def rim_of(plate: Image, fill: Fill, hole: Mask) -> Rim | None:
    """The error of *fill* around *hole*, low-passed within the rim; None where no source covers enough of it."""
    covered = largest_channel(np.abs(fill.image - plate)) > _SAME
    rim = grown(hole, RIM) & ~grown(hole, _GAP) & covered
    if rim.sum() < _FEWEST:
        return None
    weight = rim.astype(np.float32)
    apart = np.asarray(cv2.GaussianBlur((fill.image - plate) * weight[..., None], (0, 0), 1.5), np.float32)
    mass: NDArray[np.float32] = np.asarray(cv2.GaussianBlur(weight, (0, 0), 1.5), np.float32)
    errors = np.asarray(((apart / np.maximum(mass, 1e-6)[..., None]) ** 2).mean(axis=-1), np.float32)
    still = rim & ~grown(fill.origin == Origin.MOVER, _BESIDE)
    return Rim(float(errors[rim].mean()), typical(errors, still) if still.sum() >= _FEWEST else np.nan)
