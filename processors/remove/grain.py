"""Grain: how it is measured, what a fill lacks, and noise of a given amount and correlation.

Measured as the high-pass (against a sigma-1 low-pass) where the picture is flat, so that edges and
textures do not count: of luma and of the two colour differences R-Y and B-Y. Amounts are root mean
squares, not medians: a codec keeps grain in some blocks and wipes it in the others, and what stands
in the few is all there is to see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..pictures.layout import Image, Mask

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
_FLATTEST = 0.2
"""Share of a place that counts as its flat part."""
_FEWEST = 60
"""Pixels below which nothing is measured."""
_NEAR = (0.1, 0.4)
"""Share of the grain's variance that may lack unseen, and that from which all that lacks is added: over texture,
noise costs more than it gives."""
_ROUNDED = 0.3
"""Deviation, in code steps, of what rounding adds by itself; weaker noise would only move that about."""
_APART = 9.0
"""Times the variance that plate and take may differ by in grain."""
_SOFTEN = 0.6
"""Least factor on a fill's own fine structure."""


@dataclass(frozen=True)
class Grain:
    """Grain that the plate has in a place, and a fill's there: standard deviations (code values 0..1).

    `correlation` is the plate's between horizontal neighbours, `fill_correlation` the fill's; `share`
    the part of the looked-at pixels that was flat. `red`, `blue` are what the colour differences
    lack, with `colour_correlation`; `fresh` (0..1) is the part of the plate's variance that the next
    frame does not repeat; `most` bounds what may be added, `step` is
    the plate's code step.
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
    most: float = 1.0
    step: float = 0.0

    @property
    def ratio(self) -> float:
        """Fill over plate; 1 where neither has any."""
        return 1.0 if self.plate < 1e-5 else self.fill / self.plate

    @property
    def kept(self) -> float:
        """The factor on the fill's own high-pass: below 1 where it has more grain, or coarser, than the plate."""
        if self.fill < 1e-5:
            return 1.0
        share = (self.plate**2 * (1 + _NEAR[0]) - self._finest) / self.fill**2 if self._excess else 1.0
        return float(np.sqrt(np.clip(share, _SOFTEN**2, 1)))

    @property
    def deficit(self) -> float:
        """Standard deviation that is to be added; nothing that would be lost in rounding."""
        return _lacking(self.plate**2, (self.kept * self.fill) ** 2, self.most**2, self.step)

    @property
    def lacking_correlation(self) -> float:
        """Of what is to be added: with it the sum correlates as the plate does."""
        kept = (self.kept * self.fill) ** 2
        lacking = self.plate**2 - kept
        if not self.deficit:
            return self.correlation
        return float(np.clip((self.correlation * self.plate**2 - self.fill_correlation * kept) / lacking, -1, 1))

    @property
    def renewed(self) -> float:
        """The part of what is added that is new in every frame: a mean of frames has kept what stands still."""
        return float(np.clip(self.fresh * self.plate**2 / max(self.deficit**2, 1e-12), 0, 1))

    @property
    def _excess(self) -> bool:
        """Whether no noise, however fine, makes the fill like the plate by being added."""
        lacking = self.plate**2 - self.fill**2
        return (
            lacking < 0
            or lacking * _passed(0)[1] > self.correlation * self.plate**2 - self.fill_correlation * self.fill**2
        )

    @property
    def _finest(self) -> float:
        """Variance of white noise that, beside a part of the fill's own grain, correlates as the plate does."""
        coarse = self.fill_correlation - _passed(0)[1]
        if coarse < 1e-3:
            return 0.0
        return float(np.clip((self.fill_correlation - self.correlation) / coarse, 0, 1)) * self.plate**2

    def as_json(self) -> dict[str, Any]:
        """For files and reports."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def mean(cls, several: Sequence[Grain]) -> Grain:
        """The median of several measures that found flat places; no grain when none did."""
        told = [one for one in several if one.share > 0]
        if not told:
            return cls()
        return cls(**{one.name: float(np.median([getattr(grain, one.name) for grain in told])) for one in fields(cls)})


@dataclass(frozen=True)
class Energy:
    """Squares of a picture's high-pass and products of its horizontal neighbours, pixel by pixel (h, w).

    The mean of `luma` over a place is its variance there, that of `beside` its covariance.
    """

    luma: NDArray[np.float32]
    beside: NDArray[np.float32]
    red: NDArray[np.float32]
    blue: NDArray[np.float32]
    colours_beside: NDArray[np.float32]

    @classmethod
    def of(cls, image: Image) -> Energy:
        """Of an RGB picture."""
        luma, red, blue = _parts(image)
        both = red + blue
        return cls(luma * luma, _beside(luma), red * red, blue * blue, _beside(both))

    @classmethod
    def nothing(cls, shape: tuple[int, int]) -> Energy:
        """Not known anywhere: NaN."""
        return cls(*(np.full(shape, np.nan, np.float32) for _ in fields(cls)))

    def put(self, where: Mask, values: Sequence[NDArray[np.float32]]) -> None:
        """Set every plane *where*."""
        for plane, value in zip(self.planes, values, strict=True):
            plane[where] = value

    def scaled(self, plate: Energy, where: Mask) -> Energy:
        """As much more, and as much coarser, as *plate* is *where*."""
        ours, theirs = ([float(plane[where].mean()) for plane in one.planes] for one in (plate, self))
        luma, _, red, blue, colours = (
            float(np.clip(a / max(b, 1e-12), 1 / _APART, _APART)) for a, b in zip(ours, theirs, strict=True)
        )
        coarser = ours[1] / max(ours[0], 1e-12) - theirs[1] / max(theirs[0], 1e-12)
        beside = self.beside * luma + self.luma * np.float32(luma * coarser)
        return Energy(self.luma * luma, beside, self.red * red, self.blue * blue, self.colours_beside * colours)

    @property
    def planes(self) -> list[NDArray[np.float32]]:
        """All of them."""
        return [self.luma, self.beside, self.red, self.blue, self.colours_beside]


def lacks(
    plate: Energy,
    fill: Energy,
    flat: Mask,
    *,
    share: float = 1.0,
    fresh: float = 1.0,
    renews: bool = False,
    step: float = 0.0,
) -> Grain:
    """What a fill lacks on its *flat* pixels against the energy that the plate would have there.

    With *renews* no more than what is *fresh* in the plate: what stands still there is detail, which no noise gives.
    """
    if flat.sum() < _FEWEST:
        return Grain()
    ours, beside, red, blue, colours = (float(plane[flat].mean()) for plane in plate.planes)
    theirs, along, other_red, other_blue, _ = (float(plane[flat].mean()) for plane in fill.planes)
    bound = fresh if renews else 1.0
    return Grain(
        plate=float(np.sqrt(ours)),
        fill=float(np.sqrt(theirs)),
        correlation=beside / max(ours, 1e-12),
        share=share,
        fill_correlation=along / max(theirs, 1e-12),
        red=_lacking(red, other_red, bound * red, step),
        blue=_lacking(blue, other_blue, bound * blue, step),
        colour_correlation=float(np.clip(colours / max(red + blue, 1e-12), -1, 1)),
        fresh=fresh,
        most=float(np.sqrt(bound * ours)),
        step=step,
    )


def high_pass(image: Image) -> NDArray[np.float32]:
    """Luma of an RGB picture less its sigma-1 low-pass."""
    luma = image @ _LUMA
    return np.asarray(luma - cv2.GaussianBlur(luma, (0, 0), 1.0), np.float32)


def flat_places(image: Image, where: Mask) -> Mask:
    """The flattest fifth of *where*, by gradient of the low-passed picture; clipped pixels left out."""
    slope, luma = slope_of(image)
    usable = where & (luma > 0.03) & (luma < 0.97)
    if usable.sum() < 200:
        return np.zeros_like(where)
    return np.asarray(usable & (slope <= np.quantile(slope[usable], _FLATTEST)))


def slope_of(image: Image) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How far from flat a picture is, pixel by pixel, and its low-passed luma."""
    luma = np.asarray(cv2.GaussianBlur(image @ _LUMA, (0, 0), 2.5), np.float32)
    slope = cv2.magnitude(cv2.Sobel(luma, cv2.CV_32F, 1, 0), cv2.Sobel(luma, cv2.CV_32F, 0, 1))
    return np.asarray(cv2.GaussianBlur(slope, (0, 0), 3), np.float32), luma


