"""Places where painting is tried: the matte's own shape, smaller and elsewhere, in frames of the shot itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ...mattes import grown
from ...pictures.layout import Mask
from ...pictures.sheets import spread
from ..holes import region_of
from .choose import Trial
from .window import Pictures, window

_FRAMES = 4
_EACH = 2
"""Places in each of the frames."""
_LARGEST = 0.2
"""Longest side of a place as a share of the frame's shorter side."""
_TRIES = 60
_CLEAR = 8
"""Pixels between a place and the matte."""


@dataclass(frozen=True)
class Place:
    """Where painting is tried in `frame`: `mask` is over the whole frame, clear of the matte."""

    frame: int
    mask: Mask


def find_places(shot: Pictures, frames: Sequence[int]) -> list[Place]:
    """Places in frames spread over *frames*, the same every time."""
    rng = np.random.default_rng(1002)
    found = []
    for frame in spread(frames, _FRAMES):
        matte = shot.matte(frame)
        region = region_of(matte, margin=0)
        if region is None:
            continue
        height, width = matte.shape
        scale = min(1.0, _LARGEST * min(height, width) / max(region.width, region.height))
        size = (max(3, round(region.width * scale)), max(3, round(region.height * scale)))
        shape = cv2.resize(matte[region.window].astype(np.float32), size, interpolation=cv2.INTER_AREA) >= 0.5
        blocked = grown(matte, _CLEAR)
        left = _EACH
        for _ in range(_TRIES):
            if size[0] >= width or size[1] >= height or not left:
                break
            x, y = int(rng.integers(0, width - size[0])), int(rng.integers(0, height - size[1]))
            mask = np.zeros(matte.shape, bool)
            mask[y : y + size[1], x : x + size[0]] = shape
            if mask.any() and not (mask & blocked).any():
                found.append(Place(frame, mask))
                blocked |= grown(mask, _CLEAR)
                left -= 1
    return found


def trials_at(shot: Pictures, places: Sequence[Place], count: int) -> list[Trial]:
    """Each place with windows of *count* pictures, in all of which it is unknown."""
    out = []
    for place in places:
        region = region_of(place.mask)
        assert region is not None
        numbers = window(place.frame, shot.span(place.frame), count)
        holes = [(place.mask | shot.matte(n))[region.window] for n in numbers]
        out.append(Trial([shot.rgb(n)[region.window] for n in numbers], holes, place.mask[region.window]))
    return out
