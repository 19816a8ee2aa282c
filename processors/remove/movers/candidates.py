"""Candidates for what a mover looks like behind the matte: other frames, laid over by its own motion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Image, Mask
from ..sources.membrane import largest_channel
from .dis import residual_flow
from .motion import Field, Motion, completed, grid
from .scene import Scene
from .segment import mover_alpha

_STEPS = (1, 2, 3, 5, 7, 10, 14, 19, 24)
"""Frames before and after that are tried."""
_RIM = 14
"""Pixels around the hole in which a candidate must agree with the plate."""
_DRIFT = 12
"""A mover may have drifted by about this part of the window's longer side."""
_CALM = 2e-4
"""Mean squared error (0..1) that such a drift must save."""
_NOBODY = 6.0
"""Pixels of movers in a whole window below which a candidate shows the background alone."""
_UNKNOWN = 0.06
"""The error (0..1) that is assumed of a candidate where no mover is seen beside the hole."""


@dataclass(frozen=True)
class Target:
    """The frame to be completed, over a window of the scene: `plate` and `background` RGB, the `hole`
    (with what else must not be looked at), of it what is `wanted`, `alpha` of the movers seen around it."""

    frame: int
    window: tuple[slice, slice]
    plate: Image
    background: Image
    hole: Mask
    wanted: Mask
    alpha: NDArray[np.float32]


@dataclass(frozen=True)
class Candidate:
    """Frame `frame` seen from the target: `x`, `y` (h, w) where each pixel lies in it (scene pixels),
    `image` its movers over the target's background, their `alpha`, where it is `valid`, and the
    expected `error` (h, w), 0..1, judged by what is seen around the hole."""

    frame: int
    x: Field
    y: Field
    image: Image
    alpha: NDArray[np.float32]
    valid: Mask
    error: Field


