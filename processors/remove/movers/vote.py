"""Which candidates are believed, and how sure the result is."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ..sources.membrane import largest_channel
from .candidates import Candidate, Target

_AGREE = 0.06
"""Patch distance (RMS over RGB, 0..1) at which two candidates still show the same thing."""
_NEAR = 8.0
"""Frames after which a candidate counts e times less."""
_OLD = 16.0
"""Frames after which what a mover looked like is more guessed than known."""
_TOGETHER = 4.0
"""Pixels over which candidates are chosen together."""
_FIT = 0.05
"""An error around the hole (0..1) at which a candidate counts e times less."""
_APART = 0.12
"""Difference (0..1) beside the hole beyond which fill and plate show different things."""
_WHOLE = 0.3
"""Part of the largest mover seen that a piece must have which nothing beside the hole goes on to."""
_MOST = 0.4
"""Share of the candidates that must show such a piece."""
_EDGE = 5
"""Pixels beside the hole in which a performer who goes on behind it is looked for."""

Weights = NDArray[np.float32]


def weigh(found: Sequence[Candidate], target: Target) -> tuple[Weights, Weights]:
    """(K, h, w) twice: how much each candidate counts, summing to 1, and how far it was trusted before.

    The one that most of the trusted ones agree with wins, neighbours choosing together; the others
    count as far as they show the same.
    """
    if not found:
        nothing = np.zeros((0, *target.hole.shape), np.float32)
        return nothing, nothing
    patches = [np.asarray(cv2.blur(one.image, (5, 5)), np.float32) for one in found]
    trust = np.stack([one.valid * np.exp(-_age(one, target) / _NEAR - one.error / _FIT) for one in found])
    trust = trust.astype(np.float32)
    votes = trust.copy()
    for i, first in enumerate(patches):
        for j in range(i):
            near = _alike(first, patches[j], _AGREE)
            votes[i] += near * trust[j]
            votes[j] += near * trust[i]
    votes = np.stack([cv2.GaussianBlur(vote, (0, 0), _TOGETHER) for vote in votes])
    best = np.where(np.stack([one.valid for one in found]), votes, -1).argmax(axis=0)
    chosen = np.take_along_axis(np.stack(patches), best[None, ..., None], axis=0)[0]
    weights = np.stack([t * _alike(patch, chosen, _AGREE / 2) for t, patch in zip(trust, patches, strict=True)])
    return np.asarray(weights / np.maximum(weights.sum(axis=0), 1e-12), np.float32), trust


def attached(target: Target, found: Sequence[Candidate], weights: Weights) -> NDArray[np.float32]:
    """(h, w) 0 or 1: the pieces of movers that are believed.

    A piece goes on what is seen beside the hole, or is large and most of the candidates show it; a
    foot or a hand that floats on its own is where a performer was, not where he is.
    """
    if not len(found):
        return np.zeros(target.hole.shape, np.float32)
    alphas = np.stack([one.alpha for one in found])
    inside = ((weights * alphas).sum(axis=0) > 0.3) & target.hole
    count, labels, stats, _ = cv2.connectedComponentsWithStats(inside.astype(np.uint8), connectivity=8)
    beside = cv2.dilate(((target.alpha > 0.5) & ~target.hole).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    touched = np.zeros(count, bool)
    touched[np.unique(labels[beside & inside])] = True
    mover = max(float((one.alpha > 0.5).sum()) for one in found)
    large = stats[:, cv2.CC_STAT_AREA] > _WHOLE * mover
    valid = np.stack([one.valid for one in found])
    shown = ((alphas > 0.5) & valid).sum(axis=0) / np.maximum(valid.sum(axis=0), 1)
    agreed = np.bincount(labels.ravel(), shown.ravel(), count) / np.maximum(stats[:, cv2.CC_STAT_AREA], 1) > _MOST
    kept = touched | (large & agreed)
    kept[0] = False
    return cv2.dilate(kept[labels].astype(np.float32), np.ones((5, 5), np.uint8)).astype(np.float32)


def doubt(target: Target, found: Sequence[Candidate], weights: Weights, trust: Weights) -> float:
    """0..1: how likely a mover behind the hole is cut off or wrong.

    Where movers are seen beside the hole, the share that the fill does not go on to show; inside, how
    far the candidates disagree about where movers stand; and how long ago they were seen.
    """
    far = cv2.distanceTransform((~target.wanted).astype(np.uint8), cv2.DIST_L2, 3)
    beside = (far > 1) & (far <= _EDGE + 2) & ~target.hole
    firm = beside & (target.alpha > 0.5)
    if not len(found):
        return float(min(1.0, firm.sum() / _EDGE / 12))
    fused = np.einsum("khw,khwc->hwc", weights, np.stack([one.image for one in found])).astype(np.float32)
    alphas = np.stack([one.alpha for one in found])
    alpha = (weights * alphas).sum(axis=0)
    apart = cv2.blur(largest_channel(np.abs(fused - target.plate)), (3, 3)) > _APART
    covered = weights.sum(axis=0) > 0.5
    rim = beside & ((target.alpha > 0.5) | ((alpha > 0.5) & covered))
    missed = float((apart | ~covered)[rim].sum()) / max(float(rim.sum()), 6.0 * _EDGE)
    total = np.maximum(trust.sum(axis=0), 1e-12)
    mean = (trust * alphas).sum(axis=0) / total
    split = 4 * mean * (1 - mean)
    ages = np.array([_age(one, target) for one in found], np.float32)
    age = np.tensordot(ages, weights, axes=1)
    inside = target.wanted & ((alpha > 0.3) | (mean > 0.3))
    if inside.sum() < 12:
        return float(min(1.0, 1.5 * missed))
    old = 1 - np.exp(-age[inside].mean() / _OLD)
    unsure = float(split[inside].mean())
    return float(np.clip(1 - (1 - min(1.0, 1.5 * missed)) * (1 - 0.7 * unsure) * (1 - 0.7 * old), 0, 1))


def _age(one: Candidate, target: Target) -> int:
    return abs(one.frame - target.frame)


def _alike(one: NDArray[np.float32], other: NDArray[np.float32], spread: float) -> NDArray[np.float32]:
    apart = one - other
    return np.asarray(np.exp(-np.einsum("hwc,hwc->hw", apart, apart) / (6 * spread**2)), np.float32)
