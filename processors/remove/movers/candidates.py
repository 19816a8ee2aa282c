"""Candidates for what a mover looks like behind the matte: other frames, laid over by its own motion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Image, Mask
from ..sources.membrane import largest_channel
from .dis import luma_of, residual_flow
from .motion import Field, completed
from .scene import Scene
from .segment import mover_alpha
from .standing import Standing

STEPS = (1, 2, 3, 5, 7, 10, 14, 19, 24)
"""Frames before and after that are tried."""
_RIM = 14
"""Pixels around the hole in which a candidate must agree with the plate."""
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
    """Another frame seen from the target, or several: `frames` (h, w) which one each pixel comes from,
    `x`, `y` (h, w) where it lies in it (scene pixels), `image` its movers over the target's background,
    their `alpha`, and where it is `valid`. Pieces that went as a whole are judged by the expected `error`
    (h, w), 0..1, what was followed by how many pixels it may have `strayed`; the other is 0."""

    frames: NDArray[np.int32]
    x: Field
    y: Field
    image: Image
    alpha: NDArray[np.float32]
    valid: Mask
    error: Field
    strayed: Field


def candidates(scene: Scene, standing: Standing, target: Target) -> Iterator[Candidate]:
    """Near frames first in each direction, as far as they show anything of the hole."""
    for step in (1, -1):
        for count in STEPS:
            number = target.frame + step * count
            if not scene.holds(number):
                break
            found = _candidate(scene, standing, target, number)
            if found is not None:
                yield found


def _candidate(scene: Scene, standing: Standing, target: Target, number: int) -> Candidate | None:
    x, y, own = standing.seen_from(number, target.window)
    hidden = scene.hidden(number).astype(np.float32)
    if not (target.hole & (cv2.remap(hidden, x, y, cv2.INTER_LINEAR, borderValue=1) < 0.03)).any():
        return None
    opaque = scene.alpha(number)
    if scene.camera.still(target.frame):
        # What is no mover must be the very background that it is laid over, not one like it.
        opaque = opaque.copy()
        part, seen = opaque[target.window], ~scene.hidden(number)[target.window]
        part[:] = np.maximum(part, mover_alpha(scene.rgb(number)[target.window], target.background, seen, 1))
    labels = standing.pieces.of(number)[0]
    image, alpha, valid = _laid(scene, target, number, opaque, labels, own, x, y)
    if float(alpha.sum()) >= _NOBODY:
        # The same again after what is seen around the hole has pulled it into place.
        fixed, moving = luma_of(target.plate), luma_of(image)
        flow, weight = residual_flow(fixed, moving, target.hole | ~valid)
        pull = completed(flow, weight * np.maximum(target.alpha, 0.0))
        x, y = x + pull[..., 0], y + pull[..., 1]
        image, alpha, valid = _laid(scene, target, number, opaque, labels, own, x, y)
    frames = np.full(alpha.shape, number, np.int32)
    error = carried_error(target, image, np.maximum(target.alpha, alpha), valid)
    return Candidate(frames, x, y, image, alpha, valid, error, np.zeros_like(error))


def _laid(
    scene: Scene,
    target: Target,
    number: int,
    opaque: Field,
    labels: NDArray[np.int32],
    own: NDArray[np.int32],
    x: Field,
    y: Field,
) -> tuple[Image, NDArray[np.float32], Mask]:
    hidden = cv2.remap(scene.hidden(number).astype(np.float32), x, y, cv2.INTER_LINEAR, borderValue=1)
    alpha = cv2.remap(opaque, x, y, cv2.INTER_LINEAR, borderValue=0)
    there = cv2.remap(labels.astype(np.float32), x, y, cv2.INTER_NEAREST)
    alpha = alpha * ((there == 0) | (there == own))  # somebody else, who went another way
    source = cv2.remap(scene.rgb(number), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    share = alpha[..., None]
    image = target.background * (1 - share) + source * share
    return np.asarray(image, np.float32), np.asarray(alpha, np.float32), np.asarray(hidden < 0.03)


def carried_error(target: Target, image: Image, standing: NDArray[np.float32], valid: Mask) -> Field:
    """How far plate and *image* are apart around the hole, where a mover is *standing*, carried into it."""
    apart = cv2.blur(largest_channel(np.abs(target.plate - image)), (3, 3))
    far = cv2.distanceTransform((~target.hole).astype(np.uint8), cv2.DIST_L2, 3)
    rim = (far > 1) & (far <= _RIM) & valid
    weight = np.asarray(standing * rim, np.float32)
    some = np.full_like(weight, 0.002)  # where nothing is seen
    error = (np.minimum(apart, 0.3) * weight + _UNKNOWN * some) / (weight + some)
    return completed(np.asarray(error, np.float32)[..., None], weight + some)[..., 0]