def flattest(slope: NDArray[np.float32], where: Mask) -> tuple[Mask, float]:
    """The flattest fifth of *where*, and the slope up to which a pixel counts as flat."""
    if where.sum() < _FEWEST:
        return np.zeros_like(where), 0.0
    bound = float(np.quantile(slope[where], _FLATTEST))
    return np.asarray(where & (slope <= bound)), bound


def measure(plate: Image, fill: Image, where: Mask) -> Grain:
    """Compare the grain of two aligned pictures on the flat part of *where*."""
    flat = flat_places(plate, where)
    share = float(flat.sum() / max(where.sum(), 1))
    return lacks(Energy.of(plate), Energy.of(fill), flat, share=share)


def _parts(image: Image) -> list[NDArray[np.float32]]:
    """High-pass of luma, R-Y and B-Y."""
    luma = image @ _LUMA
    parts = np.dstack([luma, image[..., 0] - luma, image[..., 2] - luma])
    return [np.asarray(part, np.float32) for part in cv2.split(parts - cv2.GaussianBlur(parts, (0, 0), 1.0))]


def _beside(part: NDArray[np.float32]) -> NDArray[np.float32]:
    """Product with the neighbour to the right; the last column with itself turned round."""
    return np.asarray(part * np.concatenate([part[:, 1:], part[:, -2:-1]], axis=1), np.float32)


