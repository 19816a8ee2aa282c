"""What anybody could run instead. Each gets the holed frames and the mattes and gives one frame filled."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Image = NDArray[np.float32]

_FLOW_MARGIN = 10
"""Pixels around a hole where flow is not believed (research/processors.md, section 2)."""


def _grown(mask: Mask, pixels: int) -> Mask:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1,) * 2)
    return np.asarray(cv2.dilate(mask.astype(np.uint8), disc) > 0)


class Baselines:
    """The usual methods on one clip."""

    def __init__(self, frames: list[Image], holes: list[Mask]) -> None:
        self.frames, self.holes = frames, holes

    @property
    def methods(self) -> dict[str, Callable[[int], Image]]:
        """By name."""
        return {"Telea": self.telea, "median": self.median, "nearest": self.nearest, "flow chain": self.chain}

    def telea(self, frame: int) -> Image:
        """cv2.inpaint (Telea, 2004), each frame alone."""
        return painted(self.frames[frame], self.holes[frame])

    def median(self, frame: int) -> Image:
        """Temporal median of 15 unaligned frames."""
        known = self._median[1]
        out = np.where((self.holes[frame] & known)[..., None], self._median[0], self.frames[frame])
        return painted(np.asarray(out, np.float32), self.holes[frame] & ~known)

    @cached_property
    def _median(self) -> tuple[Image, Mask]:
        numbers = sorted({round(n) for n in np.linspace(0, len(self.frames) - 1, 15)})
        stack = np.stack([np.where(_grown(self.holes[n], 2)[..., None], np.nan, self.frames[n]) for n in numbers])
        known = np.isfinite(stack[..., 0]).any(axis=0)
        stack[:, ~known] = 0
        return np.asarray(np.nanmedian(stack, axis=0), np.float32), np.asarray(known)

    def nearest(self, frame: int) -> Image:
        """The nearest frame that shows a pixel without a matte, unaligned."""
        out, left = self.frames[frame].copy(), self.holes[frame].copy()
        for number in sorted(range(len(self.frames)), key=lambda n: (abs(n - frame), n))[1:]:
            if not left.any():
                break
            usable = left & ~_grown(self.holes[number], 2)
            out[usable] = self.frames[number][usable]
            left &= ~usable
        return painted(out, left)

    def chain(self, frame: int) -> Image:
        """The motion-following pass: pixels are followed from frame to frame along completed DIS flow
        until they come out of the hole; both ways, the shorter way counting more."""
        hole = self.holes[frame]
        total, weight = np.zeros_like(self.frames[0]), np.zeros(hole.shape, np.float32)
        for way in (1, -1):
            source, at, steps = (part[frame] for part in self._ways[way])
            for number in np.unique(source[hole & (source >= 0)]):
                here = hole & (source == number)
                picture = cv2.remap(self.frames[number], at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
                share = 1 / np.maximum(steps[here], 1).astype(np.float32)
                total[here] += picture[here] * share[:, None]
                weight[here] += share
        out = np.where((weight > 0)[..., None], total / np.maximum(weight, 1e-6)[..., None], self.frames[frame])
        return painted(np.asarray(out, np.float32), hole & (weight == 0))

    @cached_property
    def _ways(self) -> dict[int, tuple[list[NDArray[np.int32]], list[NDArray[np.float32]], list[NDArray[np.int32]]]]:
        return {way: self._followed(way) for way in (1, -1)}

    def _followed(self, way: int) -> tuple[list[NDArray[np.int32]], list[NDArray[np.float32]], list[NDArray[np.int32]]]:
        """For each frame and pixel of its hole: the frame it is seen in, where, and after how many steps."""
        count, (height, width) = len(self.frames), self.holes[0].shape
        at = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(np.float32)
        source = [np.full((height, width), -1, np.int32) for _ in range(count)]
        place = [at.copy() for _ in range(count)]
        steps = [np.zeros((height, width), np.int32) for _ in range(count)]
        order = range(count - 2, -1, -1) if way == 1 else range(1, count)
        for frame in order:
            hole, other = self.holes[frame], frame + way
            if not hole.any():
                continue
            to = at + self._flow(frame, other)
            into = np.rint(to).astype(int)
            inside = (into >= 0).all(axis=-1) & (into[..., 0] < width) & (into[..., 1] < height)
            x, y = np.clip(into[..., 0], 0, width - 1), np.clip(into[..., 1], 0, height - 1)
            blocked = _grown(self.holes[other], 2)[y, x]
            free = hole & inside & ~blocked
            source[frame][free], place[frame][free], steps[frame][free] = other, to[free], 1
            on = hole & inside & blocked & (source[other][y, x] >= 0)
            further = cv2.remap(place[other], to.astype(np.float32), None, cv2.INTER_NEAREST)
            source[frame][on] = source[other][y, x][on]
            place[frame][on] = further[on]
            steps[frame][on] = steps[other][y, x][on] + 1
        return source, place, steps

    def _flow(self, frame: int, other: int) -> NDArray[np.float32]:
        grey = [cv2.cvtColor(self._shown(n), cv2.COLOR_RGB2GRAY) for n in (frame, other)]
        search = cv2.DISOpticalFlow.create(cv2.DISOpticalFlow_PRESET_MEDIUM)
        flow = search.calc(grey[0], grey[1], np.zeros((*grey[0].shape, 2), np.float32))
        hole = self.holes[frame] | self.holes[other]
        return completed(flow, _grown(hole, _FLOW_MARGIN))

    def _shown(self, frame: int) -> NDArray[np.uint8]:
        return np.asarray(np.clip(self.frames[frame], 0, 1) * 255, np.uint8)


def painted(image: Image, hole: Mask) -> Image:
    """*hole* painted from its edges."""
    if not hole.any():
        return image
    shown = np.asarray(np.clip(image, 0, 1) * 255 + 0.5, np.uint8)
    out = cv2.inpaint(shown, _grown(hole, 1).astype(np.uint8), 5, cv2.INPAINT_TELEA)
    return np.asarray(np.where(hole[..., None], out.astype(np.float32) / 255, image), np.float32)


def completed(flow: NDArray[np.float32], hole: Mask) -> NDArray[np.float32]:
    """*flow* carried into *hole* from its edges, by means over ever wider neighbourhoods."""
    weight = (~hole).astype(np.float32)
    levels = [(flow * weight[..., None], weight)]
    while min(levels[-1][1].shape) > 2 and levels[-1][1].min() == 0:
        sums, mass = levels[-1]
        size = (max(1, mass.shape[1] // 2), max(1, mass.shape[0] // 2))
        levels.append(tuple(cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in (sums, mass)))
    sums, mass = levels[-1]
    known = sums / np.maximum(mass, 1e-6)[..., None]
    for sums, mass in levels[-2::-1]:
        wide = cv2.resize(known, mass.shape[::-1], interpolation=cv2.INTER_LINEAR)
        sure = np.minimum(mass, 1)[..., None]
        known = np.where(sure > 0, sums / np.maximum(mass, 1e-6)[..., None], 0) * sure + wide * (1 - sure)
    return np.asarray(np.where(hole[..., None], known, flow), np.float32)
