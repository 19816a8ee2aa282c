"""What stands still in a take whose camera rests, and what moves in each of its frames.

Per pixel the still background is the densest cluster of small patches over frames spread through the
take: what most of them show, so that performers who pass drop out. Where no cluster is dense, or
most frames stray from it a little, the place is not known: somebody stays there. An outline of such
places counts with all that it encloses, the frame's border included, for the middle of a face or a
shirt hardly changes. Somebody who stands like furniture through the whole take is taken for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...pictures import Plate
from ...pictures.layout import Image, Mask

_FRAMES = 18
_LEAST = 0.4
"""Share of the frames that must show one thing for it to be the background."""
_SIDE = 960
"""Longer side at which patches are compared."""
_APART = (0.010, 0.035)
"""Bounds of the distance (RMS over RGB) at which two patches still show one thing; it follows the take's noise."""
_NOISES = 4.0
_SOMEBODY = 0.06
"""Distance that shadows and reflections seldom come to."""
_USUAL = 0.6
_OFTEN, _OFF = 2.5, 1.7
"""The usual frame's distance from the cluster, over that of calm places, from which a place is restless for
sure, and from which it is where it hangs together with such a place."""
_SPECK = 0.001
"""Share of the frame below which restless places are noise."""
_CLOSED = 0.02
"""Gaps between moving places, as a share of the longer side, that belong to what moves."""


@dataclass(frozen=True)
class Still:
    """A take's still background: `image` (h, w, 3) on the take's raster, `known` where there is one.

    `apart` is the patch distance beyond which a frame shows something else than the background.
    """

    image: NDArray[np.uint8]
    known: Mask
    apart: float

    def moving(self, picture: Image, left: int, top: int) -> Mask:
        """Where *picture*, a part of a frame at (left, top), does not show the known background."""
        window = (slice(top, top + picture.shape[0]), slice(left, left + picture.shape[1]))
        behind = self.image[window].astype(np.float32) / np.float32(255)
        far = _distance(_patch(picture), _patch(behind)) > self.apart
        steady = cv2.morphologyEx(far.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        return np.asarray(cv2.dilate(steady, np.ones((7, 7), np.uint8)) > 0) | ~self.known[window]

    def performing(self, picture: Image, left: int, top: int) -> Mask:
        """Where *picture*, as in `moving`, shows somebody for sure, and not a shadow or a change of light."""
        window = (slice(top, top + picture.shape[0]), slice(left, left + picture.shape[1]))
        behind = self.image[window].astype(np.float32) / np.float32(255)
        far = _distance(_patch(picture), _patch(behind)) > max(_SOMEBODY, self.apart)
        return np.asarray(cv2.morphologyEx(far.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)) > 0)

    def behind(self, picture: Image, moving: Mask, left: int, top: int) -> tuple[Image, Mask]:
        """*picture* with the still background where something *moving* hides it, and where that is known."""
        window = (slice(top, top + picture.shape[0]), slice(left, left + picture.shape[1]))
        # A soft step from the frame's own pixels to the background's mean, or the seam would show.
        share = cv2.GaussianBlur(cv2.dilate(moving.astype(np.float32), np.ones((5, 5), np.uint8)), (0, 0), 1.5)
        share = np.maximum(share, moving)[..., None]
        still = self.image[window].astype(np.float32) / np.float32(255)
        return np.asarray(picture * (1 - share) + still * share, np.float32), self.known[window]


