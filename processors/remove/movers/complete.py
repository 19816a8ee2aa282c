"""Completing the movers behind one hole: candidates are gathered, put to the vote and fused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Image, Mask
from ...pictures.mix import for_rgb, put
from ..holes import Region, region_of
from ..sources.membrane import largest_channel
from .candidates import Candidate, Target, candidates
from .follow import followed
from .motion import Flows, grid
from .pieces import Pieces
from .scene import Scene
from .segment import mover_alpha
from .standing import Standing
from .vote import arbitrate, doubt, sure, whole

REACH = 24
"""Frames before and after at which a mover is looked for."""
_FEW, _MOST = 0.4, 0.8
"""Shares of what is believed at which somebody begins to show, and is wholly there."""
_NOTHING = 1e-3
"""What a candidate adds of a mover below which it adds nothing."""


@dataclass(frozen=True)
class Layer:
    """Movers over a hole's region: RGB, soft alpha (h, w), trace (h, w, 3) of source frame, x, y; `torn` 0..1."""

    image: Image
    alpha: NDArray[np.float32]
    trace: NDArray[np.float32]
    torn: float


class Movers:
    """What moves in one scene."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.pieces, self.flows = scene, Pieces(scene), Flows(scene)

    def behind(self, frame: int, region: Region, plate: Image, background: Image, hole: Mask) -> Layer | None:
        """The movers behind *hole* of *frame*; None where there are none.

        *plate*, *background* (RGB; the plate itself where it is not known) and *hole* lie over
        *region*, which is part of the scene's.
        """
        scene = self.scene
        target = self._target(frame, region, plate, background, hole)
        if not self._near(target):
            return None
        standing = Standing(scene, self.pieces, frame)
        gone = list(candidates(scene, standing, target))
        ways = list(followed(scene, self.flows, standing, target))
        weights, shares = arbitrate(gone, ways, target)
        weights = np.concatenate([weights * (1 - shares.sum(axis=0)), shares])
        found = [*gone, *ways]
        believed = whole(target, found, weights, sure(target, found, weights))
        found = [replace(one, alpha=one.alpha * believed) for one in found]
        return self._fused(target, found, weights, region, hole, doubt(target, found, weights))

    def seen(self, frame: int, region: Region) -> Mask:
        """Where movers are seen in *frame*, over *region*, at the plate's resolution."""
        window = self._window(region)
        size = (region.width, region.height)
        return np.asarray(cv2.resize(self.scene.alpha(frame)[window], size, interpolation=cv2.INTER_LINEAR) > 0.1)

    def _window(self, region: Region) -> tuple[slice, slice]:
        scene, f = self.scene, self.scene.factor
        top, left = round((region.y - scene.wide.y) * f), round((region.x - scene.wide.x) * f)
        bottom = min(top + round(region.height * f), scene.shape[0])
        right = min(left + round(region.width * f), scene.shape[1])
        return slice(top, bottom), slice(left, right)

    def _near(self, target: Target) -> bool:
        """Whether anything moves near the hole, in this frame or in those around it."""
        scene = self.scene
        first, last = max(scene.stretch[0], target.frame - REACH), min(scene.stretch[1], target.frame + REACH)
        return any(float(scene.alpha(n)[target.window].sum()) > 12 for n in range(first, last + 1))

    def _target(self, frame: int, region: Region, plate: Image, background: Image, hole: Mask) -> Target:
        scene, f = self.scene, self.scene.factor
        window = self._window(region)
        small = (window[1].stop - window[1].start, window[0].stop - window[0].start)
        wanted = np.asarray(cv2.resize(hole.astype(np.float32), small, interpolation=cv2.INTER_AREA) > 0.01)
        blocked = wanted | scene.hidden(frame)[window]
        sized = [
            np.asarray(cv2.resize(one, small, interpolation=cv2.INTER_AREA) if f != 1 else one, np.float32)
            for one in (plate, background)
        ]
        alpha = scene.alpha(frame)[window]
        # Around the hole the background may be the plate itself, movers and all.
        image, known = scene.still(frame)
        same = largest_channel(np.abs(sized[1] - sized[0])) < 0.01
        bare = (known[window] & same & ~blocked)[..., None] * cv2.dilate(alpha, np.ones((5, 5), np.uint8))[..., None]
        ground = np.asarray(sized[1] * (1 - bare) + image[window] * bare, np.float32)
        if scene.camera.still(frame):
            alpha = np.maximum(alpha, mover_alpha(sized[0], ground, ~blocked, 1))
        return Target(frame, window, sized[0], ground, blocked, wanted, alpha)

    def _fused(
        self,
        target: Target,
        found: Sequence[Candidate],
        weights: NDArray[np.float32],
        region: Region,
        hole: Mask,
        torn: float,
    ) -> Layer:
        size = (region.width, region.height)
        total = np.zeros((*hole.shape, 3), np.float32)
        mass, opaque, best = (np.zeros(hole.shape, np.float32) for _ in range(3))
        trace = np.full((*hole.shape, 3), np.nan, np.float32)
        for one, weight in zip(found, weights, strict=True):
            if weight[target.hole].max(initial=0) < 0.03:
                continue
            share = cv2.resize(weight, size, interpolation=cv2.INTER_LINEAR)
            mass += share
            shown = cv2.resize(one.alpha, size, interpolation=cv2.INTER_LINEAR) * share
            where = region_of((shown > _NOTHING) & hole, margin=0)
            if where is None:
                continue
            box = where.window
            shown = shown[box]
            image, told = self._pictured(one, size, region, target, box)
            total[box] += image * for_rgb(shown)
            opaque[box] += shown
            put(told, shown > best[box], trace[box])
            best[box] = np.maximum(best[box], shown)
        # Somebody stands there or he does not: what most show is firm, what few show is none.
        firm = np.clip((opaque / np.maximum(mass, 1e-6) - _FEW) / (_MOST - _FEW), 0, 1)
        alpha = np.asarray(firm * firm * (3 - 2 * firm) * hole, np.float32)
        image = np.asarray(total / for_rgb(np.maximum(opaque, 1e-6)), np.float32)
        return Layer(image, alpha, trace, torn)

    def _pictured(
        self, one: Candidate, size: tuple[int, int], region: Region, target: Target, box: tuple[slice, slice]
    ) -> tuple[Image, NDArray[np.float32]]:
        """What the candidate shows in a *box* of the region, at the plate's resolution, and which frame, x and y that
        is."""
        wide = self.scene.wide
        x, y = self._plate_pixels(one, size, region, target, box)
        frames = cv2.resize(one.frames.astype(np.float32), size, interpolation=cv2.INTER_NEAREST)[box]
        image = np.zeros((*frames.shape, 3), np.float32)
        for number in np.unique(one.frames):
            here = frames == number
            where = region_of(here, margin=0)
            if where is None:
                continue
            # Only the part of each source that is looked at is read.
            spot = where.window
            part = _reached(x[spot], y[spot], wide)
            at_x, at_y = x[spot] - (part.x - wide.x), y[spot] - (part.y - wide.y)
            source = self.scene.rgb_of(int(number), part)
            picture = cv2.remap(source, at_x, at_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
            put(np.asarray(picture, np.float32), here[spot], image[spot])
        return image, np.asarray(cv2.merge([frames, x + wide.x, y + wide.y]), np.float32)

    def _plate_pixels(
        self, one: Candidate, size: tuple[int, int], region: Region, target: Target, box: tuple[slice, slice]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Where a *box* of the candidate lies in its frame, in the plate's pixels over the scene."""
        f, wide = self.scene.factor, self.scene.wide
        rest_x, rest_y = grid(*one.x.shape)
        dx = one.x - rest_x - target.window[1].start
        dy = one.y - rest_y - target.window[0].start
        x, y = grid(size[1], size[0])
        x = x[box] + region.x - wide.x + cv2.resize(dx, size, interpolation=cv2.INTER_LINEAR)[box] / f
        y = y[box] + region.y - wide.y + cv2.resize(dy, size, interpolation=cv2.INTER_LINEAR)[box] / f
        return x.astype(np.float32), y.astype(np.float32)


def _reached(x: NDArray[np.float32], y: NDArray[np.float32], wide: Region) -> Region:
    """The part of *wide* in which *x* and *y*, its pixels, lie, with room for a cubic, on whole chroma samples."""
    left, top = (int(np.clip(np.floor(v.min()) - 2, 0, most - 1)) // 4 * 4
                 for v, most in ((x, wide.width), (y, wide.height)))  # fmt: skip
    right, bottom = (int(np.clip(np.ceil(v.max()) + 3, least + 1, most))
                     for v, least, most in ((x, left, wide.width), (y, top, wide.height)))  # fmt: skip
    right, bottom = min(wide.width, -(-right // 4) * 4), min(wide.height, -(-bottom // 4) * 4)
    return Region(wide.x + left, wide.y + top, right - left, bottom - top)
