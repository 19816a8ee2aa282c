"""How everything moves: flow between neighbouring frames, and its completion where nothing is seen.

Fields are (h, w, 2) float32, pixels of the scene, x then y; weights (h, w) float32, 0..1.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures.mix import for_rgb
from ...threads import once
from .scene import Scene

Field = NDArray[np.float32]


@lru_cache(maxsize=16)
def grid(height: int, width: int) -> tuple[Field, Field]:
    """x and y of every pixel, not to be written to."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    x.flags.writeable = y.flags.writeable = False
    return x, y


def nearest(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """*labels* (h, w), each 0 replaced by the label that lies nearest; all 0 where there are none."""
    if not labels.any():
        return labels
    _, place = cv2.distanceTransformWithLabels(
        (labels == 0).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    table = np.zeros(int(place.max()) + 1, np.int32)
    table[place[labels > 0]] = labels[labels > 0]
    return np.asarray(table[place], np.int32)


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


class Flows:
    """Flow of everything in a scene between neighbouring frames, completed over what is hidden."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def velocity(self, frame: int, step: int) -> Field:
        """(h, w, 3): pixels of the scene from *frame* to the one *step* (+-1) on, x and y, and how far the flows
        that it is completed from differ there."""
        height, width = self._scene.shape
        field = cv2.resize(self._beyond_camera(frame, step), (width, height), interpolation=cv2.INTER_LINEAR)
        camera = self._scene.between(frame, frame + step)
        if camera is not None:
            cv2.add(field, cv2.merge([camera, np.zeros((height, width), np.float32)]), dst=field)
        return np.asarray(field, np.float32)

    @once
    def _beyond_camera(self, frame: int, step: int) -> Field:
        """(h, w, 3) the velocity beyond the camera's and how far flows differ, at half the resolution."""
        flow, weight = self._scene.flow(frame, step)
        height, width = weight.shape
        half = (max(2, width // 2), max(2, height // 2))
        square = np.einsum("hwc,hwc->hw", flow, flow)
        mass = np.asarray(cv2.resize(weight, half, interpolation=cv2.INTER_AREA), np.float32)
        weighted = cv2.merge([flow, square]) * for_rgb(weight)
        sums = cv2.resize(weighted, half, interpolation=cv2.INTER_AREA)
        mean = completed(np.asarray(sums / np.maximum(mass, 1e-6)[..., None], np.float32), mass)
        apart = np.maximum(mean[..., 2] - np.einsum("hwc,hwc->hw", mean[..., :2], mean[..., :2]), 0)
        return np.asarray(np.dstack([mean[..., :2], np.sqrt(apart)]), np.float32)

    def seen(self, frame: int, step: int) -> Field:
        """(h, w, 3) what is seen in *frame* moves that far a frame in direction *step* (+-1), times a weight, and
        the weight: 0 where neither neighbour shows where it goes."""
        total = np.zeros((*self._scene.shape, 3), np.float32)
        for way in (1, -1):
            if self._scene.holds(frame + way):
                flow, weight = self._scene.flow(frame, way)
                share = cv2.merge([weight * np.float32(way * step)] * 2)
                whole = cv2.multiply(cv2.add(flow, self._scene.carried(frame, way)), share)
                total += cv2.merge([whole, weight])
        return total
