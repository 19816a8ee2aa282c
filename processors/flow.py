"""Residual flow: what a homography leaves over, measured on the background and completed over holes.

Takes meet to a fraction of a pixel by their homography; parallax and lens distortion stay. Dense flow
measures that rest where both pictures show the same thing; where they do not (a hole, a performer, no
picture) the field is completed from its surroundings. Pictures, coordinates and masks as in `register`.

Sources: Kroeger et al., Dense Inverse Search flow (ECCV 2016, OpenCV's DISOpticalFlow); Knutsson and
Westin, normalized convolution (CVPR 1993).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .mattes import grown
from .register import Image, Mask, Registration, luma8, project


@dataclass(frozen=True)
class Refined:
    """A registration with residual flow in one region of the fixed raster.

    `region` is (x, y, width, height); `flow` (height, width, 2) in pixels of the fixed raster: the
    fixed pixel p is shown by the moving picture at inverse(matrix)(p + flow(p)). `error` is the
    median residual difference (0..255) of locally normalised luma on the background inside it.
    """

    registration: Registration
    region: tuple[int, int, int, int]
    flow: NDArray[np.float32]
    error: float

    def warp(self, image: Image) -> tuple[Image, Mask]:
        """The moving *image* over the region, cubic, one interpolation; and where it is picture."""
        back = self.places()
        out = cv2.remap(image, back[..., 0], back[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        rows, columns = image.shape[:2]
        inside = (back > 1).all(axis=-1) & (back[..., 0] < columns - 2) & (back[..., 1] < rows - 2)
        return out, inside

    def places(self) -> NDArray[np.float32]:
        """(height, width, 2): the x and y in the moving picture that each pixel of the region shows."""
        x, y, width, height = self.region
        grid_x, grid_y = np.meshgrid(np.arange(x, x + width), np.arange(y, y + height))
        at = np.stack([grid_x + self.flow[..., 0], grid_y + self.flow[..., 1]], axis=-1).reshape(-1, 2)
        return project(np.linalg.inv(self.registration.matrix), at).astype(np.float32).reshape(height, width, 2)


def refine(
    registration: Registration,
    moving: Image,
    fixed: Image,
    *,
    exclude: Mask | None = None,
    region: tuple[int, int, int, int] | None = None,
    margin: int = 10,
    limit: float = 8.0,
) -> Refined:
    """Residual flow around a hole, on the background alone.

    Flow never looks inside *exclude* (fixed raster) grown by *margin* pixels: there it is completed
    from outside, affine at large and smooth near the edge. Flow beyond *limit* pixels is no
    residual of a registration but something that moves, and is dropped the same way. *region*
    (x, y, width, height) of the fixed raster, the whole of it by default.
    """
    height, width = registration.size
    x, y, w, h = region or (0, 0, width, height)
    window = (slice(y, y + h), slice(x, x + w))
    warped, valid = registration.warp(luma8(moving))
    target, near = luma8(fixed)[window], np.asarray(warped, np.uint8)[window]
    hole = ~valid[window]
    if exclude is not None:
        hole |= grown(exclude[window], margin)
    flow = dense_flow(target, near, hole=hole)
    trust = (~hole) & (np.abs(flow).max(axis=-1) < limit)
    flow = _complete(flow, trust.astype(np.float32) * (_texture(target) + 0.002))
    grid_x, grid_y = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    moved = cv2.remap(
        near, grid_x + flow[..., 0], grid_y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    apart = np.abs(_normalised(target) - _normalised(moved))[trust]
    return Refined(registration, (x, y, w, h), flow, float(np.median(apart)) if apart.size else float("inf"))


def dense_flow(fixed: NDArray[np.uint8], moving: NDArray[np.uint8], *, hole: Mask | None = None) -> NDArray[np.float32]:
    """DIS flow (height, width, 2) from *fixed* to *moving* luma after local normalisation.

    Normalising lets takes of different grade match. Inside *hole* both are made equal first, so
    that what stands there cannot pull.
    """
    a, b = _normalised(fixed), _normalised(moving)
    if hole is not None and hole.any():
        b = np.where(hole, a, b)
    search = cv2.DISOpticalFlow.create(cv2.DISOpticalFlow_PRESET_FAST)
    search.setFinestScale(1)
    return np.asarray(
        search.calc(a.astype(np.uint8), b.astype(np.uint8), np.zeros((*a.shape, 2), np.float32)), np.float32
    )


def _complete(flow: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Flow smoothed by its weights; where there are none, an affine field that joins up smoothly."""
    height, width = weight.shape
    ys, xs = np.nonzero(weight > 0)
    if len(xs) < 50:
        return np.zeros_like(flow)
    pick = np.linspace(0, len(xs) - 1, min(len(xs), 6000)).astype(int)
    basis = np.c_[np.ones(len(pick)), xs[pick] / width - 0.5, ys[pick] / height - 0.5]
    values, w = flow[ys[pick], xs[pick]].astype(np.float64), weight[ys[pick], xs[pick]].astype(np.float64)
    for _ in range(4):
        fit = np.linalg.lstsq(basis * w[:, None], values * w[:, None], rcond=None)[0]
        off = np.linalg.norm(values - basis @ fit, axis=1)
        w = weight[ys[pick], xs[pick]] / (1 + (off / 0.5) ** 2)
    grid_y, grid_x = np.mgrid[0:height, 0:width].astype(np.float32)
    base = fit[0] + (grid_x / width - 0.5)[..., None] * fit[1] + (grid_y / height - 0.5)[..., None] * fit[2]
    base = base.astype(np.float32)
    small, sigma = (max(1, round(width / 4)), max(1, round(height / 4))), max(4.0, max(height, width) / 60)
    rest = np.asarray(cv2.resize((flow - base) * weight[..., None], small, interpolation=cv2.INTER_AREA))
    mass = np.asarray(cv2.resize(weight, small, interpolation=cv2.INTER_AREA))
    calm = float(np.median(w)) * 0.05 + 1e-6
    # From wide to narrow: where the narrow neighbourhood knows nothing, the wider one speaks, at last
    # the affine field.
    known = np.zeros_like(rest)
    for spread in (8, 4, 2, 1):
        near = np.asarray(cv2.GaussianBlur(mass, (0, 0), spread * sigma / 4))[..., None]
        soft = np.asarray(cv2.GaussianBlur(rest, (0, 0), spread * sigma / 4))
        known = (soft + calm * known) / (near + calm)
    return np.asarray(base + cv2.resize(known, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _normalised(grey: Image) -> NDArray[np.float32]:
    """Luma with its local mean and contrast taken out: 128 +- 40 code values."""
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
