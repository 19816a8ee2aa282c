"""Laying one take's picture over another's: features, a homography, and residual flow.

Everywhere: pictures are HxWx3 float32, 0..1, display-referred code values (or HxW uint8 luma where
said); pixel centres lie at integer coordinates, x to the right, y down, in pixels of the picture
as stored; masks are HxW bool, True = do not look here. A matrix maps homogeneous (x, y, 1) of the
moving picture to the fixed one.

Sources: Lowe, SIFT (IJCV 2004); Barath et al., MAGSAC++ (CVPR 2020, OpenCV's USAC_MAGSAC);
Kroeger et al., Dense Inverse Search flow (ECCV 2016).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Image = NDArray[Any]
"""Any channels, uint8, uint16 or float32."""
Matrix = NDArray[Any]

_FEATURE_SIDE = 960
"""Features are sought on pictures scaled to this longer side: 0.25 s a 1080p frame, no inlier lost."""
_RATIO = 0.8
_MIN_INLIERS = 18
_MIN_SHARE = 0.2
_MIN_CELLS = 4
_MAX_STRETCH = 2.5


@dataclass(frozen=True)
class Registration:
    """A homography that maps the moving picture onto the fixed one, and how far to trust it.

    `inliers` of `matched` feature pairs agree; `cells` of a 4x4 grid over the fixed picture hold
    one; `residual` is the inliers' median distance in pixels of the fixed picture. `size` is the
    fixed picture's (height, width).
    """

    matrix: Matrix
    inliers: int
    matched: int
    cells: int
    residual: float
    size: tuple[int, int]

    def warp(self, image: Image, *, nearest: bool = False) -> tuple[Image, Mask]:
        """*image* (of the moving raster, any channels, uint8/uint16/float32) on the fixed raster.

        Cubic, or nearest for masks. The mask says where the result is picture: one pixel inside
        the moving picture's border.
        """
        height, width = self.size
        flags = cv2.INTER_NEAREST if nearest else cv2.INTER_CUBIC
        out = cv2.warpPerspective(image, self.matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return out, self.valid(image.shape[:2])

    def valid(self, moving_size: tuple[int, int]) -> Mask:
        """Where the fixed raster is covered by a moving picture of (height, width) *moving_size*."""
        inside = np.zeros(moving_size, np.uint8)
        inside[1:-1, 1:-1] = 255
        height, width = self.size
        return np.asarray(cv2.warpPerspective(inside, self.matrix, (width, height)) > 254)

    def scaled(self, moving: float, fixed: float) -> Registration:
        """The same mapping between pictures resized by the factors *moving* and *fixed*."""
        matrix = _scale(fixed) @ self.matrix @ np.linalg.inv(_scale(moving))
        size = (round(self.size[0] * fixed), round(self.size[1] * fixed))
        return Registration(matrix, self.inliers, self.matched, self.cells, self.residual * fixed, size)

    def shift(self) -> float:
        """How far the fixed picture's corners and centre move at most, in pixels."""
        height, width = self.size
        points = np.array([[0, 0], [width, 0], [0, height], [width, height], [width / 2, height / 2]], np.float64)
        return float(np.linalg.norm(project(self.matrix, points) - points, axis=1).max())


@dataclass(frozen=True)
class Points:
    """Features of one picture: positions (N, 2) float64 in its own pixels, descriptors, (height, width)."""

    at: NDArray[np.float64]
    descriptors: NDArray[np.float32]
    size: tuple[int, int]


def project(matrix: Matrix, points: NDArray[Any]) -> NDArray[np.float64]:
    """Map points (N, 2) through a 3x3 matrix."""
    mapped = np.c_[points, np.ones(len(points))] @ matrix.T
    return np.asarray(mapped[:, :2] / mapped[:, 2:])


def luma8(image: Image) -> NDArray[np.uint8]:
    """Rec. 709 weighted code values as uint8, from float RGB 0..1 or uint8 luma (returned as it is)."""
    if image.ndim == 2 and image.dtype == np.uint8:
        return np.asarray(image, np.uint8)
    grey = np.asarray(image, np.float32) @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    return np.asarray(np.clip(grey * 255 + 0.5, 0, 255), np.uint8)


