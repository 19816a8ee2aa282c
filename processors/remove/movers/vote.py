"""Which candidates are believed, and how sure the result is."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ..sources.membrane import largest_channel
from ..votes import agreeing, votes
from .candidates import Candidate, Target

_NEAR = 8.0
"""Frames after which a candidate counts e times less."""
_OLD = 16.0
"""Frames after which what a mover looked like is more guessed than known."""
_TOGETHER = 2.0
"""Pixels over which it is decided together who is believed."""
_FIT = 0.03
"""An error around the hole (0..1) at which a candidate counts e times less."""
_APART = 0.12
"""Difference (0..1) beside the hole beyond which fill and plate show different things."""
_SIGNS, _CERTAIN = (2.9, 31.0, 3.5, 1.9), -3.75
"""The weights of `signs` and their offset: a logistic fit of an edge recall under .8, to performers behind made
mattes."""
_EDGE = 5
"""Pixels beside the hole in which a performer who goes on behind it is looked for."""
_CLOSE = 0.2
"""Pixels by which what is followed one frame may have strayed at the least."""
_ALONE = 0.2
"""The difference (0..1) that is assumed where only one way arrives."""
_ODDS, _STRAYING, _DIFFERENT = 3.5, 0.7, 0.15
"""Odds for what was followed, how they fall with the pixels it may have strayed and with the difference
(0..1) between both ways: a logistic fit of which errs less, to performers behind made mattes."""
_CHOOSE = 3
"""How many times over these odds count."""
_GUESSED = 2.0
"""Error (0..1) times frames gone at which a mover is as likely somewhere else. It lies between what wrongly laid
movers cost and the movers that are lost, both in the tuning half of `benchmarks/removal.py`."""
_PART = 0.25
"""Share of somebody up to which he is not laid at all; from twice as much on he is."""

Weights = NDArray[np.float32]
Field = NDArray[np.float32]


def weigh(found: Sequence[Candidate], target: Target) -> Weights:
    """(K, h, w) how much each candidate counts, summing to 1 where any does.

    The one that most of the trusted ones agree with wins, neighbours choosing together; the others
    count as far as they show much the same: the same hand, a little farther on.
    """
    if not found:
        return np.zeros((0, *target.hole.shape), np.float32)
    trusts = [one.valid * np.exp(-_age(one, target) / _NEAR - one.error / _FIT) for one in found]
    trust = np.stack(trusts).astype(np.float32)
    patches = [np.asarray(cv2.blur(one.image, (5, 5)), np.float32) for one in found]
    best = _elected(patches, trust, np.stack([one.valid for one in found]))
    return agreeing(patches, trust, best)


def _elected(patches: Sequence[NDArray[np.float32]], trust: Weights, valid: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(h, w) the candidate that wins, worked out at half the resolution: neighbours decide together."""
    height, width = trust.shape[1:]
    half = (max(1, width // 2), max(1, height // 2))
    small = [np.asarray(cv2.resize(patch, half, interpolation=cv2.INTER_AREA), np.float32) for patch in patches]
    shares = np.stack([cv2.resize(one, half, interpolation=cv2.INTER_AREA) for one in trust])
    cast = votes(small, shares)
    blurred = [cv2.resize(cv2.GaussianBlur(vote, (0, 0), _TOGETHER), (width, height)) for vote in cast]
    return np.asarray(np.where(valid, np.stack(blurred), -1).argmax(axis=0))


def arbitrate(gone: Sequence[Candidate], followed: Sequence[Candidate], target: Target) -> tuple[Weights, Weights]:
    """What `weigh` gives for movers *gone* their way, then how much each of those that *followed* every pixel counts.

    The nearer a pixel was followed, over flow that all agreed, and the more alike what was found both
    ways, the more it counts against the movers that went as a whole.
    """
    weights = weigh(gone, target)
    nothing = np.zeros((0, *target.hole.shape), np.float32)
    if not len(followed):
        return weights, nothing
    strayed = np.stack([np.where(one.valid, one.strayed, np.float32(np.inf)) for one in followed])
    shares = 1 / (_CLOSE + strayed)
    shares /= np.maximum(shares.sum(axis=0), 1e-9)
    covered = np.isfinite(strayed).any(axis=0)
    least = np.minimum(strayed.min(axis=0), max(target.hole.shape))
    apart = np.full(target.hole.shape, _ALONE, np.float32)
    if len(followed) > 1:
        both = np.isfinite(strayed).all(axis=0)
        differ = cv2.blur(largest_channel(np.abs(followed[0].image - followed[1].image)), (5, 5))
        apart = np.asarray(np.where(both, differ, _ALONE), np.float32)
    odds = _ODDS * (_CLOSE + least) ** -_STRAYING * np.exp(-cv2.blur(apart, (5, 5)) / _DIFFERENT)
    odds = odds**_CHOOSE  # a choice, softly: a mixture of both is a ghost
    share = odds / (1 + odds) * covered
    share = cv2.GaussianBlur(share.astype(np.float32), (0, 0), _TOGETHER) * covered
    return weights, np.asarray(shares * share, np.float32)


def sure(target: Target, found: Sequence[Candidate], weights: Weights) -> Field:
    """(h, w) 0..1: how far somebody is believed to stand just there.

    Less, the longer he went unseen and the worse he meets what is seen beside the hole.
    """
    if not len(found):
        return np.zeros(target.hole.shape, np.float32)
    shares = np.asarray(weights / np.maximum(weights.sum(axis=0), 1e-6), np.float32)
    error = np.einsum("khw,khw->hw", shares, np.stack([one.error for one in found]))
    age = np.einsum("khw,khw->hw", shares, np.stack([_age(one, target) for one in found]))
    return np.asarray(1 / (1 + (error * age / _GUESSED) ** 2), np.float32)


def whole(target: Target, found: Sequence[Candidate], weights: Weights, believed: NDArray[np.float32]) -> Field:
    """(h, w) 0..1: *believed*, but none of somebody of whom only a smaller part would be laid: half a body is nobody.

    Of whom is asked of each candidate that shows him, and counts as far as the candidate does.
    """
    if not len(found):
        return believed
    shares = np.asarray(weights / np.maximum(weights.sum(axis=0), 1e-6), np.float32)
    alphas = np.stack([one.alpha for one in found])
    laid = np.einsum("khw,khw->hw", shares, alphas) * believed
    kept, total = np.zeros(laid.shape, np.float32), np.full(laid.shape, 1e-6, np.float32)
    for alpha, share in zip(alphas, shares, strict=True):
        inside = ((alpha > 0.5) & target.wanted).astype(np.uint8)
        count, labels = cv2.connectedComponents(inside, connectivity=8)
        area = np.maximum(np.bincount(labels.ravel(), minlength=count), 1)
        part = np.bincount(labels.ravel(), laid.ravel(), count) / area
        part[0] = 0
        stays = cv2.dilate(np.clip((part[labels] - _PART) / _PART, 0, 1), np.ones((5, 5), np.uint8))  # soft edges too
        kept += share * alpha * stays
        total += share * alpha
    return np.asarray(believed * kept / total, np.float32)


def doubt(target: Target, found: Sequence[Candidate], weights: Weights) -> float:
    """0..1: how likely the outline of a mover behind the hole is cut: see `signs`."""
    signal = float(np.dot(_SIGNS, signs(target, found, weights)) + _CERTAIN)
    return float(1 / (1 + np.exp(-signal)))


def signs(target: Target, found: Sequence[Candidate], weights: Weights) -> NDArray[np.float32]:
    """What speaks for a cut outline, each 0..1.

    Where movers are seen beside the hole, the share that the fill does not go on to show; where the
    fill shows somebody, how far its candidates differ, and how long ago they were seen; and the share of
    the hole that none of them knows.
    """
    far = cv2.distanceTransform((~target.wanted).astype(np.uint8), cv2.DIST_L2, 3)
    beside = (far > 1) & (far <= _EDGE + 2) & ~target.hole
    firm = beside & (target.alpha > 0.5)
    if not len(found):
        return np.array([min(1.0, firm.sum() / _EDGE / 12), 0, 0, 1], np.float32)
    fused = _fused(found, weights)
    covered = weights.sum(axis=0) > 0.5
    apart = cv2.blur(largest_channel(np.abs(fused - target.plate)), (3, 3)) > _APART
    missed = float((apart | ~covered)[firm].sum()) / max(float(firm.sum()), 6.0 * _EDGE)
    shown = covered & (cv2.blur(largest_channel(np.abs(fused - target.background)), (3, 3)) > _APART / 2)
    inside = target.wanted & shown
    unknown = float((~covered)[target.wanted].mean()) if target.wanted.any() else 0.0
    if inside.sum() < 12:
        return np.array([missed, 0, 0, unknown], np.float32)
    split, age = _spread(target, found, weights, fused)
    old = 1 - np.exp(-float(age[inside].mean()) / _OLD)
    return np.array([missed, float(split[inside].mean()), old, unknown], np.float32)


def _fused(found: Sequence[Candidate], weights: Weights) -> NDArray[np.float32]:
    """(h, w, 3) all candidates by their weights."""
    return np.asarray(np.einsum("khw,khwc->hwc", weights, np.stack([one.image for one in found])), np.float32)


def _spread(
    target: Target, found: Sequence[Candidate], weights: Weights, fused: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(h, w) how far the candidates are from *fused*, and how many frames from the target, by their weights."""
    split, age = np.zeros(target.hole.shape, np.float32), np.zeros(target.hole.shape, np.float32)
    for one, weight in zip(found, weights, strict=True):
        split += weight * largest_channel(np.abs(one.image - fused))
        age += weight * _age(one, target)
    return split, age


def _age(one: Candidate, target: Target) -> NDArray[np.float32]:
    return np.abs(one.frames - target.frame).astype(np.float32)
