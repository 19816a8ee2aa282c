"""Grain: how much a plate has, how much a fill lacks, and giving it that.

Measured as the high-pass (against a sigma-1 low-pass) where the picture is flat, so that edges and
textures do not count: of luma and of the two colour differences R-Y and B-Y, luma also by level.
What is added is Gaussian, with the neighbour correlation of what lacks (not of the plate: a mean of
sources has lost its fine grain first), less what rounding to code values will add by itself. Codecs
repeat grain from frame to frame: as much of it as the plate renews is new in every frame, the rest
stands still. The same for a frame whenever it is made.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..pictures.layout import Image, Mask

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
_PASSED = 0.87
"""Share of white noise's variance that the high-pass lets through."""
_LEVELS = np.array([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], np.float32)
"""Bounds of the luma levels that are measured apart."""
_ENOUGH = 150
"""Flat pixels from which a level is measured."""


@dataclass(frozen=True)
class Grain:
    """Grain of the plate and of a fill on the same flat places: standard deviations (code values 0..1).

    `correlation` is the plate's between horizontal neighbours, `share` the part of the looked-at
    pixels that was flat. `fill_correlation` is the fill's; `red`, `blue` are what the colour
    differences lack, with `colour_correlation`; `fresh` (0..1) is the part of the plate's variance
    that the next frame does not repeat. `levels` holds the plate's deviation at five levels of
    luma from dark to bright, relative to the whole; NaN where none was seen.
    """

    plate: float = 0.0
    fill: float = 0.0
    correlation: float = 0.0
    share: float = 0.0
    fill_correlation: float = 0.0
    red: float = 0.0
    blue: float = 0.0
    colour_correlation: float = 0.0
    fresh: float = 1.0
    levels: tuple[float, ...] = (1.0,) * (len(_LEVELS) - 1)

    @property
    def ratio(self) -> float:
        """Fill over plate; 1 where neither has any."""
        return 1.0 if self.plate < 1e-5 else self.fill / self.plate

    @property
    def deficit(self) -> float:
        """Standard deviation that is to be added; nothing below a tenth of the plate's grain."""
        lacking = self.plate**2 - self.fill**2
        return float(np.sqrt(lacking)) if lacking > (0.1 * self.plate) ** 2 else 0.0

    @property
    def lacking_correlation(self) -> float:
        """Of what is to be added: with it the sum correlates as the plate does."""
        lacking = self.plate**2 - self.fill**2
        if lacking <= 0:
            return self.correlation
        return (self.correlation * self.plate**2 - self.fill_correlation * self.fill**2) / lacking

    def as_json(self) -> dict[str, Any]:
        """For files and reports."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def mean(cls, several: Sequence[Grain]) -> Grain:
        """The median of several measures that found flat places; no grain when none did."""
        told = [one for one in several if one.share > 0]
        if not told:
            return cls()
        names = [one.name for one in fields(cls) if one.name != "levels"]
        middle = {name: float(np.median([getattr(one, name) for one in told])) for name in names}
        levels = np.array([one.levels for one in told])
        seen = ~np.isnan(levels)
        each = [float(np.median(levels[seen[:, i], i])) if seen[:, i].any() else np.nan for i in range(levels.shape[1])]
        return cls(**middle, levels=tuple(each))


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


def measure(
    plate: Image, fill: Image, where: Mask, *, step: float = 0.0, other: Image | None = None, shown: Mask | None = None
) -> Grain:
    """Compare the grain of two aligned pictures on the flat part of *where*.

    *step* is the plate's code step: *fill* is not rounded yet and will gain that much. *other* is the
    plate's picture of the same place at another moment, standing still, where *shown*.
    """
    flat = flat_places(plate, where)
    if flat.sum() < 100:
        return Grain()
    ours, theirs = _parts(plate), _parts(fill)
    deviation = _spread(ours[0][flat])
    rounded = np.sqrt(_spread(theirs[0][flat]) ** 2 + _PASSED * step**2 / 12)
    red, blue = (_lacking(_spread(a[flat]), _spread(b[flat])) for a, b in zip(ours[1:], theirs[1:], strict=True))
    return Grain(
        plate=deviation,
        fill=float(rounded),
        correlation=_neighbours(ours[0], flat),
        share=float(flat.sum() / where.sum()),
        fill_correlation=_neighbours(theirs[0], flat),
        red=red,
        blue=blue,
        colour_correlation=_neighbours(ours[1] + ours[2], flat),
        fresh=1.0 if other is None or shown is None else _fresh(ours[0], high_pass(other), flat & shown),
        levels=_by_level(ours[0], cv2.GaussianBlur(plate @ _LUMA, (0, 0), 2), flat, deviation),
    )


def _parts(image: Image) -> list[NDArray[np.float32]]:
    """High-pass of luma, R-Y and B-Y."""
    luma = image @ _LUMA
    parts = np.dstack([luma, image[..., 0] - luma, image[..., 2] - luma])
    return list(cv2.split(parts - cv2.GaussianBlur(parts, (0, 0), 1.0)))


def _lacking(plate: float, fill: float) -> float:
    lacking = plate**2 - fill**2
    return float(np.sqrt(lacking)) if lacking > 0.1 * plate**2 else 0.0


def _fresh(ours: NDArray[np.float32], other: NDArray[np.float32], flat: Mask) -> float:
    """The part of the variance that another moment of the same place does not repeat."""
    if flat.sum() < 100:
        return 1.0
    both = _spread(ours[flat]) ** 2 + _spread(other[flat]) ** 2
    # By the mean square: what codecs leave alone is most of the picture, and its median is nothing.
    apart = np.clip((ours - other)[flat], -4 * np.sqrt(both), 4 * np.sqrt(both))
    return float(np.clip((apart**2).mean() / max(both, 1e-12), 0, 1))


def _by_level(residual: NDArray[np.float32], luma: NDArray[np.float32], flat: Mask, whole: float) -> tuple[float, ...]:
    found = []
    for low, high in itertools.pairwise(_LEVELS):
        there = flat & (luma >= low) & (luma < high)
        told = there.sum() >= _ENOUGH and whole > 1e-5
        found.append(_spread(residual[there]) / whole if told else float("nan"))
    return tuple(found)


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
    blur = _blur_of(correlation)
    made = np.zeros(shape, np.float32)
    cv2.setRNGSeed(seed % 2**31)
    cv2.randn(made, 0.0, 1.0)
    if blur > 0:
        made = np.asarray(cv2.GaussianBlur(made, (0, 0), blur), np.float32)
    return np.asarray(made * np.float32(sigma / _passed(blur)[0]), np.float32)


def grained(image: Image, grain: Grain, frame: int, corner: tuple[int, int], size: tuple[int, int]) -> Image:
    """*image* with the grain that it lacks; *corner* (x, y) is its place in a frame of *size* (width, height)."""
    shape = (image.shape[0], image.shape[1])
    add = np.zeros_like(image)
    x, y = corner

    def field(kind: int, sigma: float, correlation: float) -> NDArray[np.float32]:
        made = noise(shape, sigma * float(np.sqrt(grain.fresh)), correlation, 3 * frame + kind)
        if grain.fresh < 0.98:
            still = _standing(size, correlation, kind)[y : y + shape[0], x : x + shape[1]]
            made += np.float32(sigma * np.sqrt(1 - grain.fresh)) * still
        return made

    if grain.deficit:
        add += (field(0, grain.deficit, grain.lacking_correlation) * _strength(image, grain))[..., None]
    if grain.red or grain.blue:
        red, blue = (field(kind, sigma, grain.colour_correlation) for kind, sigma in ((1, grain.red), (2, grain.blue)))
        # Colour differences alone: luma stays as it is.
        green = -(_LUMA[0] * red + _LUMA[2] * blue) / _LUMA[1]
        add += np.dstack([red, green, blue])
    return np.asarray(image + add, np.float32)


def _strength(image: Image, grain: Grain) -> NDArray[np.float32]:
    """The plate's grain at each pixel's level, relative to the whole."""
    told = ~np.isnan(grain.levels)
    if told.sum() < 2:
        return np.ones(image.shape[:2], np.float32)
    middles = (_LEVELS[1:] + _LEVELS[:-1]) / 2
    table = np.interp(np.linspace(0, 1, 256), middles[told], np.array(grain.levels)[told]).astype(np.float32)
    luma = cv2.GaussianBlur(image @ _LUMA, (0, 0), 2)
    return table[np.clip(luma * 255, 0, 255).astype(np.uint8)]


@lru_cache(maxsize=3)
def _standing(size: tuple[int, int], correlation: float, kind: int) -> NDArray[np.float32]:
    """The field that stands still through a shot."""
    return noise((size[1], size[0]), 1.0, correlation, 1_000_001 + kind)


_BLURS = tuple(round(0.05 * step, 2) for step in range(6, 41))


@lru_cache(maxsize=64)
def _passed(blur: float) -> tuple[float, float]:
    """Of white noise blurred by *blur*: deviation of its high-pass, and that one's lag-1 correlation."""
    white = np.random.default_rng(5).standard_normal((256, 256)).astype(np.float32)
    soft = white if blur <= 0 else np.asarray(cv2.GaussianBlur(white, (0, 0), blur), np.float32)
    rest = (soft - cv2.GaussianBlur(soft, (0, 0), 1.0))[8:-8, 8:-8]
    return float(rest.std()), float((rest[:, 1:] * rest[:, :-1]).mean() / (rest * rest).mean())


def _blur_of(correlation: float) -> float:
    """The blur that gives white noise this lag-1 correlation after the high-pass; 0 for none."""
    blurs = (0.0, *_BLURS)
    return min(blurs, key=lambda blur: abs(_passed(blur)[1] - correlation))