def find_points(image: Image, *, exclude: Mask | None = None, limit: int = 3000) -> Points:
    """SIFT features (RootSIFT descriptors) of a picture or luma, none of them where *exclude* is set."""
    grey = luma8(image)
    height, width = grey.shape
    factor = min(1.0, _FEATURE_SIDE / max(height, width))
    if max(height, width) < 480:
        factor = 2.0  # SIFT finds next to nothing in thumbnails at their own size
    small = _resize(grey, factor)
    look = None
    if exclude is not None:
        look = (cv2.resize(exclude.astype(np.uint8), small.shape[::-1], interpolation=cv2.INTER_AREA) == 0).astype(
            np.uint8
        )
    found, descriptors = cv2.SIFT.create(limit, contrastThreshold=0.025).detectAndCompute(small, look)
    if descriptors is None:
        return Points(np.zeros((0, 2)), np.zeros((0, 128), np.float32), (height, width))
    at = project(np.linalg.inv(_scale(factor)), np.array([point.pt for point in found], np.float64))
    root = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-6))
    return Points(at, root.astype(np.float32), (height, width))


def match_points(moving: Points, fixed: Points) -> Registration | None:
    """The homography that enough features agree on, or None.

    Honest refusal: at least 18 inliers and a fifth of all matches, in at least 4 of 16 cells of
    the frame, and a mapping that neither mirrors nor stretches more than 2.5 times.
    """
    if min(len(moving.at), len(fixed.at)) < _MIN_INLIERS:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(moving.descriptors, fixed.descriptors, 2)
    kept = [p[0] for p in pairs if len(p) == 2 and p[0].distance < _RATIO * p[1].distance]
    if len(kept) < _MIN_INLIERS:
        return None
    source = moving.at[[m.queryIdx for m in kept]]
    target = fixed.at[[m.trainIdx for m in kept]]
    return _fit(source, target, fixed.size, threshold=max(1.5, max(fixed.size) / 640))


def register(
    moving: Image,
    fixed: Image,
    *,
    exclude: Mask | None = None,
    exclude_moving: Mask | None = None,
) -> Registration | None:
    """The homography from *moving* to *fixed*, or None when the two do not show the same place.

    *exclude* lies on the fixed raster, *exclude_moving* on the moving one. Good to about a tenth of
    a pixel on textured 1080p pictures; a second fit to dense flow was tried and was less steady.
    """
    return match_points(find_points(moving, exclude=exclude_moving), find_points(fixed, exclude=exclude))


@dataclass(frozen=True)
class TakeRegistration:
    """How one take lies over another through the clip.

    `still`: neither camera moves, so one robust registration serves every frame; otherwise `frames`
    holds one for each sampled pair and `at` answers with the nearest one's.
    """

    still: bool
    common: Registration
    frames: dict[int, Registration]

    def at(self, frame: int) -> Registration:
        """The registration for the fixed take's *frame*."""
        if self.still or not self.frames:
            return self.common
        return self.frames[min(self.frames, key=lambda known: abs(known - frame))]


def register_takes(
    pairs: Sequence[tuple[int, Image, Image]],
    *,
    exclude: Mask | None = None,
    agree: float = 1.5,
) -> TakeRegistration | None:
    """Register sampled pairs (fixed take's frame, moving picture, fixed picture) of two takes.

    Still cameras: the pairs' homographies agree within *agree* pixels of their median at the
    corners and both takes' own frames lie on each other; then the median serves all. None when
    fewer than half of the pairs register.
    """
    found: dict[int, Registration] = {}
    for frame, moving, fixed in pairs:
        one = register(moving, fixed, exclude=exclude)
        if one is not None:
            found[frame] = one
    if not found or 2 * len(found) < len(pairs):
        return None
    common = median_registration(list(found.values()))
    height, width = common.size
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float64)
    middle = project(common.matrix, corners)
    apart = [float(np.abs(project(one.matrix, corners) - middle).max()) for one in found.values()]
    still = float(np.median(apart)) <= agree and _rests([fixed for _, _, fixed in pairs], agree)
    return TakeRegistration(still, common, found)


