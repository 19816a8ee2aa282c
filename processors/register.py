"""Laying one take's picture over another's: features, and the homography that they agree on.

Everywhere: pictures are HxWx3 float32, 0..1, display-referred code values (or HxW uint8 luma where
said); pixel centres lie at integer coordinates, x to the right, y down, in pixels of the picture
as stored; masks are HxW bool, True = do not look here. A matrix maps homogeneous (x, y, 1) of the
moving picture to the fixed one.

Sources: Lowe, SIFT (IJCV 2004); Arandjelovic and Zisserman, RootSIFT (CVPR 2012); Barath et al.,
MAGSAC++ (CVPR 2020, OpenCV's USAC_MAGSAC).
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
    return fit_points(source, target, fixed.size, threshold=max(1.5, max(fixed.size) / 640))


def register(moving: Image, fixed: Image, *, exclude: Mask | None = None) -> Registration | None:
    """The homography from *moving* to *fixed*, or None when the two do not show the same place.

    *exclude* lies on the fixed raster. Good to about a tenth of a pixel on textured 1080p pictures;
    a second fit to dense flow was tried and was less steady.
    """
    return match_points(find_points(moving), find_points(fixed, exclude=exclude))


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


def fit_points(
    moving: NDArray[np.float64], fixed: NDArray[np.float64], size: tuple[int, int], *, threshold: float
) -> Registration | None:
    """The homography that point pairs (N, 2) agree on, with the acceptance test of `match_points`."""
    if len(moving) < _MIN_INLIERS:
        return None
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
