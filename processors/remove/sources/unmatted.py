"""Frames without a matte as sources: they may show the very thing that is to be removed.

A matte vouches for its frame: beside it, the thing is not there. Of a frame without one nobody has said
anything: the thing may be gone, or stand there still because only a part of the shot was matted.
So the plate is looked at inside the hole. A source that shows the same there, deep inside and not only
on the rim of background that every matte has, shows the thing; where others agree on something else,
it has no say. Where no others do, the hole may as well hold plain background, and it stays: what that
comes to is judged when the whole shot is known (`rating.kept`).
"""

from __future__ import annotations

from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Image, Mask
from ...pictures.sheets import spread
from ...register import luma8
from .membrane import ring_of

_SAME, _OTHER = 0.7, 0.5
"""Share of the inner hole from which a source shows what the plate shows, and under which it shows something else."""
_FITS = 0.8
"""How well a source must fit around the hole against the others for a difference inside to say something."""
_BOUNDS = (0.015, 0.045)
"""Bounds of the patch distance (RMS over RGB, 0..1) at which two pictures show the same; it follows the misfit
around the hole."""
_CARRIED = 0.5
"""Share of the inner hole over which the others must agree."""
_ASKED = 8
"""Sources that are asked whether they agree."""
_FEWEST = 60


def showing(
    plate: Image, hidden: Mask, images: NDArray[np.float32], valid: NDArray[np.bool_], unsure: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Where the sources *images* (S, h, w, 3) that are *unsure* (S,) show the thing itself: (S, h, w).

    *plate* (h, w, 3) is looked at inside the hole *hidden*; all of one size, display-referred RGB.
    """
    out = np.zeros(valid.shape, bool)
    ring = ring_of(hidden, gap=2, width=16)
    limit, fits = _fit(np.stack([distance(plate, image) for image in images]), valid & ring)
    same = np.zeros(valid.shape, bool)
    for index in np.flatnonzero(unsure):
        same[index] = found_again(plate, images[index], limit, thickness(hidden))
    count, labels = cv2.connectedComponents(hidden.astype(np.uint8))
    deep = depth(hidden)
    for label in range(1, count):
        part = labels == label
        if part.sum() < _FEWEST:
            continue
        weights = deep[part]
        seen = valid[:, part] * weights
        share = (seen * same[:, part]).sum(axis=1) / np.maximum(seen.sum(axis=1), 1e-6)
        covers = seen.sum(axis=1) > 0.3 * weights.sum()
        shows = unsure & covers & (share >= _SAME)
        if not shows.any():
            continue
        others = unsure & fits & covers & (share < _OTHER)
        known = valid[~unsure & fits].any(axis=0) & part
        agreed = known | _agreed(images[others], valid[others] & part, limit)
        if (deep * agreed).sum() > _CARRIED * weights.sum():
            known |= valid[others].any(axis=0) & part
        out[unsure & ~others] |= known
    return out


def distance(one: Image, other: Image) -> NDArray[np.float32]:
    """RMS over RGB between 5x5 means."""
    apart = cv2.blur(one - other, (5, 5))
    return np.asarray(np.sqrt(np.einsum("hwc,hwc->hw", apart, apart) / 3), np.float32)


def found_again(here: Image, there: Image, limit: float, reach: float) -> Mask:
    """Where *there* shows what *here* shows, or has it within *reach* pixels: whoever stands still sways a little.

    *limit* is the patch distance up to which two pictures show the same.
    """
    search = cv2.DISOpticalFlow.create(cv2.DISOpticalFlow_PRESET_FAST)
    flow = search.calc(luma8(here), luma8(there), np.zeros((*here.shape[:2], 2), np.float32))
    rows, columns = np.indices(here.shape[:2], np.float32)
    at = columns + flow[..., 0], rows + flow[..., 1]
    followed = cv2.remap(there, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(-1, -1, -1))
    moved = (distance(here, np.asarray(followed, np.float32)) < limit) & (np.hypot(flow[..., 0], flow[..., 1]) < reach)
    return np.asarray((distance(here, there) < limit) | moved)


def thickness(hole: Mask) -> float:
    """Pixels from the rim of a hole to its middle, the frame's border being no rim."""
    return float(_away(hole).max())


def depth(hole: Mask) -> NDArray[np.float32]:
    """How much each pixel of a hole counts, 0..1: most in the middle of its part, hardly on the rim, which is
    background in every matte that is drawn with a little room. The frame's border is no rim."""
    away = _away(hole)
    count, labels = cv2.connectedComponents(hole.astype(np.uint8))
    most = np.array([1.0] + [max(float(away[labels == label].max()), 1.0) for label in range(1, count)], np.float32)
    return np.asarray((away / most[labels]) ** 2, np.float32)


def _away(hole: Mask) -> NDArray[np.float32]:
    padded = cv2.copyMakeBorder(hole.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1], np.float32)


def tolerance(apart: NDArray[np.float32], around: Mask) -> float:
    """The distance up to which two pictures show the same, from what they differ by *around* the hole."""
    usual = 2 * float(np.quantile(apart[around], 0.75)) if around.sum() >= _FEWEST else _BOUNDS[1]
    return float(np.clip(usual, *_BOUNDS))


def _fit(apart: NDArray[np.float32], around: NDArray[np.bool_]) -> tuple[float, NDArray[np.bool_]]:
    """The tolerance of a usual source, and which sources fit around the hole nearly as well as that one."""
    limit = float(np.median([tolerance(one, spots) for one, spots in zip(apart, around, strict=True)]))
    good = ((apart < limit) & around).sum(axis=(1, 2)) / np.maximum(around.sum(axis=(1, 2)), 1)
    return limit, np.asarray(good >= _FITS * np.median(good))


def _agreed(images: NDArray[np.float32], valid: NDArray[np.bool_], limit: float) -> Mask:
    """Where two of *images*, of some spread over all, show the same: one alone may show a passer-by."""
    sure = np.zeros(valid.shape[1:], bool)
    for i, j in combinations(spread(range(len(images)), _ASKED), 2):
        sure |= valid[i] & valid[j] & (distance(images[i], images[j]) < limit)
    return sure