def still_of(take: Plate) -> Still:
    """The still background of a take from a resting camera: some 2 s of one core at 1080p."""
    numbers = np.unique(np.linspace(0, take.frames - 1, min(_FRAMES, take.frames)).round().astype(int))
    pictures = [np.asarray(np.clip(take.picture(int(n)).rgb() * 255 + 0.5, 0, 255), np.uint8) for n in numbers]
    height, width = pictures[0].shape[:2]
    factor = min(1.0, _SIDE / max(height, width))
    small = (round(width * factor), round(height * factor))
    patches = [
        _patch(cv2.resize(one, small, interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255))
        for one in pictures
    ]
    apart = _noise(patches)
    votes = np.ones((len(patches), *patches[0].shape[:2]), np.float32)
    for i, one in enumerate(patches):
        for j in range(i):
            near = _distance(one, patches[j]) < apart
            votes[i] += near
            votes[j] += near
    best = votes.argmax(axis=0)
    seed = np.take_along_axis(np.stack(patches), best[None, ..., None], axis=0)[0]
    near = np.stack([_distance(patch, seed) < apart for patch in patches]).astype(np.float32)
    middle = np.einsum("nhw,nhwc->hwc", near, np.stack(patches)) / near.sum(axis=0)[..., None]
    strays = np.stack([_distance(patch, middle) for patch in patches])
    restless = _restless(votes.max(axis=0) < max(2.0, _LEAST * len(patches)), np.quantile(strays, _USUAL, axis=0))
    total, count = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
    for picture, stray in zip(pictures, strays, strict=True):
        near = cv2.resize((stray < apart).astype(np.float32), (width, height))
        total += picture * near[..., None]
        count += near
    image = total / np.maximum(count, 1e-3)[..., None]
    full = cv2.resize(restless.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) == 0
    return Still(np.asarray(image + 0.5, np.uint8), np.asarray(full & (count > 0.5)), 2 * apart)


def _patch(image: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.blur(image, (5, 5)), np.float32)


def _distance(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    apart = one - other
    return np.asarray(np.sqrt(np.einsum("hwc,hwc->hw", apart, apart) / 3), np.float32)


def _noise(patches: list[NDArray[np.float32]]) -> float:
    """The distance that noise and codec alone make, from the calm half of the picture."""
    if len(patches) < 2:
        return _APART[0]
    calm = [float(np.quantile(_distance(a, b)[::4, ::4], 0.4)) for a, b in pairwise(patches)]
    return float(np.clip(_NOISES * np.median(calm), *_APART))


def _restless(loose: Mask, stray: NDArray[np.float32]) -> Mask:
    """Where somebody stays: no cluster (*loose*), or the usual frame off it, with what such an outline encloses."""
    smooth = cv2.blur(stray, (5, 5))
    ratio = smooth / max(float(np.quantile(smooth, 0.4)), 0.25 / 255)
    count, labels, _, _ = cv2.connectedComponentsWithStats(((ratio > _OFF) | loose).astype(np.uint8), connectivity=8)
    sure = np.bincount(labels[(ratio > _OFTEN) | loose], minlength=count) > _SPECK * stray.size
    sure[0] = False
    outline = sure[labels]
    radius = max(2, round(_CLOSED * max(loose.shape)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    wide = cv2.copyMakeBorder(outline.astype(np.uint8), *(radius,) * 4, cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(wide, cv2.MORPH_CLOSE, disc)[radius:-radius, radius:-radius]
    found = np.zeros_like(loose)
    for wall in np.eye(4, dtype=int):  # one side of the frame at a time closes an outline that it cuts
        top, bottom, left, right = (int(side) for side in wall)
        walled = cv2.copyMakeBorder(closed, top, bottom, left, right, cv2.BORDER_CONSTANT, value=1)
        height, width = loose.shape
        found |= ndimage.binary_fill_holes(walled > 0)[top : top + height, left : left + width]
    whole = np.asarray(cv2.dilate(found.astype(np.uint8), np.ones((9, 9), np.uint8)), np.uint8)
    return np.asarray(_cut_off(whole) > 0)


def _cut_off(found: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Somebody whom the frame cuts off has an open outline: his convex hull counts."""
    height, width = found.shape
    for contour in cv2.findContours(found, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]:
        x, y, wide, high = cv2.boundingRect(contour)
        if x <= 0 or y <= 0 or x + wide >= width or y + high >= height:
            cv2.drawContours(found, [cv2.convexHull(contour)], -1, 1, -1)
    return found
