"""What a track is: something extra, something missing, something changed, or nothing to speak of.

Who owns a difference is told by outlines: an object's outline is an edge in the picture that shows
it, and in the other only by chance. A change of colour has the same edges in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from .difference import edges
from .pair import Moment
from .tracks import Track

Mask = NDArray[np.bool_]


class Kind(StrEnum):
    """The kinds of difference."""

    EXTRA = "extra"
    MISSING = "missing"
    CHANGED = "changed"


@dataclass(frozen=True)
class Judgement:
    """A track's kind, a score 0..1, and the figures behind it.

    `ownership` -1..1: positive when its outline belongs to the plate, negative to the other take.
    `likeness` -1..1: how alike the edges inside and around it are in both pictures. `colour` mean
    RGB (code values) in the picture that shows it.
    """

    kind: Kind
    score: float
    ownership: float
    likeness: float
    colour: tuple[float, float, float]


_OWNED = 0.12
_ALIKE = 0.6


def judge(track: Track, moments: Sequence[Moment]) -> Judgement:
    """Judge a track by a few of its frames."""
    owned, alike, clipped, colours = [], [], [], []
    for moment in moments:
        blob = track.mask_at(moment.frame, moment.apart.shape[:2]) & (moment.apart > 5)
        blob = _solid(blob)
        if blob.sum() < 30:
            continue
        here, there = edges(moment.plate), edges(moment.other)
        owned.append(_ownership(blob, here, there))
        alike.append(_correlation(blob, here, there))
        clipped.append(float(moment.white[blob].mean()))
        colours.append((moment.plate[blob].mean(axis=0), moment.other[blob].mean(axis=0)))
    if not owned:
        return Judgement(Kind.CHANGED, 0.0, 0.0, 1.0, (0.0, 0.0, 0.0))
    ownership, likeness = float(np.median(owned)), float(np.median(alike))
    if likeness > _ALIKE or abs(ownership) < _OWNED:
        kind = Kind.CHANGED
    else:
        kind = Kind.EXTRA if ownership > 0 else Kind.MISSING
    score = _score(track, kind, ownership, likeness, float(np.median(clipped)))
    side = 1 if kind is Kind.MISSING else 0
    colour = np.mean([pair[side] for pair in colours], axis=0)
    return Judgement(kind, score, ownership, likeness, (float(colour[0]), float(colour[1]), float(colour[2])))


def _solid(blob: Mask) -> Mask:
    """Holes filled, specks gone."""
    closed = cv2.morphologyEx(blob.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros_like(closed)
    cv2.drawContours(filled, outlines, -1, 1, -1)
    return np.asarray(cv2.morphologyEx(filled, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)) > 0)


def _ownership(blob: Mask, here: NDArray[np.float32], there: NDArray[np.float32]) -> float:
    """Whose edges follow the outline: the strongest edge within 3 px of each outline pixel, compared."""
    outlines, _ = cv2.findContours(blob.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    line = np.zeros(blob.shape, np.uint8)
    cv2.drawContours(line, outlines, -1, 1, 1)
    line[:4], line[-4:], line[:, :4], line[:, -4:] = 0, 0, 0, 0
    if not line.any():
        return 0.0
    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    a, b = (np.asarray(cv2.dilate(one, near))[line > 0] for one in (here, there))
    return float(((a - b) / (a + b + 4)).mean())


def _correlation(blob: Mask, here: NDArray[np.float32], there: NDArray[np.float32]) -> float:
    """Correlation of edge strength inside the blob and just around it."""
    around = cv2.dilate(blob.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    a, b = here[around], there[around]
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum() + 1e-6))


def _score(track: Track, kind: Kind, ownership: float, likeness: float, clipped: float) -> float:
    """How sure: contrast, size, duration, clear ownership; less where performers move or whites clip."""
    contrast = min(1.0, track.level / 30)
    size = min(1.0, (track.area / 0.004) ** 0.5)
    lasting = min(1.0, 0.4 + track.lasts)
    if kind is Kind.CHANGED:
        clear = 0.75 * (1 - clipped) * min(1.0, contrast)
    else:
        clear = min(1.0, 0.55 + abs(ownership)) * (1 - 0.5 * max(0.0, likeness))
    return float(np.clip(contrast**0.5 * size * lasting * clear * (1 - 0.75 * track.moving), 0, 1))
