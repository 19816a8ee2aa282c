"""A stretch of the shot around one hole, at the resolution at which motion is measured.

Everything here is found when first asked for and kept: consecutive frames share nearly all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from ...mattes import grown
from ...pictures.layout import Image, Mask
from ...pictures.mix import in_8_bits, put
from ...register import Registration
from ...threads import once
from ..holes import Region
from ..sources.camera import Camera
from .dis import Field, likelier, residual_flow
from .segment import mover_alpha, moving, still_background

_LARGE = 480
"""Longest side of what is looked at, after halving it as often as that takes."""
_ROOM = 0.35
"""What is looked at around a region, as a share of its longer side: a mover must be seen coming."""
_BESIDE = (3, 6, 10, 15, 21, 28)
"""Frames before and after that show what stands still, under a moving camera."""

Box = tuple[slice, slice]
"""Rows and columns."""


@dataclass
class Scene:
    """One region of one shot. `size` is the plate's (height, width).

    `rgb_of(frame, region)` gives the plate's picture over a region, `blocked(frame)` where it must
    not be used (whole frame), `span` the first and last frame of the shot, `stretch` those of the
    part that is looked at. A probe's scene is no finer than one around the real hole, which is *like* that region.
    """

    region: Region
    size: tuple[int, int]
    span: tuple[int, int]
    stretch: tuple[int, int]
    camera: Camera
    rgb_of: Callable[[int, Region], Image]
    blocked: Callable[[int], Mask]
    like: Region | None = None

    @cached_property
    def wide(self) -> Region:
        """The region with room around it."""
        return _roomy(self.region, self.size)

    @cached_property
    def factor(self) -> float:
        """Pixels here for one of the plate."""
        real = _roomy(self.like or self.region, self.size)
        longest = max(self.wide.width, self.wide.height, real.width, real.height)
        return next((f for f in (1.0, 0.5, 0.25) if longest * f <= _LARGE), 0.125)

    @cached_property
    def shape(self) -> tuple[int, int]:
        """(height, width) of everything here."""
        return max(2, round(self.wide.height * self.factor)), max(2, round(self.wide.width * self.factor))

    def rgb(self, frame: int) -> Image:
        """The plate's picture."""
        return np.asarray(self._codes(frame) / np.float32(255), np.float32)

    def luma(self, frame: int) -> NDArray[np.uint8]:
        """Luma of `rgb`."""
        return np.asarray(cv2.cvtColor(self._codes(frame), cv2.COLOR_RGB2GRAY), np.uint8)

    @once
    def _codes(self, frame: int) -> NDArray[np.uint8]:
        return in_8_bits(self._resized(self.rgb_of(frame, self.wide)))

    @once
    def hidden(self, frame: int) -> Mask:
        """Where a frame must not be used: mattes with two pixels of the plate around them."""
        blocked = grown(self.blocked(frame)[self.wide.window], 2)
        return np.asarray(self._resized(blocked.astype(np.float32)) > 0.01)

    @once
    def alpha(self, frame: int) -> NDArray[np.float32]:
        """How surely something moves there, 0 where the frame is hidden."""
        background, known = self.still(frame)
        rests = self.camera.still(frame)
        known = known & ~self.hidden(frame)
        alpha = mover_alpha(self.rgb(frame), background, known, 1 if rests else 2)
        if float(alpha.sum()) > 12:
            alpha = moving(alpha, self._speed(frame), known, strict=not rests)
        return alpha

    def _speed(self, frame: int) -> NDArray[np.float32]:
        """Pixels a frame beyond the camera's motion: the lesser of both directions."""
        found = []
        for step in (1, -1):
            if self.holds(frame + step):
                flow, _ = self.flow(frame, step)
                found.append(np.hypot(flow[..., 0], flow[..., 1]))
        return np.asarray(np.minimum(found[0], found[-1]) if found else np.zeros(self.shape), np.float32)

    def still(self, frame: int) -> tuple[Image, Mask]:
        """What stands still, as *frame*'s camera sees it, and where it is known."""
        return self._rested() if self.camera.still(frame) else self._beside(frame)

    def ground(self, frame: int) -> Image:
        """The same, and the plate itself where that is not known."""
        still, known = self.still(frame)
        out = self.rgb(frame)
        put(still, known, out)
        return out

    @once
    def _rested(self) -> tuple[Image, Mask]:
        """For all frames of a camera that stands still."""
        first, last = self.span
        numbers = sorted({round(v) for v in np.linspace(first, last, 15)})
        return still_background([self._codes(n) for n in numbers], [~self.hidden(n) for n in numbers])

    @once
    def _beside(self, frame: int) -> tuple[Image, Mask]:
        """From the frames before and after *frame*."""
        near = [self._laid(frame + way * step, frame) for step in _BESIDE for way in (-1, 1)]
        laid = [one for one in near if one is not None]
        if len(laid) < 3:
            return np.zeros((*self.shape, 3), np.float32), np.zeros(self.shape, bool)
        return still_background([image for image, _ in laid], [seen for _, seen in laid])

    @once
    def flow(self, frame: int, step: int) -> tuple[Field, Field]:
        """Motion to the frame *step* (+-1) on beyond the camera's, and its weight (0 where either is hidden)."""
        base, other = self.carried(frame, step), frame + step
        x, y = cv2.split(cv2.add(self._pixels, base))
        steadied = cv2.remap(self.luma(other), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        covered = cv2.remap(self.hidden(other).astype(np.uint8), x, y, cv2.INTER_NEAREST) > 0
        hidden = np.asarray(self.hidden(frame) | covered)
        found = residual_flow(self.luma(frame), np.asarray(steadied, np.uint8), hidden)
        if base.any():
            hidden = np.asarray(self.hidden(frame) | self.hidden(other))
            found = _likelier(found, base, residual_flow(self.luma(frame), self.luma(other), hidden))
        return found

    def carried(self, frame: int, step: int, box: Box | None = None) -> Field:
        """The camera's own motion (h, w, 2) to the frame *step* on, over the scene or a *box* of it."""
        moved = self.between(frame, frame + step, box)
        if moved is not None:
            return moved
        rows, columns = box or self._whole
        return np.zeros((rows.stop - rows.start, columns.stop - columns.start, 2), np.float32)

    def between(self, frame: int, other: int, box: Box | None = None) -> Field | None:
        """The same from *frame* to any *other*; None where the camera rests or its motion is not known."""
        matrix = None if self.camera.still(frame) else self._matrix(frame, other)
        if matrix is None:
            return None
        at = self._pixels[box or self._whole]
        moved = cv2.perspectiveTransform(at, matrix)
        return np.asarray(cv2.subtract(moved, at, dst=moved), np.float32)

    @cached_property
    def _pixels(self) -> Field:
        """(h, w, 2): every pixel's own x and y."""
        height, width = self.shape
        x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        return np.dstack([x, y])

    @property
    def _whole(self) -> Box:
        return slice(0, self.shape[0]), slice(0, self.shape[1])

    def holds(self, frame: int) -> bool:
        """Whether that frame belongs to the stretch."""
        return self.stretch[0] <= frame <= self.stretch[1]

    def _matrix(self, source: int, target: int) -> NDArray[np.float64] | None:
        registration: Registration | None = self.camera.onto(source, target)
        if registration is None:
            return None
        shift = (self.factor - 1) / 2
        inward = np.array(
            [
                [self.factor, 0, shift - self.wide.x * self.factor],
                [0, self.factor, shift - self.wide.y * self.factor],
                [0, 0, 1],
            ]
        )
        return np.asarray(inward @ registration.matrix @ np.linalg.inv(inward))

    def _laid(self, number: int, frame: int) -> tuple[NDArray[np.uint8], Mask] | None:
        if not self.holds(number):
            return None
        matrix = self._matrix(number, frame)
        if matrix is None:
            return None
        size = self.shape[::-1]
        image = cv2.warpPerspective(self._codes(number), matrix, size, flags=cv2.INTER_LINEAR)
        seen = (~self.hidden(number)).astype(np.uint8) * 255
        return np.asarray(image, np.uint8), np.asarray(cv2.warpPerspective(seen, matrix, size) > 254)

    def _resized(self, image: Image) -> NDArray[np.float32]:
        if self.factor == 1.0:
            return np.asarray(image, np.float32)
        return np.asarray(cv2.resize(image, self.shape[::-1], interpolation=cv2.INTER_AREA), np.float32)


def _roomy(region: Region, size: tuple[int, int]) -> Region:
    room = round(_ROOM * max(region.width, region.height))
    left, top = max(0, region.x - room) // 4 * 4, max(0, region.y - room) // 4 * 4
    right, bottom = min(size[1], region.x + region.width + room), min(size[0], region.y + region.height + room)
    return Region(left, top, right - left, bottom - top)


def _likelier(one: tuple[Field, Field], base: Field, whole: tuple[Field, Field]) -> tuple[Field, Field]:
    """Flow beyond the camera's, or the *whole* flow less it where that fits better: whom the camera goes with
    stands nearly still in the picture, and is too far off to be found from where the camera would have him."""
    better = likelier(one[1], whole[1])
    flow = np.where(better[..., None], whole[0] - base, one[0])
    return np.asarray(flow, np.float32), np.asarray(np.where(better, whole[1], one[1]), np.float32)
