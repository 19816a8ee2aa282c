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
from ..holes import Region, region_of
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
        x, y = self.centre
        move = np.array([[self.scale, 0, x + self.dx - self.scale * x], [0, self.scale, y + self.dy - self.scale * y]])
        size = (matte.shape[1], matte.shape[0])
        return np.asarray(cv2.warpAffine(matte.astype(np.uint8) * 255, move, size, flags=cv2.INTER_LINEAR) > 127)


def place_probes(shot: Shot, frames: Sequence[int]) -> list[Probe]:
    """Probes at frames spread over those that have a hole, each where its frame has room; the same every time.

    As many as the options say, and fewer where they would be more than a quarter of the work: a
    probe costs about what its region is to the frame's.
    """
    rng = np.random.default_rng(1001)
    probes, budget = [], _TIME * len(frames)
    for frame in spread(frames, shot.options.probes):
        placed = _placed(shot, frame, rng)
        if placed is None:
            continue
        probe, cost = placed
        budget -= cost
        if budget < 0 and len(probes) >= _FEWEST:
            break
        probes.append(probe)
    return probes


def probe_places(shot: Shot, probes: Sequence[Probe]) -> Mask:
    """Every place that a probe covers at its own frame, with a margin."""
    places = np.zeros((shot.plate.video.height, shot.plate.video.width), bool)
    for probe in probes:
        places |= probe.of(shot.matte(probe.frame))
    return grown(places, 8)


def _placed(shot: Shot, frame: int, rng: np.random.Generator) -> tuple[Probe, float] | None:
    """A probe at *frame*, and its work in real frames; None where there is no room."""
    matte = shot.matte(frame)
    box = region_of(matte, margin=0)
    if box is None:
        return None
    height, width = matte.shape
    scale = min(1.0, _LARGEST * min(height, width) / max(box.width, box.height))
    centre = (box.x + box.width / 2, box.y + box.height / 2)
    near = region_of(matte)
    assert near is not None
    rich = texture(np.asarray(shot.luma(frame), np.float32) / 255)
    wanted = float(rich[ring_of(matte)].mean())
    blocked, best = grown(matte, 12), None
    found = 0
    for _ in range(_TRIES):
        probe = Probe(
            frame, centre, scale, int(rng.integers(0, width) - centre[0]), int(rng.integers(0, height) - centre[1])
        )
        shape = probe.of(matte)
        if shape.sum() <= 0.9 * matte.sum() * scale**2 or (shape & blocked).any():
            continue
        apart = abs(np.log((float(rich[shape].mean()) + 1e-5) / (wanted + 1e-5)))
        if best is None or apart < best[0]:
            best = (float(apart), probe, shape)
        found += 1
        if found == _LIKE:
            break
    if best is None:
        return None
    region = region_of(best[2])
    assert region is not None
    return best[1], _area(region) / _area(near)


def _area(region: Region) -> float:
    return float(region.width * region.height)
