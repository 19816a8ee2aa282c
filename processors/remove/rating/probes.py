"""Where the fix tests itself: small mattes at places of the shot where the truth is known.

A probe is the real matte, scaled down and moved to another place of the same shot, moving as the
real one does, so that its place is seen and hidden as the real one's. Of the places that have room,
those are taken whose texture is most like that around the real hole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ...mattes import grown
from ...pictures.layout import Mask
from ...pictures.sheets import spread
from ..holes import region_of
from ..shot import Shot
from ..sources.membrane import ring_of
from .texture import texture

_LARGEST = 0.25
"""Longest side of a probe as a share of the frame's shorter side."""
_TRIES = 60
_LIKE = 6
"""Places with room among which the one with the likest texture is taken: it is no use to know one place by heart."""
_TIME = 0.25
"""Share of the job's work that probes may be."""
_COST = 2.0
"""Work of a probe in real frames: it looks at frames that nothing has looked at before."""
_FEWEST = 3


@dataclass(frozen=True)
class Probe:
    """The real matte scaled by `scale` about its centre at `frame` and moved by (`dx`, `dy`) pixels."""

    frame: int
    centre: tuple[float, float]
    scale: float
    dx: int
    dy: int

    def of(self, matte: Mask) -> Mask:
        """The probe's matte for a frame whose real matte is *matte*."""
        out, box = np.zeros_like(matte), region_of(matte, margin=0)
        if box is None:
            return out
        (x, y), scale = self.centre, self.scale
        shift_x, shift_y = x + self.dx - scale * x, y + self.dy - scale * y
        # Only what the matte covers is moved, to where it goes.
        left, right = (int(np.clip(scale * side + shift_x + room, 0, matte.shape[1]))
                       for side, room in ((box.x, -2), (box.x + box.width, 2)))  # fmt: skip
        top, bottom = (int(np.clip(scale * side + shift_y + room, 0, matte.shape[0]))
                       for side, room in ((box.y, -2), (box.y + box.height, 2)))  # fmt: skip
        if left == right or top == bottom:
            return out
        move = np.array([[scale, 0, scale * box.x + shift_x - left], [0, scale, scale * box.y + shift_y - top]])
        part = matte[box.window].astype(np.uint8) * 255
        size = (right - left, bottom - top)
        out[top:bottom, left:right] = cv2.warpAffine(part, move, size, flags=cv2.INTER_LINEAR) > 127
        return out


def place_probes(shot: Shot, frames: Sequence[int]) -> list[Probe]:
    """Probes at frames spread over those that have a hole, each where its frame has room; the same every time.

    As many as the options say, and fewer where they would be more than a quarter of the work.
    """
    rng = np.random.default_rng(1001)
    probes = []
    affordable = max(_FEWEST, int(_TIME * len(frames) / _COST))
    for frame in spread(frames, min(shot.options.probes, affordable)):
        probe = _placed(shot, frame, rng)
        if probe is not None:
            probes.append(probe)
    return probes


def probe_places(shot: Shot, probes: Sequence[Probe]) -> Mask:
    """Every place that a probe covers at its own frame, with a margin."""
    places = np.zeros((shot.plate.video.height, shot.plate.video.width), bool)
    for probe in probes:
        places |= probe.of(shot.matte(probe.frame))
    return grown(places, 8)


def _placed(shot: Shot, frame: int, rng: np.random.Generator) -> Probe | None:
    """A probe at *frame*; None where there is no room."""
    matte = shot.matte(frame)
    box = region_of(matte, margin=0)
    if box is None:
        return None
    height, width = matte.shape
    scale = min(1.0, _LARGEST * min(height, width) / max(box.width, box.height))
    centre = (box.x + box.width / 2, box.y + box.height / 2)
    rich = texture(np.asarray(shot.luma(frame) / 255, np.float32))
    wanted = float(rich[ring_of(matte)].mean())
    blocked = grown(matte, 12)
    found: list[tuple[float, Probe]] = []
    for _ in range(_TRIES):
        dx, dy = int(rng.integers(0, width) - centre[0]), int(rng.integers(0, height) - centre[1])
        probe = Probe(frame, centre, scale, dx, dy)
        shape = probe.of(matte)
        whole = shape.sum() > 0.9 * matte.sum() * scale**2
        if whole and not (shape & blocked).any():
            apart = abs(np.log((float(rich[shape].mean()) + 1e-5) / (wanted + 1e-5)))
            found.append((float(apart), probe))
        if len(found) == _LIKE:
            break
    return min(found, key=lambda one: one[0])[1] if found else None
