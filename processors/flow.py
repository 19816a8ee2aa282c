"""Residual flow: what a homography leaves over, measured on the background and completed over holes.

Takes meet to a fraction of a pixel by their homography; parallax and lens distortion stay. Dense flow
measures that rest where both pictures show the same thing; where they do not (a hole, a performer, no
picture) the field is completed from its surroundings. Pictures, coordinates and masks as in `register`.

Sources: Kroeger et al., Dense Inverse Search flow (ECCV 2016, OpenCV's DISOpticalFlow); Knutsson and
Westin, normalized convolution (CVPR 1993).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from .mattes import grown
from .register import Image, Mask, Registration, luma8


@dataclass(frozen=True)
class Refined:
    """A registration with residual flow in one region of the fixed raster.

    `region` is (x, y, width, height); `flow` (height, width, 2) in pixels of the fixed raster: the
    fixed pixel p is shown by the moving picture at inverse(matrix)(p + flow(p)).
    """

    registration: Registration
    region: tuple[int, int, int, int]
    flow: NDArray[np.float32]

    def warp(self, image: Image, interpolation: int = cv2.INTER_CUBIC) -> tuple[Image, Mask]:
        """The moving *image* over the region, one interpolation; and where it is picture."""
        back = self.places()
        out = sampled(image, back, interpolation)
        rows, columns = image.shape[:2]
        return out, within(back, columns, rows)

    def places(self) -> NDArray[np.float32]:
        """(height, width, 2): the x and y in the moving picture that each pixel of the region shows."""
        x, y, width, height = self.region
        rest = pixels(width, height)
        at = (rest + np.array([x, y], np.float32) if x or y else rest) + self.flow
        return np.asarray(cv2.perspectiveTransform(at, np.linalg.inv(self.registration.matrix)), np.float32)


def sampled(image: Image, at: NDArray[np.float32], interpolation: int = cv2.INTER_CUBIC) -> Image:
    """*image* seen at the positions *at* (h, w, 2), its border carried on."""
    xs, ys = cv2.split(at)
    return np.asarray(cv2.remap(image, xs, ys, interpolation, borderMode=cv2.BORDER_REPLICATE))


def within(at: NDArray[np.float32], width: int, height: int) -> Mask:
    """Where positions (h, w, 2) can be sampled by a cubic in a picture of this size."""
    right, bottom = (float(np.nextafter(np.float32(side - 2), np.float32(0))) for side in (width, height))
    return np.asarray(cv2.inRange(at, (1, 1), (right, bottom)) > 0)


@dataclass(frozen=True)
class Target:
    """A fixed picture prepared once for many moving ones: uint8 luma, normalised, and its texture."""

    luma: NDArray[np.uint8]
    normal: NDArray[np.float32]
    texture: NDArray[np.float32]

    @classmethod
    def of(cls, luma: NDArray[np.uint8]) -> Target:
        """From the fixed picture's luma over the region."""
        return cls(luma, normalised(luma), _texture(luma))


