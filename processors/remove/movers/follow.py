"""Following every pixel behind the hole, whatever it belongs to, to the nearest frames that show it."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Mask
from ..sources.membrane import largest_channel
from .candidates import STEPS, Candidate, Target
from .motion import Field, Flows, grid, nearest
from .scene import Scene
from .standing import Standing

_SAME = 0.02
"""Difference (0..1) up to which a place shows the background."""
_LIMBS = 4.0
"""Pixels that a limb may lie off the place where the piece that it belongs to would have it."""
_UNSURE = 0.3
"""Pixels a frame by which the flow of what is seen may be off."""


def followed(scene: Scene, flows: Flows, standing: Standing, target: Target) -> Iterator[Candidate]:
    """In each direction every pixel of the hole followed to the first frame tried that shows it.

    What lies beside the hole is followed as long as what lies nearest in it, to be judged by.
    """
    top, left = target.window[0].start, target.window[1].start
    height, width = target.hole.shape
    for step in (1, -1):
        x, y = grid(height, width)
        x, y = x + left, y + top
        drift = np.zeros((height, width), np.float32)
        due = np.zeros((height, width), np.int32)
        stops: list[tuple[int, Field, Field, Field, Mask]] = []
        for count in range(1, STEPS[-1] + 1):
            number = target.frame + step * count
            if not scene.holds(number) or not (target.hole & (due == 0)).any():
                break
            goes = flows.velocity(number - step, step)
            moved = cv2.remap(goes, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            x, y, drift = x + moved[..., 0], y + moved[..., 1], drift + moved[..., 2]
            if count in STEPS:
                hidden = cv2.remap(scene.hidden(number).astype(np.float32), x, y, cv2.INTER_LINEAR, borderValue=1)
                astray = drift + count * _against(flows, number, step, x, y, np.asarray(moved[..., :2], np.float32))
                off = standing.astray(number, target.window, x, y)
                astray = astray + np.maximum(off - _LIMBS, 0)
                stops.append((number, x, y, astray, np.asarray(hidden < 0.03)))
                due[target.hole & (due == 0) & stops[-1][-1]] = len(stops)
        if due.any():
            yield _arrived(scene, target, np.where(target.hole, due, nearest(due)), stops)


def _against(flows: Flows, number: int, step: int, x: Field, y: Field, came: Field) -> Field:
    """(h, w) pixels a frame by which what is seen in *number* at (x, y) goes another way than that by which it was
    reached: whoever passes there is not what stood still behind the hole."""
    goes = flows.seen(number, step)
    here = cv2.remap(goes, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    apart = np.hypot(*(here[..., axis] / np.maximum(here[..., 2], 1e-6) - came[..., axis] for axis in (0, 1)))
    return np.asarray(np.maximum(apart - _UNSURE, 0) * (here[..., 2] > 0.3), np.float32)


def _arrived(
    scene: Scene, target: Target, due: NDArray[np.int32], stops: list[tuple[int, Field, Field, Field, Mask]]
) -> Candidate:
    """What each pixel shows at the stop (counted from 1) at which it is *due*."""
    frames, valid = np.full(due.shape, target.frame, np.int32), np.zeros(due.shape, bool)
    at_x, at_y = (way.copy() for way in grid(*due.shape))
    strayed = np.zeros(due.shape, np.float32)
    shown = target.background.copy()
    for place, (number, x, y, drift, seen) in enumerate(stops, 1):
        here = due == place
        if not here.any():
            continue
        picture = cv2.remap(scene.rgb(number), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        shown[here & seen] = picture[here & seen]
        frames[here], at_x[here], at_y[here], valid[here] = number, x[here], y[here], seen[here]
        strayed[here] = drift[here]
    # What is the background all the same is left to those who know it better.
    apart = cv2.blur(largest_channel(np.abs(shown - target.background)), (3, 3))
    alpha = np.asarray(np.clip(apart / _SAME - 1, 0, 1) * valid, np.float32)
    image = np.asarray(target.background * (1 - alpha[..., None]) + shown * alpha[..., None], np.float32)
    return Candidate(frames, at_x, at_y, image, alpha, valid, np.zeros_like(alpha), strayed)
