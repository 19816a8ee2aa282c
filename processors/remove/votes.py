"""Who shows the same thing, and how many say so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


def alike(one: Field, other: Field, spread: float) -> Field:
    """(h, w) 0..1: how much the same two pictures (h, w, 3) show, by their RMS difference over RGB in *spread*s."""
    apart = one - other
    return np.asarray(np.exp(-np.einsum("hwc,hwc->hw", apart, apart) / (6 * spread**2)), np.float32)


def votes(patches: Sequence[Field], words: Field, spread: float) -> Field:
    """(K, h, w) how much the *words* (K, h, w) of those come to who show the same as each of K *patches* (h, w, 3)."""
    out = words.copy()
    for i, first in enumerate(patches):
        for j in range(i):
            near = alike(first, patches[j], spread)
            out[i] += near * words[j]
            out[j] += near * words[i]
    return out