def refine(
    registration: Registration,
    moving: Image,
    fixed: Image | Target,
    *,
    exclude: Mask | None = None,
    moved: Mask | None = None,
    region: tuple[int, int, int, int] | None = None,
    margin: int = 10,
    limit: float = 8.0,
) -> Refined:
    """Residual flow around a hole, on the background alone.

    Flow never looks inside *exclude* (fixed raster) grown by *margin* pixels, nor inside *moved*
    (moving raster): there it is completed from outside, affine at large and smooth near the edge.
    Flow beyond *limit* pixels is no residual of a registration but something that moves, and is
    dropped the same way. *region* (x, y, width, height) of the fixed raster, the whole of it by
    default; a Target is of that region already.
    """
    height, width = registration.size
    x, y, w, h = region or (0, 0, width, height)
    window = (slice(y, y + h), slice(x, x + w))
    warped, valid = registration.warp(luma8(moving))
    target = fixed if isinstance(fixed, Target) else Target.of(luma8(fixed)[window])
    near = np.asarray(warped, np.uint8)[window]
    hole = ~valid[window]
    if exclude is not None:
        hole |= grown(exclude[window], margin)
    if moved is not None and moved.any():
        there, _ = registration.warp(moved.astype(np.uint8), nearest=True)
        hole |= grown(there[window] > 0, margin // 2)
    flow = _flow(target.normal, normalised(near), hole)
    trust = (~hole) & (np.abs(flow[..., 0]) < limit) & (np.abs(flow[..., 1]) < limit)
    flow = _complete(flow, trust.astype(np.float32) * (target.texture + 0.002))
    return Refined(registration, (x, y, w, h), flow)


def dense_flow(fixed: NDArray[np.uint8], moving: NDArray[np.uint8], *, hole: Mask | None = None) -> NDArray[np.float32]:
    """DIS flow (height, width, 2) from *fixed* to *moving* luma after local normalisation.

    Normalising lets takes of different grade match. Inside *hole* both are made equal first, so
    that what stands there cannot pull.
    """
    return _flow(normalised(fixed), normalised(moving), hole)


def _flow(a: NDArray[np.float32], b: NDArray[np.float32], hole: Mask | None) -> NDArray[np.float32]:
    """DIS flow between normalised luma."""
    if hole is not None and hole.any():
        b = np.where(hole, a, b)
    search = cv2.DISOpticalFlow.create(cv2.DISOpticalFlow_PRESET_FAST)
    search.setFinestScale(1)
    start = np.zeros((*a.shape, 2), np.float32)
    return np.asarray(search.calc(a.astype(np.uint8), b.astype(np.uint8), start), np.float32)


@lru_cache(maxsize=8)
def pixels(width: int, height: int) -> NDArray[np.float32]:
    """(height, width, 2): every pixel's own x and y, not to be written to."""
    xs, ys = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    both = np.dstack([xs, ys])
    both.flags.writeable = False
    return both


@lru_cache(maxsize=8)
def _shares(width: int, height: int) -> NDArray[np.float32]:
    """(height, width, 2): every pixel's own x and y as shares of the whole, the middle 0."""
    return np.asarray(pixels(width, height) / np.array([width, height], np.float32) - np.float32(0.5), np.float32)


def _complete(flow: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Flow smoothed by its weights; where there are none, an affine field that joins up smoothly."""
    height, width = weight.shape
    places = np.flatnonzero(weight)
    if len(places) < 50:
        return np.zeros_like(flow)
    ys, xs = np.divmod(places[np.linspace(0, len(places) - 1, min(len(places), 2000)).astype(int)], width)
    fit, calm = _affine(flow[ys, xs], weight[ys, xs], xs / width, ys / height)
    base = np.asarray(cv2.transform(_shares(width, height), fit.astype(np.float32)), np.float32)
    small, sigma = (max(1, round(width / 4)), max(1, round(height / 4))), max(2.0, max(height, width) / 60)
    weighted = cv2.multiply(cv2.subtract(flow, base), cv2.merge([weight, weight]))
    rest = np.asarray(cv2.resize(weighted, small, interpolation=cv2.INTER_AREA))
    mass = np.asarray(cv2.resize(weight, small, interpolation=cv2.INTER_AREA))
    # From wide to narrow: where the narrow neighbourhood knows nothing, the wider one speaks, at last
    # the affine field.
    known = np.zeros_like(rest)
    for spread in (8, 4, 2, 1):
        near = np.asarray(cv2.GaussianBlur(mass, (0, 0), spread * sigma / 4))[..., None]
        soft = np.asarray(cv2.GaussianBlur(rest, (0, 0), spread * sigma / 4))
        known = (soft + calm * known) / (near + calm)
    return np.asarray(base + cv2.resize(known, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _affine(
    values: NDArray[np.float32], weight: NDArray[np.float32], x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """The affine field (2x3 over x, y from -.5 to .5) that most vectors agree on, and a small weight among theirs."""
    basis = np.c_[x - 0.5, y - 0.5, np.ones(len(x))]
    w = weight.astype(np.float64)
    fit = np.zeros((3, 2))
    for _ in range(4):
        sided = basis * (w * w)[:, None]
        fit = np.linalg.solve(sided.T @ basis + 1e-12 * np.eye(3), sided.T @ values)
        off = np.linalg.norm(values - basis @ fit, axis=1)
        w = weight / (1 + (off / 0.5) ** 2)
    return fit.T, float(np.median(w)) * 0.05 + 1e-6


def normalised(grey: Image) -> NDArray[np.float32]:
    """Float32 luma with its local mean and contrast taken out: 128 +- 40 code values."""
    value = grey.astype(np.float32)
    sigma = max(6.0, max(grey.shape) / 80)
    mean = cv2.GaussianBlur(value, (0, 0), sigma)
    spread = np.sqrt(np.maximum(cv2.GaussianBlur(value * value, (0, 0), sigma) - mean * mean, 0))
    scaled = 128 + 40 * (value - mean) / (spread + 4)
    return np.asarray(np.clip(scaled, 0, 255), np.float32)


def _texture(grey: Image) -> NDArray[np.float32]:
    """Local contrast (0..1 of full scale) that flow can hold on to."""
    value = grey.astype(np.float32) / 255
    return np.asarray(
        cv2.GaussianBlur(np.hypot(cv2.Sobel(value, cv2.CV_32F, 1, 0), cv2.Sobel(value, cv2.CV_32F, 0, 1)), (0, 0), 2)
        / 4,
        np.float32,
    )
