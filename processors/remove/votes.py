"""Who shows the same thing, and how many say so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]

_AGREE = 0.06
"""Patch distance (RMS over RGB, 0..1) at which two still show the same thing."""
_MUCH = 0.15
"""The same at which one still shows much the same as the one that won."""


def _alike(one: Field, other: Field, spread: float) -> Field:
    """(h, w) 0..1: how much the same two pictures (h, w, 3) show, by their RMS difference over RGB in *spread*s."""
    apart = one - other
    return np.asarray(np.exp(-np.einsum("hwc,hwc->hw", apart, apart) / (6 * spread**2)), np.float32)


def votes(patches: Sequence[Field], words: Field) -> Field:
    """(K, h, w) how much the *words* (K, h, w) of those come to who show the same as each of K *patches* (h, w, 3)."""
    out = words.copy()
    for i, first in enumerate(patches):
        for j in range(i):
            near = _alike(first, patches[j], _AGREE)
            out[i] += near * words[j]
            out[j] += near * words[i]
    return out


def agreeing(patches: Sequence[Field], words: Field, best: NDArray[np.int64]) -> Field:
    """(K, h, w), 1 in all where any has a word: what each counts beside the *best* (h, w), as far as it shows much the
    same."""
    chosen = np.take_along_axis(np.stack(patches), best[None, ..., None], axis=0)[0]
    shares = np.stack([word * _alike(patch, chosen, _MUCH) for word, patch in zip(words, patches, strict=True)])
    return np.asarray(shares / np.maximum(shares.sum(axis=0), 1e-12), np.float32)
