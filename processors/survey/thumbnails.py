"""Poster and filmstrip: how a clip looks on a page."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

STRIP_FRAMES = 8
STRIP_HEIGHT = 90
_QUALITY = 85
_WIDEST = 4.0


def poster(picture: Picture) -> bytes:
    """One reduced picture (uint8 HxWx3 RGB, display code values) as JPEG."""
    return _jpeg(picture)


def filmstrip(pictures: Sequence[Picture]) -> bytes:
    """Pictures side by side at STRIP_HEIGHT pixels, evenly chosen from the whole clip, as JPEG."""
    chosen = [pictures[i] for i in spread(len(pictures), STRIP_FRAMES)]
    return _jpeg(np.hstack([_to_height(picture) for picture in chosen]))


def spread(count: int, wanted: int) -> list[int]:
    """At most *wanted* indices of 0..count-1, evenly spread, each in the middle of its part."""
    wanted = min(count, wanted)
    return [(2 * i + 1) * count // (2 * wanted) for i in range(wanted)]


def _to_height(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    wide = min(max(1, round(width * STRIP_HEIGHT / height)), round(_WIDEST * STRIP_HEIGHT))
    return np.asarray(cv2.resize(picture, (wide, STRIP_HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


def _jpeg(picture: Picture) -> bytes:
    good, data = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not good:
        raise ValueError(f"no JPEG can be made of a picture of {picture.shape}")
    return bytes(data)
