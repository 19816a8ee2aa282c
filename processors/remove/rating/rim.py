"""How well a fill meets what stands around its hole, where the plate shows the truth."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...mattes import grown
from ...pictures.layout import Image, Mask
from ..fill import RIM, Fill
from ..sources.membrane import largest_channel

_GAP = 3
"""Pixels next to a hole that are not looked at: chroma and codecs carry what stands in it over its edge."""
_SAME = 5e-4
"""Difference (0..1) up to which a rim pixel is the plate's own, kept in half precision: no source was laid there."""
_FEWEST = 30
"""Pixels below which a rim says nothing."""
_SECTORS = 16


@dataclass(frozen=True)
class Rim:
    """A fill's mean squared error (0..1) on the rim just outside its hole.

    `whole` is that of all the rim, `typical` that of the middle one of its sectors: somebody who stands beside the
    hole lies on a few of them, a source that does not fit on most.
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
    errors = ((apart[rim] / mass[rim][:, None]) ** 2).mean(axis=-1)
    (rows, columns), middle = np.nonzero(rim), [float(at.mean()) for at in np.nonzero(hole)]
    turns = np.arctan2(rows - middle[0], columns - middle[1]) / (2 * np.pi) % 1
    sectors = (turns * _SECTORS).astype(int) % _SECTORS
    counts = np.bincount(sectors, minlength=_SECTORS)
    seen = counts >= max(1, _FEWEST // _SECTORS)
    means = np.bincount(sectors, errors, _SECTORS)[seen] / counts[seen]
    return Rim(float(errors.mean()), min(float(errors.mean()), float(np.median(means))))
