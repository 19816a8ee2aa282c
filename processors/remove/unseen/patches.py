"""Painting by patches: every patch over the hole is replaced by its like from the known surroundings.

Wexler, Shechtman, Irani, Space-Time Completion of Video (PAMI 2007), coarse to fine, in one picture;
the search is PatchMatch (Barnes et al., SIGGRAPH 2009) with jumps in place of scan lines (Rong and
Tan, Jump Flooding, I3D 2006), so that all pixels are looked at together. Seeded: the same every time.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...mattes import grown
from ...pictures.layout import Image, Mask
from .edges import paint_from_edges

_SIDE = 7
_HALF = _SIDE // 2
_COARSEST = 4
"""Radius of the hole, in pixels, at the coarsest level."""
_SEARCHED = 12_000
"""Pixels of a hole up to which a level is searched; beyond it the coarser level's finds are copied."""
_ROUNDS = (8, 5, 4, 3)
"""Search rounds from the coarsest level on; the last figure serves all further ones."""
_JUMPS = (8, 4, 2, 1)
_EDGE = 0.02
"""Patch distance (mean squared, 0..1) that halves a vote about once."""


def paint_by_patches(image: Image, hole: Mask) -> Image:
    """*image* (h, w, 3), 0..1, with *hole* painted, from its edges alone where no patch is known whole."""
    radius = float(cv2.distanceTransform(np.pad(hole, 1).astype(np.uint8), cv2.DIST_L2, 3).max())
    levels = max(0, int(np.ceil(np.log2(max(radius, 1) / _COARSEST))))
    while levels and min(hole.shape) >> levels < 4 * _SIDE:
        levels -= 1
    pictures = [(np.asarray(image, np.float32), hole)]
    for _ in range(levels):
        pictures.append(_halved(*pictures[-1]))
    made, finds = paint_from_edges(*pictures[-1]), None
    rng = np.random.default_rng(7)
    for depth, (known, missing) in enumerate(reversed(pictures)):
        if depth:
            made = np.asarray(cv2.resize(made, missing.shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)
            made = np.where(missing[..., None], made, known)
        level = _level(made, missing, finds, rng)
        if level is None:
            return paint_from_edges(image, hole)
        rounds = _ROUNDS[min(depth, len(_ROUNDS) - 1)] if len(level.targets) <= _SEARCHED else 0
        for _ in range(rounds):
            level.search(made, rng)
            made = level.vote(made, missing)
        if not rounds:
            made = level.vote(made, missing)
        finds = level.field(missing.shape)
    return np.asarray(np.where(hole[..., None], made, image), np.float32)


@dataclass
class _Level:
    """One scale: `targets` (N, 2) y, x of the patches over the hole, `found` (N, 2) where their like is."""

    targets: NDArray[np.int64]
    index: NDArray[np.int64]
    """(h, w): a pixel's place among the targets, -1 elsewhere."""
    usable: Mask
    """Centres of patches that are known whole."""
    found: NDArray[np.int64]
    apart: NDArray[np.float32]

    def search(self, made: Image, rng: np.random.Generator) -> None:
        """Better likes: a neighbour's, moved along, or somewhere near at random."""
        views = _patches(made)
        ours = views[self.targets[:, 0], self.targets[:, 1]].reshape(len(self.targets), 3 * _SIDE * _SIDE)
        self.apart = _distance(views, ours, self.found)
        for jump in _JUMPS:
            for step in ((0, jump), (0, -jump), (jump, 0), (-jump, 0)):
                near = self._neighbour(step)
                self._offer(views, ours, self.found[near] + np.array(step) * -1, near >= 0)
        radius = max(self.usable.shape)
        while radius >= 1:
            self._offer(views, ours, self.found + rng.integers(-radius, radius + 1, self.found.shape), None)
            radius //= 2

    def vote(self, made: Image, missing: Mask) -> Image:
        """Each missing pixel: the mean of what its patches' likes show there, the nearest likes most."""
        height, width = missing.shape
        total = np.zeros((height + 2 * _HALF, width + 2 * _HALF, 4), np.float32)
        padded = np.pad(made, ((_HALF, _HALF), (_HALF, _HALF), (0, 0)), mode="reflect")
        weight = np.exp(-self.apart / (_EDGE**2 + float(np.median(self.apart))))[:, None]
        for dy in range(_SIDE):
            for dx in range(_SIDE):
                pixels = padded[self.found[:, 0] + dy, self.found[:, 1] + dx]
                # Every target lands on a pixel of its own, so that plain indexing adds up rightly.
                total[self.targets[:, 0] + dy, self.targets[:, 1] + dx] += np.c_[pixels * weight, weight]
        inner = total[_HALF:-_HALF, _HALF:-_HALF]
        voted = inner[..., :3] / np.maximum(inner[..., 3:], 1e-9)
        return np.asarray(np.where(missing[..., None], voted, made), np.float32)

    def field(self, shape: tuple[int, ...]) -> NDArray[np.int64]:
        """(h, w, 2) offsets to the likes, 0 away from the hole."""
        out = np.zeros((*shape, 2), np.int64)
        out[self.targets[:, 0], self.targets[:, 1]] = self.found - self.targets
        return out

    def _neighbour(self, step: tuple[int, int]) -> NDArray[np.int64]:
        at = self.targets + np.array(step)
        height, width = self.index.shape
        inside = (at >= 0).all(axis=1) & (at[:, 0] < height) & (at[:, 1] < width)
        near = np.full(len(at), -1)
        near[inside] = self.index[at[inside, 0], at[inside, 1]]
        return near

    def _offer(self, views: Image, ours: Image, at: NDArray[np.int64], where: Mask | None) -> None:
        height, width = self.usable.shape
        good = (at >= 0).all(axis=1) & (at[:, 0] < height) & (at[:, 1] < width)
        if where is not None:
            good &= where
        spots = np.flatnonzero(good)
        spots = spots[self.usable[at[spots, 0], at[spots, 1]]]
        apart = _distance(views, ours[spots], at[spots])
        better = apart < self.apart[spots]
        self.found[spots[better]], self.apart[spots[better]] = at[spots[better]], apart[better]


def _level(made: Image, missing: Mask, finds: NDArray[np.int64] | None, rng: np.random.Generator) -> _Level | None:
    """Targets and first likes: the coarser level's where they hold, else at random; None where no patch is known."""
    usable = ~grown(missing, _HALF + 1)
    usable[:_HALF], usable[-_HALF:], usable[:, :_HALF], usable[:, -_HALF:] = False, False, False, False
    known = np.argwhere(usable)
    if len(known) < 100:
        return None
    touched = cv2.dilate(missing.astype(np.uint8), np.ones((_SIDE, _SIDE), np.uint8)) > 0
    targets = np.argwhere(touched)
    index = np.full(missing.shape, -1)
    index[targets[:, 0], targets[:, 1]] = np.arange(len(targets))
    found = known[rng.integers(0, len(known), len(targets))]
    if finds is not None:
        coarse = np.minimum(targets // 2, np.array(finds.shape[:2]) - 1)
        offset = finds[coarse[:, 0], coarse[:, 1]]
        at = np.clip(targets + 2 * offset, 0, np.array(missing.shape) - 1)
        holds = offset.any(axis=1) & usable[at[:, 0], at[:, 1]]
        found[holds] = at[holds]
    level = _Level(targets, index, usable, found, np.zeros(len(targets), np.float32))
    views = _patches(made)
    ours = views[targets[:, 0], targets[:, 1]].reshape(len(targets), 3 * _SIDE * _SIDE)
    level.apart = _distance(views, ours, found)
    return level


def _patches(image: Image) -> Image:
    """(h, w, 3, 7, 7) view of all patches, by their centres."""
    padded = np.pad(image, ((_HALF, _HALF), (_HALF, _HALF), (0, 0)), mode="reflect")
    return np.lib.stride_tricks.sliding_window_view(padded, (_SIDE, _SIDE), axis=(0, 1))


def _distance(views: Image, ours: Image, at: NDArray[np.int64]) -> NDArray[np.float32]:
    theirs = views[at[:, 0], at[:, 1]].reshape(len(at), 3 * _SIDE * _SIDE)
    return np.asarray(((theirs - ours) ** 2).mean(axis=1), np.float32)


def _halved(image: Image, hole: Mask) -> tuple[Image, Mask]:
    """Half the size; a pixel is missing when more than half of what it covers is."""
    size = (max(1, image.shape[1] // 2), max(1, image.shape[0] // 2))
    known = (~hole).astype(np.float32)
    mass = np.asarray(cv2.resize(known, size, interpolation=cv2.INTER_AREA), np.float32)
    sums = np.asarray(cv2.resize(image * known[..., None], size, interpolation=cv2.INTER_AREA), np.float32)
    return np.asarray(sums / np.maximum(mass, 1e-6)[..., None], np.float32), mass < 0.5