def candidates(scene: Scene, motion: Motion, target: Target) -> Iterator[Candidate]:
    """Near frames first in each direction, as far as they show anything of the hole."""
    top, left = target.window[0].start, target.window[1].start
    height, width = target.hole.shape
    for step in (1, -1):
        x, y = grid(height, width)
        x, y = x + left, y + top
        for count in range(1, _STEPS[-1] + 1):
            number = target.frame + step * count
            if not scene.holds(number):
                break
            flow = motion.velocity(number - step, step)
            moved = cv2.remap(flow, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            x, y = x + moved[..., 0], y + moved[..., 1]
            if count in _STEPS:
                found = _candidate(scene, target, number, x, y)
                if found is not None:
                    yield found


def _candidate(scene: Scene, target: Target, number: int, x: Field, y: Field) -> Candidate | None:
    hidden = scene.hidden(number).astype(np.float32)
    if not (target.hole & (cv2.remap(hidden, x, y, cv2.INTER_LINEAR, borderValue=1) < 0.03)).any():
        return None
    opaque = scene.alpha(number)
    if scene.camera.still(target.frame):
        # What is no mover must be the very background that it is laid over, not one like it.
        opaque = opaque.copy()
        part, seen = opaque[target.window], ~scene.hidden(number)[target.window]
        part[:] = np.maximum(part, mover_alpha(scene.rgb(number)[target.window], target.background, seen, 1))
    image, alpha, valid = _laid(scene, target, number, opaque, x, y)
    if float(alpha.sum()) < _NOBODY:
        return Candidate(number, x, y, image, alpha, valid, _error(target, image, alpha, valid))
    dx, dy = _settled(target, image, alpha, valid)
    if dx or dy:
        x, y = x - dx, y - dy
        image, alpha, valid = _laid(scene, target, number, opaque, x, y)
    # The same again after what is seen around the hole has pulled it into place.
    fixed, moving = _luma(target.plate), _luma(image)
    flow, weight = residual_flow(fixed, moving, target.hole | ~valid)
    pull = completed(flow, weight * np.maximum(target.alpha, 0.0))
    x, y = x + pull[..., 0], y + pull[..., 1]
    image, alpha, valid = _laid(scene, target, number, opaque, x, y)
    return Candidate(number, x, y, image, alpha, valid, _error(target, image, alpha, valid))


def _settled(target: Target, image: Image, alpha: NDArray[np.float32], valid: Mask) -> tuple[int, int]:
    """How many pixels to the right and down the candidate's movers fit best what is seen around the hole.

    A mover that would stand where the plate shows none counts as much as one that is missing; what
    is followed over many frames drifts, and this is where it is brought back.
    """
    far = cv2.distanceTransform((~target.hole).astype(np.uint8), cv2.DIST_L2, 3)
    rim = ((far > 1) & (far <= 2 * _RIM)).astype(np.float32)
    reach = max(4.0, max(rim.shape) / _DRIFT)
    plate, ours = cv2.blur(target.plate, (3, 3)), cv2.blur(image - target.background, (3, 3))
    ground = cv2.blur(target.background, (3, 3))
    sure = cv2.erode(valid.astype(np.float32), np.ones((3, 3), np.uint8))

    def cost(dx: int, dy: int) -> float:
        move = np.array([[1, 0, dx], [0, 1, dy]], np.float64)
        size = rim.shape[::-1]
        shifted = cv2.warpAffine(ours, move, size, flags=cv2.INTER_NEAREST)
        known = cv2.warpAffine(sure, move, size, flags=cv2.INTER_NEAREST) * rim
        apart = np.minimum(largest_channel(np.abs(ground + shifted - plate)), 0.3)
        return float((apart * apart * known).sum() / max(known.sum(), 1.0) * rim.sum())

    best, least = (0, 0), cost(0, 0)
    if not alpha[target.hole | (rim > 0)].any():
        return best
    stride = 1 << max(0, int(np.log2(reach / 2)))
    calm = _CALM * float(rim.sum()) / reach**2
    while stride:
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1)):
            at = (best[0] + dx * stride, best[1] + dy * stride)
            if at[0] ** 2 + at[1] ** 2 > 4 * reach**2:
                continue
            value = cost(*at) + calm * (at[0] ** 2 + at[1] ** 2)
            if value < least:
                found, least = at, value
                best = found
        stride //= 2
    return best


def _laid(
    scene: Scene, target: Target, number: int, opaque: Field, x: Field, y: Field
) -> tuple[Image, NDArray[np.float32], Mask]:
    hidden = cv2.remap(scene.hidden(number).astype(np.float32), x, y, cv2.INTER_LINEAR, borderValue=1)
    alpha = cv2.remap(opaque, x, y, cv2.INTER_LINEAR, borderValue=0)
    source = cv2.remap(scene.rgb(number), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    share = alpha[..., None]
    image = target.background * (1 - share) + source * share
    return np.asarray(image, np.float32), np.asarray(alpha, np.float32), np.asarray(hidden < 0.03)


def _error(target: Target, image: Image, alpha: NDArray[np.float32], valid: Mask) -> Field:
    """How far plate and candidate are apart around the hole, where a mover stands, carried into it."""
    apart = cv2.blur(largest_channel(np.abs(target.plate - image)), (3, 3))
    far = cv2.distanceTransform((~target.hole).astype(np.uint8), cv2.DIST_L2, 3)
    rim = (far > 1) & (far <= _RIM) & valid
    weight = np.asarray(np.maximum(target.alpha, alpha) * rim, np.float32)
    some = np.full_like(weight, 0.002)  # where nothing is seen
    error = (np.minimum(apart, 0.3) * weight + _UNKNOWN * some) / (weight + some)
    return completed(np.asarray(error, np.float32)[..., None], weight + some)[..., 0]


def _luma(image: Image) -> NDArray[np.uint8]:
    code = np.asarray(np.clip(image * 255 + 0.5, 0, 255), np.uint8)
    return np.asarray(cv2.cvtColor(code, cv2.COLOR_RGB2GRAY), np.uint8)
