"""What the frames around say of one place: witnesses, and whom to believe.

Pictures are display-referred RGB 0..1 over a region of a raster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Image
from ..votes import agreeing, votes
from .raster import Field
from .seen import Look

_PATCH = 5
"""Pixels that are compared together."""
_TOGETHER = 2.0
"""Pixels over which it is decided together who is believed."""


@dataclass(frozen=True)
class Witness:
    """A frame's fill, or what other frames show of it: `image` (h, w, 3), what its `word` counts (h, w; 0 where it says
    nothing), how far it shows a `mover` (h, w), and the `looks` at other frames by which it was seen."""

    image: Image
    word: Field
    mover: Field
    looks: Sequence[Look] = ()


@dataclass(frozen=True)
class Verdict:
    """`shares` (K, h, w), 1 in all, of each witness, and which one most agree with: `best` (h, w).

    `apart` (h, w) is by how much witnesses differ from what is concluded: the mean of the squares, by their words.
    """

    shares: NDArray[np.float32]
    best: NDArray[np.int64]
    apart: Field


def heard(witnesses: Sequence[Witness]) -> Verdict:
    """The witness that most of the trusted ones agree with, neighbours choosing together; the others count as far as
    they show much the same, which lessens their noise."""
    images = [one.image for one in witnesses]
    patches = [np.asarray(cv2.blur(image, (_PATCH, _PATCH)), np.float32) for image in images]
    words = np.stack([one.word for one in witnesses])
    blurred = np.stack([cv2.GaussianBlur(vote, (0, 0), _TOGETHER) for vote in votes(patches, words)])
    best = np.where(words > 0, blurred, -1).argmax(axis=0)
    shares = agreeing(patches, words, best)
    mean = np.einsum("khw,khwc->hwc", shares, np.stack(images))
    squares = np.stack([((image - mean) ** 2).mean(axis=-1) for image in images])
    apart = (words * squares).sum(axis=0) / np.maximum(words.sum(axis=0), 1e-9)
    return Verdict(shares, best, np.asarray(apart, np.float32))
