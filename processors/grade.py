"""Matching one take's grade to another's, from aligned pictures of the same place.

Pictures are HxWx3 float32 RGB, 0..1, display-referred code values; nothing is linearised, so a
grade holds for the two encodings that it was fitted on. A robust 3x3 matrix with offset carries
what is global; a bilateral grid (Chen, Paris, Durand, SIGGRAPH 2007: corrections that vary slowly
over the frame and with brightness) carries vignettes, local relights and tone curves. The grid is
solved with a smoothness term, so over a hole in the data it goes on calmly. Each stage is kept only
where pixels held out of the fit agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse
from scipy.sparse.linalg import splu

Picture = NDArray[np.float32]
Samples = NDArray[np.float64]

_LUMA = np.array([0.2126, 0.7152, 0.0722])
_LEVELS = 10
_COARSE_SIDE = 4
_LONG_SIDE = 12
_CACHED_PIXELS = 1_000_000
_CAP = (30 / 255) ** 2
"""Squared error at which a held-out pixel counts as something else standing there."""
_LOW = 1.5


@dataclass(frozen=True)
class Grade:
    """A fitted grade: `matrix` (3, 3) and `offset` (3,), then `grid` (levels, rows, columns, 3) is added.

    `grid` is None where it did not help held-out pixels. `identity_psnr` and `psnr` are dB on the
    held-out pixels before and after, squared error capped at 30 of 255 a channel (a performer who
    is in one take alone must not rule the figure); `held_out` is how many pixels that were.
    """

    matrix: Samples
    offset: Samples
    grid: Picture | None
    identity_psnr: float
    psnr: float
    held_out: int
    cache: dict[tuple[tuple[int, int], tuple[int, int, int, int]], list[list[Picture]]] = field(
        default_factory=dict, compare=False, repr=False
    )

    @property
    def is_identity(self) -> bool:
        """Whether the grade changes nothing."""
        return self.grid is None and np.array_equal(self.matrix, np.eye(3)) and not self.offset.any()

    def apply(self, image: Picture, region: tuple[int, int, int, int] | None = None) -> Picture:
        """*image* regraded, float32, not clipped.

        The grid belongs to the frame that the grade was fitted on: for a part of it give *region*
        = (x, y, frame width, frame height), the part's place in that frame and the frame's size.
        """
        if self.is_identity:
            return image
        out = np.asarray(cv2.transform(image, np.c_[self.matrix, self.offset].astype(np.float32)), np.float32)
        if self.grid is None:
            return out
        height, width = image.shape[:2]
        planes = self._planes((height, width), region or (0, 0, width, height))
        level = np.clip(cv2.transform(out, _LUMA[None].astype(np.float32)), 0, 1) * (_LEVELS - 1)
        channels = [np.ascontiguousarray(out[..., c]) for c in range(3)]
        for index in range(_LEVELS):
            share = np.maximum(0, 1 - np.abs(level - index))
            for channel, plane in zip(channels, planes[index], strict=True):
                cv2.accumulateProduct(share, plane, channel)
        return np.dstack(channels)

    def _planes(self, size: tuple[int, int], region: tuple[int, int, int, int]) -> list[list[Picture]]:
        """The grid over (height, width) *size* pixels at *region*: one picture a level and channel."""
        assert self.grid is not None
        if (size, region) in self.cache:
            return self.cache[size, region]
        (height, width), (x, y, whole_width, whole_height) = size, region
        rows, columns = self.grid.shape[1:3]
        across = _hats((np.arange(x, x + width) + 0.5) / whole_width * (columns - 1), columns)
        down = _hats((np.arange(y, y + height) + 0.5) / whole_height * (rows - 1), rows)
        planes = [[np.ascontiguousarray(down @ level[..., c] @ across.T) for c in range(3)] for level in self.grid]
        if height * width <= _CACHED_PIXELS:
            self.cache[size, region] = planes
        return planes


def _hats(at: Samples, count: int) -> Picture:
    """Linear interpolation weights (len(at), count) for positions on a line of *count* knots."""
    return np.asarray(np.maximum(0, 1 - np.abs(at[:, None] - np.arange(count))), np.float32)


IDENTITY = Grade(np.eye(3), np.zeros(3), None, 0.0, 0.0, 0)


def fit_grade(
    source: Picture | Sequence[Picture],
    target: Picture | Sequence[Picture],
    weights: NDArray[np.generic] | Sequence[NDArray[np.generic]] | None = None,
    *,
    samples: int = 60_000,
) -> Grade:
    """The grade that makes *source* look like *target*; both aligned, on one raster, or several such pairs.

    *weights* (HxW, 0..1 or bool) is 0 where the two do not show the same thing: holes, performers,
    no picture. Several pairs of one take make one grade for all of it. The result is never worse
    than leaving the source alone on held-out pixels: then the identity comes back.
    """
    sources, targets = _listed(source), _listed(target)
    masks = [None] * len(sources) if weights is None else _listed(weights)
    drawn = [_draw(a, b, w, samples // len(sources)) for a, b, w in zip(sources, targets, masks, strict=True)]
    before, after, place, weight, tested = (np.concatenate(part) for part in zip(*drawn, strict=True))
    if (weight > 0).sum() < 500 or tested.sum() < 100:
        return IDENTITY
    matrix, offset = _affine(before[~tested], after[~tested], weight[~tested])
    moved = before @ matrix.T + offset
    height, width = sources[0].shape[:2]
    grid = _grid(moved[~tested], after[~tested], place[~tested], weight[~tested], (height, width))
    local = moved + _slicer(moved, place, grid.shape[:3]) @ grid.reshape(-1, 3)
    scores = [_score(value[tested], after[tested], weight[tested]) for value in (before, moved, local)]
    best = int(np.argmax(scores))
    count = int(tested.sum())
    if best == 0:
        return Grade(np.eye(3), np.zeros(3), None, scores[0], scores[0], count)
    kept = grid.astype(np.float32) if best == 2 else None
    return Grade(matrix, offset, kept, scores[0], scores[best], count)


def _listed(value: object) -> list[NDArray[np.generic]]:
    return [value] if isinstance(value, np.ndarray) else list(value)  # type: ignore[call-overload]  # one or several


def _draw(
    source: NDArray[np.generic], target: NDArray[np.generic], weights: NDArray[np.generic] | None, count: int
) -> tuple[Samples, Samples, Samples, Samples, NDArray[np.bool_]]:
    """Pixels of one pair: before, after, place (x, y in 0..1), weight, and whether they are held out.

    Lightly low-passed, so that neither grain nor a tenth of a pixel of shift rules the fit. Clipped
    pixels say nothing and are left out; every fifth block of the frame, in a fixed scatter, is held out.
    """
    height, width = source.shape[:2]
    a = cv2.GaussianBlur(np.asarray(source, np.float32), (0, 0), _LOW)
    b = cv2.GaussianBlur(np.asarray(target, np.float32), (0, 0), _LOW)
    w = np.ones((height, width), np.float32) if weights is None else np.asarray(weights, np.float32).copy()
    w[((b < 0.5 / 255) | (b > 254.5 / 255)).all(axis=-1)] = 0
    ys, xs = np.nonzero(w > 0)
    pick = np.linspace(0, len(xs) - 1, min(len(xs), count)).astype(int) if len(xs) else np.zeros(0, int)
    ys, xs = ys[pick], xs[pick]
    block = max(8, max(height, width) // 40)
    held = ((xs // block) * 7 + (ys // block) * 3) % 5 == 0
    place = np.c_[(xs + 0.5) / width, (ys + 0.5) / height]
    return (
        a[ys, xs].astype(np.float64),
        b[ys, xs].astype(np.float64),
        place,
        w[ys, xs].astype(np.float64),
        held,
    )


def _affine(before: Samples, after: Samples, weight: Samples) -> tuple[Samples, Samples]:
    """Robust 3x3 + offset by iteratively reweighted least squares, drawn a little towards the identity."""
    basis = np.c_[before, np.ones(len(before))]
    start = np.r_[np.eye(3), np.zeros((1, 3))]
    w = weight.copy()
    fit = start
    for scale in (0.2, 0.1, 0.06, 0.04, 0.04, 0.04):
        pull = 1e-3 * w.sum() * np.diag([1.0, 1.0, 1.0, 0.1])
        left = basis.T @ (basis * w[:, None]) + pull
        right = basis.T @ (after * w[:, None]) + pull @ start
        fit = np.linalg.solve(left, right)
        off = np.linalg.norm(after - basis @ fit, axis=1)
        w = weight / (1 + (off / scale) ** 2) ** 2
    return fit[:3].T.copy(), fit[3].copy()


def _grid_shape(height: int, width: int, long_side: int) -> tuple[int, int, int]:
    long = max(height, width)
    return _LEVELS, max(3, round(long_side * height / long)), max(3, round(long_side * width / long))


def _slicer(colour: Samples, place: Samples, shape: tuple[int, ...]) -> sparse.csr_array:
    """The matrix that reads a grid of *shape* at the given colours and places, trilinear."""
    levels, rows, columns = shape
    spot = np.c_[np.clip(colour @ _LUMA, 0, 1) * (levels - 1), place[:, 1] * (rows - 1), place[:, 0] * (columns - 1)]
    low = np.minimum(np.floor(spot).astype(int), np.array(shape) - 2).clip(0)
    part = spot - low
    count = len(spot)
    values, cells = [], []
    for corner in np.ndindex(2, 2, 2):
        step = np.array(corner)
        values.append(np.prod(np.where(step, part, 1 - part), axis=1))
        cell = low + step
        cells.append((cell[:, 0] * rows + cell[:, 1]) * columns + cell[:, 2])
    index = np.tile(np.arange(count), 8)
    return sparse.csr_array(
        (np.concatenate(values), (index, np.concatenate(cells))), shape=(count, levels * rows * columns)
    )


def _grid(moved: Samples, after: Samples, place: Samples, weight: Samples, size: tuple[int, int]) -> Samples:
    """The grid of corrections, (levels, rows, columns, 3), coarse first and then fine.

    The coarse one learns tone curves and large gradients from the whole frame, so that an object
    which stands in one take alone is an outlier to it; the fine one starts from what it explains.
    """
    coarse_shape, shape = _grid_shape(*size, _COARSE_SIDE), _grid_shape(*size, _LONG_SIDE)
    coarse = _solve(moved, after, place, weight, coarse_shape, (1.0, 0.3, 0.15, 0.08, 0.06))
    rest = after - moved - _slicer(moved, place, coarse_shape) @ coarse.reshape(-1, 3)
    trust = weight / (1 + ((rest**2).sum(axis=1) / 0.1**2)) ** 2
    fine = _solve(moved, moved + rest, place, trust, shape, (0.15, 0.08, 0.05, 0.03))
    zoom = [wanted / had for wanted, had in zip(shape, coarse_shape, strict=True)]
    return np.asarray(ndimage.zoom(coarse, (*zoom, 1), order=1, grid_mode=False) + fine)


def _solve(
    moved: Samples,
    after: Samples,
    place: Samples,
    weight: Samples,
    shape: tuple[int, int, int],
    scales: Sequence[float],
) -> Samples:
    """One grid: robust by falling *scales*, smooth, drawn a little to nothing."""
    reader = _slicer(moved, place, shape)
    wanted = after - moved
    smooth = _roughness(shape)
    size = int(np.prod(shape))
    grid = np.zeros((size, 3))
    calm = weight.sum() / size
    for scale in scales:
        off = np.linalg.norm(wanted - reader @ grid, axis=1)
        w = weight / (1 + (off / scale) ** 2) ** 2
        left = reader.T @ (reader * w[:, None]) + calm * (smooth + 0.003 * sparse.eye_array(size))
        grid = splu(sparse.csc_array(left)).solve(reader.T @ (wanted * w[:, None]))
    return np.asarray(grid.reshape(*shape, 3))


def _roughness(shape: tuple[int, int, int]) -> sparse.csr_array:
    """Sum of squared steps between neighbouring cells: across the frame strong, along brightness mild."""
    index = np.arange(int(np.prod(shape))).reshape(shape)
    total = sparse.csr_array((index.size, index.size))
    for axis, strength in ((0, 0.02), (1, 0.15), (2, 0.15)):
        a = np.moveaxis(index, axis, 0)[:-1].ravel()
        b = np.moveaxis(index, axis, 0)[1:].ravel()
        rows = np.arange(len(a))
        step = sparse.csr_array(
            (np.r_[np.ones(len(a)), -np.ones(len(a))], (np.r_[rows, rows], np.r_[a, b])),
            shape=(len(a), index.size),
        )
        total = total + strength * (step.T @ step)
    return total


def _score(value: Samples, truth: Samples, weight: Samples) -> float:
    """Weighted PSNR in dB over capped squared error."""
    error = np.minimum((value - truth) ** 2, _CAP).mean(axis=1)
    mean = float((error * weight).sum() / max(weight.sum(), 1e-9))
    return 99.0 if mean <= 10**-9.9 else float(-10 * np.log10(mean))
