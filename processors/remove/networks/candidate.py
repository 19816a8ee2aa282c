"""A studio's network as a candidate for the whole hole, under the probes that rate every candidate."""

from __future__ import annotations

import numpy as np

from ...mattes import grown
from ..fill import Fill, Origin
from ..holes import region_of
from ..shot import HoleAt, Shot
from ..unseen.window import window
from .studio import StudioNetwork

_CONTEXT = 96
"""Pixels around the hole that the network is shown at least."""
_CHROMA = 4
"""Pixels beyond the hole that are filled too, for the chroma samples that its edge cuts."""


class NetworkCandidate:
    """A `rating.candidates.Candidate`."""

    def __init__(self, network: StudioNetwork) -> None:
        self._network = network
        self.name, self.licence, self.digest = candidate_name(network.name), network.licence, network.digest

    def fill(self, shot: Shot, frame: int, hole_at: HoleAt, *, blind: bool = False) -> Fill | None:
        """The whole hole of *frame*, None where there is none."""
        hole = hole_at(frame)
        region = region_of(hole, max(_CONTEXT, int(np.sqrt(hole.sum())) // 2))
        if region is None:
            return None
        numbers = window(frame, shot.span(frame), self._network.frames)
        images, holes = [], []
        for number in numbers:
            hidden = hole_at(number) | shot.matte(number) if blind else hole_at(number)
            images.append(shot.rgb(number)[region.window])
            holes.append(grown(hidden[region.window], _CHROMA))
        made = self._network.paint(images, holes)
        origin = np.where(hole[region.window], np.uint8(Origin.NETWORK), np.uint8(0))
        trace = np.full((*origin.shape, 3), np.nan, np.float32)
        return Fill(frame, region, made, origin, trace, 0.0)


def candidate_name(network: str) -> str:
    """What a network is called among the candidates, whose other names are words of ours."""
    return f"network {network}"
