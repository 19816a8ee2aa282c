"""Fills made steady: what is broad in them follows the camera through three frames on each side.

Each frame is filled on its own, so its light and its choice of sources differ a little from the next
one's: seen in motion, that flickers. Broad structure (beyond two pixels) is therefore averaged along
the camera's motion over those neighbours that agree; fine structure stays the frame's own, so that
nothing is blurred and grain is no matter. Where a neighbour's hole lay elsewhere, its plate speaks.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ..mattes import grown
from ..pictures.layout import Image, Mask
from ..pictures.mix import for_rgb, in_16_bits
from ..register import Matrix
from .fill import Fill, Origin
from .holes import Region
from .shot import Shot
from .sources.lay import UNIT, shrunk_mask
from .sources.membrane import largest_channel, ring_of

_REACH = 3
"""Frames on each side."""
_AGREE = 0.03
"""Difference (0..1, of the largest channel) at which a neighbour counts e times less."""
_DIVISOR = 2
_BLURRED = 3
"""Reduced pixels that the low-pass of a picture reaches."""


@dataclass(frozen=True)
class _Soft:
    """A restored frame at half its size, low-passed (uint16, 1.0 = `UNIT`), and where it is not to be used."""

    picture: NDArray[np.uint16]
    shut: Mask


class Steady:
    """The fills of a shot, each made steady when asked for; in order, each is read once."""

    def __init__(self, shot: Shot, load: Callable[[int], Fill | None]) -> None:
        self._shot, self._fill = shot, lru_cache(2 * _REACH + 2)(load)
        self._softs: OrderedDict[int, _Soft] = OrderedDict()

    def at(self, frame: int) -> Fill | None:
        """The fill of *frame*; pixels that show no still background stay as they are."""
        fill = self._fill(frame)
        if fill is None:
            return None
        own = _rests(fill)
        change = self._change(frame, fill.region)
        image = np.where(own[..., None], fill.image + change, fill.image)
        return replace(fill, image=np.asarray(image, np.float32))

    def _change(self, frame: int, region: Region) -> Image:
        """What the mean over the neighbours has more than the frame itself, over *region*."""
        first, last = self._shot.span(frame)
        left, top = region.x // _DIVISOR, region.y // _DIVISOR
        size = (-(-region.width // _DIVISOR), -(-region.height // _DIVISOR))
        here = self._soft(frame)
        window = (slice(top, top + size[1]), slice(left, left + size[0]))
        base = here.picture[window].astype(np.float32) * np.float32(1 / UNIT)
        ring = ring_of(here.shut[window] | self._hole(frame)[window], gap=2, width=16)
        total = np.ones(base.shape[:2], np.float32)
        sums = np.zeros_like(base)
        for number in range(max(first, frame - _REACH), min(last, frame + _REACH) + 1):
            found = self._neighbour(number, frame, (left, top), size) if number != frame else None
            if found is None:
                continue
            apart, valid = found[0] - base, found[1]
            apart -= _offset(apart, ring & valid)
            strength = largest_channel(np.abs(apart)) / _AGREE
            weight = np.exp(-(strength**2)) * valid * (1 - abs(number - frame) / (_REACH + 1.5))
            sums += apart * for_rgb(weight)
            total += weight
        full = (size[0] * _DIVISOR, size[1] * _DIVISOR)
        wide = cv2.resize(sums / total[..., None], full, interpolation=cv2.INTER_LINEAR)
        return np.asarray(wide[: region.height, : region.width], np.float32)

    def _neighbour(
        self, number: int, frame: int, corner: tuple[int, int], size: tuple[int, int]
    ) -> tuple[Image, Mask] | None:
        registration = self._shot.camera.onto(number, frame)
        if registration is None:
            return None
        soft = self._soft(number)
        move = np.eye(3)
        move[:2, 2] = (-corner[0], -corner[1])
        matrix: Matrix = move @ registration.scaled(1 / _DIVISOR, 1 / _DIVISOR).matrix
        image = cv2.warpPerspective(soft.picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        clear = cv2.warpPerspective((~soft.shut).astype(np.uint8) * 255, matrix, size, flags=cv2.INTER_LINEAR)
        return image.astype(np.float32) * np.float32(1 / UNIT), clear > 254

    def _soft(self, frame: int) -> _Soft:
        if frame not in self._softs:
            picture = self._shot.reduced(frame, _DIVISOR).copy()
            shut = self._hole(frame).copy()
            fill = self._fill(frame)
            if fill is None:
                shut = grown(shut, _BLURRED)  # the low-pass carries the hole beyond its edge
            else:
                region = fill.region
                window = (slice(region.y // _DIVISOR, -(-(region.y + region.height) // _DIVISOR)),
                          slice(region.x // _DIVISOR, -(-(region.x + region.width) // _DIVISOR)))  # fmt: skip
                rows, columns = picture[window].shape[:2]
                small = cv2.resize(fill.image, (columns, rows), interpolation=cv2.INTER_AREA)
                picture[window] = in_16_bits(np.asarray(small, np.float32), UNIT)
                shut[window] &= shrunk_mask(~_rests(fill) & (fill.origin != 0), _DIVISOR)
            self._softs[frame] = _Soft(np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.0), np.uint16), shut)
            while len(self._softs) > 2 * _REACH + 2:
                self._softs.popitem(last=False)
        return self._softs[frame]

    def _hole(self, frame: int) -> Mask:
        return shrunk_mask(self._shot.matte(frame), _DIVISOR)


def _rests(fill: Fill) -> Mask:
    """Where a fill shows what stands still: the shot's own frames, and takes in which nobody performs there."""
    takes = 0 if fill.performer else Origin.OWN
    return np.asarray((fill.origin == Origin.OWN) | ((fill.origin > 0) & (fill.origin < takes)))


def _offset(apart: Image, ring: Mask) -> NDArray[np.float32]:
    """What a neighbour's light differs by, from the band around the hole."""
    if ring.sum() < 100:
        return np.zeros(3, np.float32)
    return np.asarray(np.median(apart[ring], axis=0), np.float32)