def _lacking(plate: float, fill: float, most: float, step: float) -> float:
    """The deviation to be added, from variances; 0 for what would be lost in rounding."""
    apart = plate - fill
    lacking = min(apart * float(np.interp(apart / max(plate, 1e-12), _NEAR, (0, 1))), most)
    return float(np.sqrt(lacking)) if lacking > (_ROUNDED * step) ** 2 else 0.0


def noise(shape: tuple[int, ...], sigma: float, correlation: float, seed: int) -> NDArray[np.float32]:
    """A field of *shape* (height, width) whose high-pass has standard deviation *sigma*; the same for one *seed*."""
    return _noise(shape, sigma, blur_of(correlation), seed)


def _noise(shape: tuple[int, ...], sigma: float, blur: float, seed: int) -> NDArray[np.float32]:
    made = np.zeros(shape, np.float32)
    cv2.setRNGSeed(seed % 2**31)
    cv2.randn(made, np.zeros(1), np.ones(1))
    if blur > 0:
        made = np.asarray(cv2.GaussianBlur(made, (0, 0), blur), np.float32)
    return np.asarray(made * np.float32(sigma / _passed(blur)[0]), np.float32)


@dataclass(frozen=True)
class Added:
    """Noise that gives a fill what it lacks.

    `corner` (x, y) is the fill's place in what stands still in the scene, a field of `size` (width,
    height) that goes on for ever: with a moving camera it wanders.
    """

    grain: Grain
    frame: int
    corner: tuple[int, int]
    size: tuple[int, int]

    def to(self, image: Image, strength: NDArray[np.float32]) -> Image:
        """*image* with the noise, its luma times *strength* (h, w)."""
        grain, shape = self.grain, strength.shape
        add = np.zeros_like(image)
        if grain.deficit:
            add += (self._field(shape, 0, grain.deficit, grain.lacking_correlation) * strength)[..., None]
        if grain.red or grain.blue:
            amounts = ((1, grain.red), (2, grain.blue))
            red, blue = (self._field(shape, kind, sigma, grain.colour_correlation) for kind, sigma in amounts)
            # Colour differences alone: luma stays as it is.
            green = -(_LUMA[0] * red + _LUMA[2] * blue) / _LUMA[1]
            add += np.dstack([red, green, blue])
        return np.asarray(image + add, np.float32)

    def _field(self, shape: tuple[int, ...], kind: int, sigma: float, correlation: float) -> NDArray[np.float32]:
        fresh, blur = self.grain.renewed, blur_of(correlation)
        made = _noise(shape, sigma * float(np.sqrt(fresh)), blur, 3 * self.frame + kind)
        if fresh < 0.98:
            rows = np.arange(self.corner[1], self.corner[1] + shape[0]) % self.size[1]
            columns = np.arange(self.corner[0], self.corner[0] + shape[1]) % self.size[0]
            made += np.float32(sigma * np.sqrt(1 - fresh)) * _standing(self.size, blur, kind)[np.ix_(rows, columns)]
        return made


@lru_cache(maxsize=6)
def _standing(size: tuple[int, int], blur: float, kind: int) -> NDArray[np.float32]:
    """A field of *size* (width, height) that stands still in the scene; deviation 1 after the high-pass."""
    return _noise((size[1], size[0]), 1.0, blur, 1_000_001 + kind)


_BLURS = tuple(round(0.05 * step, 2) for step in range(6, 18))
"""Wider ones would pass next to nothing of themselves through the high-pass: what is that coarse is no grain."""


@lru_cache(maxsize=64)
def _passed(blur: float) -> tuple[float, float]:
    """Of white noise blurred by *blur*: deviation of its high-pass, and that one's lag-1 correlation."""
    white = np.random.default_rng(5).standard_normal((256, 256)).astype(np.float32)
    soft = white if blur <= 0 else np.asarray(cv2.GaussianBlur(white, (0, 0), blur), np.float32)
    rest = (soft - cv2.GaussianBlur(soft, (0, 0), 1.0))[8:-8, 8:-8]
    return float(rest.std()), float((rest[:, 1:] * rest[:, :-1]).mean() / (rest * rest).mean())


def blur_of(correlation: float) -> float:
    """The blur that gives white noise this lag-1 correlation after the high-pass; 0 for none."""
    blurs = (0.0, *_BLURS)
    return min(blurs, key=lambda blur: abs(_passed(blur)[1] - correlation))
