"""Which painter suits a shot: each is tried where the truth is known and no frame helps.

A probe is the matte's own shape, smaller and elsewhere in the frame, taken as never seen. Only the
picture around it is there to paint from; the truth under it is compared after a sigma-1.5 low-pass,
the squared error of a pixel capped, so that one wrong edge does not outweigh all that is right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from ...pictures.layout import Image, Mask
from .painter import Painter

_CAP = (30 / 255) ** 2
_CLEAR = 0.5
"""dB by which a later painter must win: the shot's own picture is preferred to a network's."""


@dataclass(frozen=True)
class Trial:
    """One probe: the pictures of a window, `truth` in its middle, and in each the hole that is painted or unknown.

    `scored` is the part of the middle hole whose truth is known.
    """

    images: Sequence[Image]
    holes: Sequence[Mask]
    scored: Mask


@dataclass(frozen=True)
class Tried:
    """A painter and its error over all trials, in dB; 0 where there was no room for a trial."""

    painter: Painter
    psnr_db: float

    def as_json(self) -> dict[str, Any]:
        """For the report."""
        painter = self.painter
        words = {"name": painter.name, "psnr_db": round(self.psnr_db, 2)}
        return words | ({"licence": painter.licence, "sha256": painter.digest} if painter.digest else {})


def choose(painters: Sequence[Painter], trials: Callable[[int], Sequence[Trial]]) -> list[Tried]:
    """All *painters* with their results, the chosen one first; *trials* gives the probes with so many pictures each.

    The first painter stays unless a later one wins clearly; with one painter, nothing is tried.
    """
    if len(painters) == 1:
        return [Tried(painters[0], 0.0)]
    tried = [Tried(painter, _psnr(painter, trials(painter.frames))) for painter in painters]
    best = tried[0]
    for one in tried[1:]:
        if one.psnr_db > best.psnr_db + _CLEAR:
            best = one
    return [best, *(one for one in tried if one is not best)]


def _psnr(painter: Painter, trials: Sequence[Trial]) -> float:
    total, pixels = 0.0, 0
    for trial in trials:
        truth = trial.images[len(trial.images) // 2]
        blank = [np.where(hole[..., None], 0.5, image).astype(np.float32)
                 for image, hole in zip(trial.images, trial.holes, strict=True)]  # fmt: skip
        made = painter.paint(blank, trial.holes)
        apart = [cv2.GaussianBlur(image, (0, 0), 1.5) for image in (truth, made)]
        error = ((apart[0] - apart[1])[trial.scored] ** 2).mean(axis=-1)
        total += float(np.minimum(error, _CAP).sum())
        pixels += int(trial.scored.sum())
    return -10 * float(np.log10(max(total / pixels, 1e-9))) if pixels else 0.0
