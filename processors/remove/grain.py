"""Grain: how much a plate has, how much a fill lacks, and giving it that.

Measured as the high-pass (against a sigma-1 low-pass) of luma where the picture is flat, so that
edges and textures do not count. What is added is luma only, Gaussian, with the plate's own
neighbour correlation, and the same for a frame whenever it is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..pictures.layout import Image, Mask

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


@dataclass(frozen=True)
class Grain:
    """Grain of the plate and of a fill on the same flat places: standard deviations (code values 0..1).

    `correlation` is the plate's between horizontal neighbours, `share` the part of the looked-at
    pixels that was flat.
    """

    plate: float = 0.0
    fill: float = 0.0
    correlation: float = 0.0
    share: float = 0.0

    @property
    def ratio(self) -> float:
        """Fill over plate; 1 where neither has any."""
        return 1.0 if self.plate < 1e-5 else self.fill / self.plate

    @property
    def deficit(self) -> float:
        """Standard deviation that is to be added; nothing below a tenth of the plate's grain."""
        lacking = self.plate**2 - self.fill**2
        return float(np.sqrt(lacking)) if lacking > (0.1 * self.plate) ** 2 else 0.0

    def as_json(self) -> dict[str, Any]:
        """For files and reports."""
        return {"plate": self.plate, "fill": self.fill, "correlation": self.correlation, "share": self.share}

    @classmethod
    def mean(cls, several: Sequence[Grain]) -> Grain:
        """The median of several measures that found flat places; no grain when none did."""
        told = [one for one in several if one.share > 0]
        if not told:
            return cls()
        columns = zip(*((g.plate, g.fill, g.correlation, g.share) for g in told), strict=True)
        return cls(*(float(np.median(column)) for column in columns))


def high_pass(image: Image) -> NDArray[np.float32]:
    """Luma of an RGB picture less its sigma-1 low-pass."""
    luma = image @ _LUMA
    return np.asarray(luma - cv2.GaussianBlur(luma, (0, 0), 1.0), np.float32)


def flat_places(image: Image, where: Mask) -> Mask:
    """The flattest fifth of *where*, by gradient of the low-passed picture; clipped pixels left out."""
    luma = cv2.GaussianBlur(image @ _LUMA, (0, 0), 2.5)
    slope = cv2.GaussianBlur(cv2.magnitude(cv2.Sobel(luma, cv2.CV_32F, 1, 0), cv2.Sobel(luma, cv2.CV_32F, 0, 1)),
                             (0, 0), 3)  # fmt: skip
    usable = where & (luma > 0.03) & (luma < 0.97)
    if usable.sum() < 200:
        return np.zeros_like(where)
    return np.asarray(usable & (slope <= np.quantile(slope[usable], 0.2)))


def measure(plate: Image, fill: Image, where: Mask) -> Grain:
    """Compare the grain of two aligned pictures on the flat part of *where*."""
    flat = flat_places(plate, where)
    if flat.sum() < 100:
        return Grain()
    ours, theirs = high_pass(plate), high_pass(fill)
    return Grain(_spread(ours[flat]), _spread(theirs[flat]), _neighbours(ours, flat), float(flat.sum() / where.sum()))


def _spread(values: NDArray[np.float32]) -> float:
    """Standard deviation by the median: a stray edge does not count."""
    return float(1.4826 * np.median(np.abs(values - np.median(values)))) if values.size else 0.0


def _neighbours(residual: NDArray[np.float32], flat: Mask) -> float:
    both = flat[:, 1:] & flat[:, :-1]
    a, b = residual[:, 1:][both], residual[:, :-1][both]
    power = float((a * a).mean()) if a.size else 0.0
    return float((a * b).mean()) / power if power > 0 else 0.0


def noise(shape: tuple[int, ...], sigma: float, correlation: float, seed: int) -> NDArray[np.float32]:
    """A field of *shape* (height, width) whose high-pass has standard deviation *sigma*; the same for one *seed*."""
    field = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    # High-pass of white noise correlates at about -0.1; blurring by s lifts it about linearly.
    blur = float(np.clip((correlation + 0.1) * 1.1, 0.0, 0.9))
    if blur > 0.2:
        field = np.asarray(cv2.GaussianBlur(field, (0, 0), blur), np.float32)
    passed = field - cv2.GaussianBlur(field, (0, 0), 1.0)
    return np.asarray(field * (sigma / max(float(passed.std()), 1e-6)), np.float32)
