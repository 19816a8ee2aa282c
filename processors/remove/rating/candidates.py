"""What can fill a hole: the layered default, and others that compete with it under the same probes.

A studio's own network is one more `Candidate`. Its pixels carry `Origin.NETWORK`, it looks only at
what `Shot` shows outside `shot.matte` and *hole_at*, and it gives the same pixels for the same frame
every time. `candidates_for` is the one place where a candidate enters.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ...mattes import grown
from ...pictures.layout import Image, Mask
from ..fill import Fill, Origin, paint
from ..holes import Region, region_of
from ..layers import fill_hole
from ..networks.candidate import NetworkCandidate
from ..shot import HoleAt, Shot
from ..sources.membrane import correction

_MOMENTS = 15
"""Frames whose median is the still picture."""


class Candidate(Protocol):
    """A way to fill a hole.

    `name` is what the report and the choice call it; `licence` an SPDX name or a sentence; `digest`
    the SHA-256 of the weights, empty for what ships with Wetgate.
    """

    @property
    def name(self) -> str: ...
    @property
    def licence(self) -> str: ...
    @property
    def digest(self) -> str: ...

    def fill(self, shot: Shot, frame: int, hole_at: HoleAt, *, blind: bool = False) -> Fill | None:
        """The hole of *frame* filled, None where there is none; as `fill.fill_hole`.

        With *blind*, *hole_at* is a probe's hole, and the real matte is unknown too: never look there.
        """


class Layers:
    """Takes, own frames, movers, edges: the default."""

    name, licence, digest = "layers", "Apache-2.0", ""

    def fill(self, shot: Shot, frame: int, hole_at: HoleAt, *, blind: bool = False) -> Fill | None:
        """As `fill_hole`."""
        return fill_hole(shot, frame, hole_at, blind=blind)


class Spatial:
    """The frame alone, painted from the hole's edges (Telea, 2004)."""

    name, licence, digest = "spatial", "Apache-2.0", ""

    def fill(self, shot: Shot, frame: int, hole_at: HoleAt, *, blind: bool = False) -> Fill | None:
        """Every pixel counts as painted."""
        found = _hole(shot, frame, hole_at, blind=blind)
        if found is None:
            return None
        region, hole, hidden = found
        plate = shot.rgb(frame)[region.window]
        return _filled(frame, region, hole, paint(plate, grown(hidden, 2)), Origin.PAINTED)


class StillMedian:
    """The temporal median of the shot's own frames, where the camera stands still."""

    name, licence, digest = "median", "Apache-2.0", ""

    def fill(self, shot: Shot, frame: int, hole_at: HoleAt, *, blind: bool = False) -> Fill | None:
        """What no frame shows is painted."""
        found = _hole(shot, frame, hole_at, blind=blind)
        if found is None:
            return None
        region, hole, hidden = found
        first, last = shot.span(frame)
        stack = []
        for number in sorted({round(n) for n in np.linspace(first, last, _MOMENTS)} - {frame}):
            blocked = grown(shot.standing(number) | hole_at(number), 2)[region.window]
            stack.append(np.where(blocked[..., None], np.nan, shot.rgb(number)[region.window]))
        pictures = np.asarray(stack, np.float32)
        known = np.asarray(np.isfinite(pictures[..., 0]).any(axis=0))
        pictures[:, ~known] = 0
        plate, middle = shot.rgb(frame)[region.window], np.asarray(np.nanmedian(pictures, axis=0), np.float32)
        middle = np.asarray(middle + correction(plate, middle, hidden, known), np.float32)
        image = np.where((hidden & known)[..., None], middle, plate)
        fill = _filled(frame, region, hole, paint(image, grown(hidden & ~known, 2)), Origin.OWN)
        fill.origin[hole[region.window] & ~known] = Origin.PAINTED
        return fill


def candidates_for(shot: Shot) -> list[Candidate]:
    """What may compete for *shot*; the first is the default, which only a clear win replaces."""
    found: list[Candidate] = [Layers(), Spatial()]
    # Where a take shows the place, a median that does not look at it must not win by an easy test elsewhere; and
    # it cannot tell the thing itself where that stands in frames that have no matte.
    own = shot.options.use_own_frames and not shot.takes and all(map(shot.vouched, range(shot.plate.frames)))
    if own and all(shot.camera.still(frame) for frame in (0, *shot.cuts)):
        found.append(StillMedian())
    found += [NetworkCandidate(network) for network in shot.networks]
    return found


def candidate_named(shot: Shot, name: str) -> Candidate:
    """The candidate that a trial chose."""
    return next(one for one in candidates_for(shot) if one.name == name)


def _hole(shot: Shot, frame: int, hole_at: HoleAt, *, blind: bool) -> tuple[Region, Mask, Mask] | None:
    """The region, the hole (whole frame) and all that is unknown (over the region)."""
    hole = hole_at(frame)
    region = region_of(hole)
    if region is None:
        return None
    unknown = hole | shot.matte(frame) if blind else hole
    return region, hole, unknown[region.window]


def _filled(frame: int, region: Region, hole: Mask, image: Image, origin: Origin) -> Fill:
    inside = hole[region.window]
    origins = np.where(inside, np.uint8(origin), np.uint8(0))
    trace = np.full((*inside.shape, 3), np.nan, np.float32)
    return Fill(frame, region, np.asarray(image, np.float32), origins, trace, 0.0)
