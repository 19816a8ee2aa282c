"""How movers move: flow between neighbouring frames, and its completion where nothing is seen.

Fields are (h, w, 2) float32, pixels of the scene, x then y; weights (h, w) float32, 0..1.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .scene import Scene

Field = NDArray[np.float32]

_FADE = 0.93
"""What is known of a hidden mover's motion counts so much less with every frame."""
_FRESH = 0.5
"""How much of what was known one frame's own motion replaces."""
_CALM = 10
"""Motion that nobody sees is smoothed over this part of the scene's longer side."""


def grid(height: int, width: int) -> tuple[Field, Field]:
    """x and y of every pixel."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return x, y


def completed(values: Field, weight: Field, finest: float = 2.0) -> Field:
    """*values* (h, w, c) where *weight* is high, carried smoothly to where it is nothing.

    *finest* is the narrowest reach in pixels: what is smoothed away. Normalised convolution (Knutsson
    and Westin, CVPR 1993) from wide to narrow: where the narrow neighbourhood knows nothing, the
    wider one speaks, at last the weighted mean.
    """
    height, width = weight.shape
    total = float(weight.sum())
    if total < 1e-3:
        return np.zeros_like(values)
    sums = values * weight[..., None]
    known = np.broadcast_to(sums.sum(axis=(0, 1)) / total, values.shape).astype(np.float32)
    reach = max(height, width) / 3
    while reach >= finest:
        factor = max(1, int(reach / 2))
        small = (max(2, width // factor), max(2, height // factor))
        near = np.asarray(cv2.resize(weight, small, interpolation=cv2.INTER_AREA))
        soft = np.asarray(cv2.resize(sums, small, interpolation=cv2.INTER_AREA)).reshape(*near.shape, -1)
        sigma = reach * small[0] / width
        near = cv2.GaussianBlur(near, (0, 0), sigma)[..., None]
        soft = cv2.GaussianBlur(soft, (0, 0), sigma).reshape(soft.shape)
        below = cv2.resize(known, small, interpolation=cv2.INTER_LINEAR).reshape(soft.shape)
        known = (soft + 0.02 * below) / (near + 0.02)
        known = np.asarray(cv2.resize(known, (width, height)), np.float32).reshape(values.shape)
        reach /= 2
    return known


class Motion:
    """The movers' motion through a scene's whole stretch, hidden parts included.

    Where a mover is seen its flow counts; where it is hidden, what it did just before and will do just
    after, carried along by itself; at last what the rest of it does. The camera's motion is taken out
    meanwhile. All of it is smooth, so it is worked out and kept at half the scene's resolution.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        height, width = scene.shape
        self._size = (max(2, width // 2), max(2, height // 2))
        self._velocity: dict[tuple[int, int], Field] = {}
        for step in (1, -1):
            self._complete(step)

    def velocity(self, frame: int, step: int) -> Field:
        """The movers' motion from *frame* to the one *step* (+-1) on."""
        height, width = self._scene.shape
        field = cv2.resize(self._velocity[frame, step], (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(2 * field + self._scene.carried(frame, step), np.float32)

    def _seen(self, step: int) -> dict[int, tuple[Field, Field]]:
        """Flow of visible movers and how much it counts, by frame, at half resolution."""
        scene = self._scene
        seen: dict[int, tuple[Field, Field]] = {}
        for frame in range(scene.stretch[0], scene.stretch[1] + 1):
            if not scene.holds(frame + step):
                continue
            flow, weight = scene.flow(frame, step)
            moves = 0.15 + np.minimum(np.hypot(flow[..., 0], flow[..., 1]), 1)
            counts = np.asarray(weight * moves * scene.alpha(frame) / 1.15, np.float32)
            mass = np.asarray(cv2.resize(counts, self._size, interpolation=cv2.INTER_AREA), np.float32)
            sums = cv2.resize(flow * counts[..., None], self._size, interpolation=cv2.INTER_AREA)
            seen[frame] = (np.asarray(sums / np.maximum(2 * mass, 1e-6)[..., None], np.float32), mass)
        return seen

    def _complete(self, step: int) -> None:
        scene, seen = self._scene, self._seen(step)
        sums = {n: (flow * weight[..., None], weight) for n, (flow, weight) in seen.items()}
        for order in (1, -1):
            kept: tuple[Field, Field] | None = None
            for frame in sorted(seen, reverse=order < 0):
                flow, weight = seen[frame]
                if kept is not None and float(kept[1].sum()) > 1e-3:
                    old_flow, old_weight = _moved(*kept, -kept[0] * (order * step))
                    one, two = sums[frame]
                    carried = old_weight * _FADE * (1 - weight)
                    sums[frame] = (one + old_flow * carried[..., None], two + carried)
                    # A stride wavers: what goes on into the hole is the mean of the last frames.
                    carried = old_weight * _FADE * (1 - _FRESH * weight)
                    total = weight + carried
                    both = flow * weight[..., None] + old_flow * carried[..., None]
                    mean = np.asarray(both / np.maximum(total, 1e-6)[..., None], np.float32)
                    flow, weight = completed(mean, total), np.minimum(total, 1)
                kept = (flow, weight)
        calm = max(self._size) / _CALM
        for frame, (total, mass) in sums.items():
            mean = np.asarray(total / np.maximum(mass, 1e-6)[..., None], np.float32)
            hidden = cv2.resize(scene.hidden(frame).astype(np.float32), self._size, interpolation=cv2.INTER_AREA)
            unseen = np.asarray(cv2.GaussianBlur(hidden, (0, 0), calm / 3), np.float32)[..., None]
            field = completed(mean, mass, calm) * unseen + completed(mean, mass) * (1 - unseen)
            self._velocity[frame, step] = np.asarray(field, np.float32)


def _moved(flow: Field, weight: Field, back: Field) -> tuple[Field, Field]:
    x, y = grid(*weight.shape)
    both = np.dstack([flow, weight])
    out = cv2.remap(both, x + back[..., 0], y + back[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(out[..., :2]), np.ascontiguousarray(out[..., 2])
