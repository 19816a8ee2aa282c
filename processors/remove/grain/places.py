"""Fine structure at given places of another frame: read at the nearest pixel or between, never mixed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...flow import sampled
from ...mattes import grown
from ...pictures import Picture
from ...pictures.layout import Image, Mask
from .energy import Energy
from .flat import high_pass

REACH = 5
"""Pixels that a high-pass looks to each side, and one more."""
_ROW = 1024
"""Places that are sampled in a row: OpenCV takes no row of more than 32,767."""


def usable(matte: Mask, at: NDArray[np.float32]) -> Mask:
    """Which of the places *at* (..., 2; x, y) lie well inside a frame and away from its *matte*."""
    height, width = matte.shape
    x, y = np.moveaxis(np.rint(at).astype(int), -1, 0)
    inside = (x >= REACH) & (y >= REACH) & (x < width - REACH) & (y < height - REACH)
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    left, top = max(0, int(x.min()) - REACH), max(0, int(y.min()) - REACH)
    shut = grown(matte[top : y.max() + REACH + 1, left : x.max() + REACH + 1], REACH)
    return np.asarray(inside & ~shut[y - top, x - left])


def cropped(picture: Picture, at: NDArray[np.float32]) -> tuple[Image, NDArray[np.float32]]:
    """As much of a picture as its high-pass at the places *at* (N, 2) needs, and where it begins."""
    left, top = (max(0, int(v.min()) - REACH - 3) // 4 * 4 for v in at.T)
    right, bottom = (int(v.max()) + REACH + 4 for v in at.T)
    return picture.crop(left, top, right, bottom).rgb(), np.array([left, top], np.float32)


def energies(part: Image, at: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """The planes of a picture's energy at the places *at* (N, 2): the nearest pixel's, nothing is mixed."""
    x, y = np.rint(at).astype(int).T
    return [plane[y, x] for plane in Energy.of(part).planes]


def sampled_at(image: Image, at: NDArray[np.float32]) -> Image:
    """*image* between its pixels, at the places *at* (N, 2)."""
    rows = np.resize(at, (-(-len(at) // _ROW), _ROW, 2))
    return sampled(image, rows).reshape(-1, *image.shape[2:])[: len(at)]


def fine_at(picture: Picture, at: NDArray[np.float32]) -> NDArray[np.float32]:
    """A picture's high-pass at the places *at* (N, 2)."""
    part, start = cropped(picture, at)
    return sampled_at(high_pass(part), at - start)


def carried_on(at: NDArray[np.float32], where: Mask) -> NDArray[np.float32]:
    """Places known *where*, carried on over the whole region by the affine that fits them best."""
    ys, xs = np.nonzero(where)
    some = slice(None, None, max(1, len(xs) // 2000))
    affine, *_ = np.linalg.lstsq(np.c_[xs[some], ys[some], np.ones(len(xs[some]))], at[ys[some], xs[some]], rcond=None)
    rows, columns = np.mgrid[: where.shape[0], : where.shape[1]]
    whole = np.dstack([columns, rows, np.ones_like(rows)]) @ affine
    return np.where(where[..., None], at, whole).astype(np.float32)
