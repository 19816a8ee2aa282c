"""Completing a mover behind the matte: its own past and future, fetched along its own motion."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Image, Mask
from .motion import Field, completed
from .scene import Scene

REACH = 24
"""Frames before and after at which a mover is looked for."""
_FADE = 0.85
"""What is known of a hidden mover's motion counts so much less with every frame."""


@dataclass(frozen=True)
class Fetched:
    """One direction's answer, at the scene's resolution: where each pixel was last seen.

    `age` in frames (0: never), `x`, `y` in the source frame, `alpha` what moves there.
    """

    age: NDArray[np.float32]
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    alpha: NDArray[np.float32]


class Follower:
    """The movers' motion through the whole stretch, hidden parts included."""

    def __init__(self, scene: Scene, first: int, last: int) -> None:
        self.scene, self.first, self.last = scene, first, last
        self._velocity: dict[tuple[int, int], Field] = {}
        for step in (1, -1):
            self._complete(step)

    def velocity(self, frame: int, step: int) -> Field:
        """The movers' motion from *frame* to the next one in direction *step*."""
        return self._velocity[frame, step]

    def _complete(self, step: int) -> None:
        """Motion in direction *step* for all frames: seen, else carried along from before and after."""
        scene = self.scene
        seen: dict[int, tuple[Field, Field]] = {}
        for frame in range(self.first, self.last + 1):
            if not self.first <= frame + step <= self.last:
                continue
            flow, weight = scene.flow(frame, step)
            base = scene.carried(frame, step)
            seen[frame] = (flow - base, weight * scene.alpha(frame))
        sums = {n: [flow * weight[..., None], weight.copy()] for n, (flow, weight) in seen.items()}
        for order in (1, -1):
            kept: tuple[Field, Field] | None = None
            for frame in sorted(seen, reverse=order < 0):
                flow, weight = seen[frame]
                if kept is None:
                    kept = (flow, weight)
                    continue
                # Where it stood one frame ago in this order, by its own motion.
                back = -kept[0] * (order * step)
                old_flow, old_weight = _moved(kept[0], kept[1], back)
                carry = old_weight * _FADE * (1 - weight)
                sums[frame][0] += old_flow * carry[..., None]
                sums[frame][1] += carry
                total = weight + carry
                blend = (flow * weight[..., None] + old_flow * carry[..., None]) / np.maximum(total, 1e-6)[..., None]
                kept = (completed(np.asarray(blend, np.float32), total), total)
        for frame, (total, mass) in sums.items():
            mean = total / np.maximum(mass, 1e-6)[..., None]
            self._velocity[frame, step] = completed(np.asarray(mean, np.float32), mass) + scene.carried(frame, step)

    def fetch(self, frame: int, step: int, hole: Mask) -> Fetched:
        """Follow every pixel of *hole* in direction *step* to where it is seen."""
        scene = self.scene
        height, width = scene.shape
        x, y = _grid(height, width)
        age, alpha = np.zeros((height, width), np.float32), np.zeros((height, width), np.float32)
        at_x, at_y = x.copy(), y.copy()
        left, number = hole.copy(), frame
        while left.any() and self.first <= number + step <= self.last:
            flow = self.velocity(number, step)
            moved = cv2.remap(flow, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            x, y, number = x + moved[..., 0], y + moved[..., 1], number + step
            hidden = cv2.remap(scene.hidden(number).astype(np.float32), x, y, cv2.INTER_LINEAR, borderValue=0)
            arrived = left & (hidden < 0.03)
            age[arrived] = abs(number - frame)
            at_x[arrived], at_y[arrived] = x[arrived], y[arrived]
            there = cv2.remap(scene.alpha(number), x, y, cv2.INTER_LINEAR, borderValue=0)
            alpha[arrived] = there[arrived]
            left &= ~arrived
        return Fetched(age, at_x, at_y, alpha)


def _grid(height: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return x, y


def _moved(flow: Field, weight: Field, back: Field) -> tuple[Field, Field]:
    x, y = _grid(*weight.shape)
    both = np.dstack([flow, weight])
    out = cv2.remap(both, x + back[..., 0], y + back[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return out[..., :2], out[..., 2]


@dataclass(frozen=True)
class Layer:
    """Movers over a hole's region: RGB, soft alpha (h, w), trace (h, w, 3) of source frame, x, y; `torn` 0..1."""

    image: Image
    alpha: NDArray[np.float32]
    trace: NDArray[np.float32]
    torn: float


def complete_movers(scene: Scene, frame: int, hole: Mask) -> Layer | None:
    """The movers behind *hole* (over the scene's region) at *frame*; None where there are none."""
    first, last = max(scene.span[0], frame - REACH), min(scene.span[1], frame + REACH)
    wide = np.zeros((scene.wide.height, scene.wide.width), np.uint8)
    top, left = scene.region.y - scene.wide.y, scene.region.x - scene.wide.x
    place = (slice(top, top + scene.region.height), slice(left, left + scene.region.width))
    wide[place] = hole
    small = cv2.resize(wide, scene.shape[::-1], interpolation=cv2.INTER_AREA) > 0
    follower = Follower(scene, first, last)
    total = np.zeros((*hole.shape, 3), np.float32)
    mass, alpha, weights = (np.zeros(hole.shape, np.float32) for _ in range(3))
    trace = np.full((*hole.shape, 3), np.nan, np.float32)
    best = np.zeros(hole.shape, np.float32)
    for step in (1, -1):
        got = follower.fetch(frame, step, small)
        image, opaque, spot, age = _sampled(scene, frame, step, got, place)
        weight = np.where(age > 0, 1 / np.maximum(age, 1) ** 2, 0).astype(np.float32)
        total += image * (weight * opaque)[..., None]
        mass += weight * opaque
        alpha += weight * opaque
        weights += weight
        better = weight > best
        trace[better] = spot[better]
        best = np.maximum(best, weight)
    alpha = np.asarray(alpha / np.maximum(weights, 1e-6) * hole, np.float32)
    if alpha.max() < 0.5:
        return None
    image = np.asarray(total / np.maximum(mass, 1e-6)[..., None], np.float32)
    return Layer(image, alpha, trace, 0.0)


def _sampled(
    scene: Scene, frame: int, step: int, got: Fetched, place: tuple[slice, slice]
) -> tuple[Image, NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Colour at the plate's own resolution, alpha, trace and age over the scene's region."""
    size = (scene.wide.width, scene.wide.height)
    x, y = got.x, got.y
    age, alpha = got.age, got.alpha
    if scene.factor != 1.0:
        up_x, up_y = _grid(*size[::-1])
        f = scene.factor
        rest_x, rest_y = _grid(*x.shape)
        dx = cv2.resize(x - rest_x, size, interpolation=cv2.INTER_LINEAR) / f
        dy = cv2.resize(y - rest_y, size, interpolation=cv2.INTER_LINEAR) / f
        x, y = up_x + dx, up_y + dy
        age = cv2.resize(age, size, interpolation=cv2.INTER_NEAREST)
        alpha = cv2.resize(alpha, size, interpolation=cv2.INTER_LINEAR)
    x, y, age, alpha = (np.ascontiguousarray(v[place]) for v in (x, y, age, alpha))
    image = np.zeros((*age.shape, 3), np.float32)
    for number in np.unique(age):
        if number == 0:
            continue
        source = scene.rgb_of(frame + step * int(number), scene.wide)
        spots = age == number
        there = cv2.remap(source, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        image[spots] = there[spots]
    trace = np.dstack([frame + step * age, x + scene.wide.x, y + scene.wide.y]).astype(np.float32)
    return image, alpha * (age > 0), trace, age