def median_registration(registrations: Sequence[Registration]) -> Registration:
    """The homography whose corners go to the median of where the given ones send them."""
    first = registrations[0]
    height, width = first.size
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float64)
    sent = np.median([project(one.matrix, corners) for one in registrations], axis=0)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), sent.astype(np.float32)).astype(np.float64)
    return Registration(
        matrix,
        int(np.median([one.inliers for one in registrations])),
        int(np.median([one.matched for one in registrations])),
        int(np.median([one.cells for one in registrations])),
        float(np.median([one.residual for one in registrations])),
        first.size,
    )


def _rests(pictures: Sequence[Image], agree: float) -> bool:
    """Whether the camera stands still over the pictures of one take."""
    if len(pictures) < 2:
        return True
    for picture in (pictures[len(pictures) // 2], pictures[-1]):
        moved = match_points(find_points(picture), find_points(pictures[0]))
        if moved is not None and moved.shift() > 2 * agree:
            return False
    return True


def _fit(
    moving: NDArray[np.float64], fixed: NDArray[np.float64], size: tuple[int, int], *, threshold: float
) -> Registration | None:
    """Robust homography with the acceptance test of `match_points`."""
    cv2.setRNGSeed(1001)  # the same pictures must give the same answer
    matrix, good = cv2.findHomography(moving, fixed, cv2.USAC_MAGSAC, threshold, maxIters=4000, confidence=0.999)
    if matrix is None:
        return None
    inside = good.ravel() > 0
    inliers = int(inside.sum())
    if inliers < _MIN_INLIERS or inliers < _MIN_SHARE * len(inside) or not _sane(matrix, size):
        return None
    cell = np.floor(fixed[inside] / np.array([size[1], size[0]]) * 4).clip(0, 3).astype(int)
    cells = len(set(map(tuple, cell.tolist())))
    if cells < _MIN_CELLS:
        return None
    distance = np.linalg.norm(project(matrix, moving[inside]) - fixed[inside], axis=1)
    return Registration(matrix, inliers, len(inside), cells, float(np.median(distance)), size)


def _sane(matrix: Image, size: tuple[int, int]) -> bool:
    """Neither mirrored, nor folded, nor stretched more than 2.5 times anywhere at the corners."""
    height, width = size
    for x, y in ((0, 0), (width, 0), (0, height), (width, height)):
        depth = matrix[2] @ (x, y, 1.0)
        if depth <= 1e-6:
            return False
        px, py = project(matrix, np.array([[x, y]], np.float64))[0]
        jacobian = (matrix[:2, :2] - np.outer((px, py), matrix[2, :2])) / depth
        stretch = np.linalg.svd(jacobian, compute_uv=False)
        if np.linalg.det(jacobian) <= 0 or stretch[0] > _MAX_STRETCH or stretch[1] < 1 / _MAX_STRETCH:
            return False
    return True


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
        x, y, width, height = self.region
        grid_x, grid_y = np.meshgrid(np.arange(x, x + width), np.arange(y, y + height))
        at = np.stack([grid_x + self.flow[..., 0], grid_y + self.flow[..., 1]], axis=-1).reshape(-1, 2)
        back = project(np.linalg.inv(self.registration.matrix), at).astype(np.float32).reshape(height, width, 2)
        out = cv2.remap(image, back[..., 0], back[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        rows, columns = image.shape[:2]
        inside = (back > 1).all(axis=-1) & (back[..., 0] < columns - 2) & (back[..., 1] < rows - 2)
        return out, inside


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
        hole |= grow(exclude[window], margin)
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


def grow(mask: Mask, pixels: int) -> Mask:
    """*mask* dilated by a disc of radius *pixels*."""
    if pixels <= 0:
        return mask
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), disc) > 0)


def _scale(factor: float) -> Matrix:
    """Pixel-centre coordinates of a picture to those of the picture resized by *factor*."""
    shift = (factor - 1) / 2
    return np.array([[factor, 0, shift], [0, factor, shift], [0, 0, 1]], np.float64)


def _resize(grey: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    if factor == 1.0:
        return grey
    size = (round(grey.shape[1] * factor), round(grey.shape[0] * factor))
    kind = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(grey, size, interpolation=kind), np.uint8)
