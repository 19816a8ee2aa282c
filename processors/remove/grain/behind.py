"""What the plate's grain would be behind the hole, read where it was seen.

For what came from the plate's own frames in those frames, unwarped and unmixed, at the very places
it was taken from; for a take in the take, by the ratio of plate to take around the hole; for what was
painted, around the hole at the same brightness. Grain differs more between two places of one picture
than between two moments of one place (codecs above all), so that no band around a hole tells it as
well.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from ...mattes import grown
from ...pictures.layout import Image, Mask
from ..fill import Fill, Origin
from ..shot import Shot
from .energy import Energy
from .flat import FEWEST, Flatness
from .places import REACH, carried_on, cropped, energies, fine_at, sampled_at, usable

_MOST = 6
"""Frames in which the grain of one fill is read."""
_LEVELS = 8
"""Levels of luma at which what is painted is compared with what stands around it."""
STRAY = 4.0
"""Deviations of the plate's grain beyond which fine structure is something else."""


@dataclass(frozen=True)
class Target:
    """The plate's energy as it would be behind the hole, NaN where not known, and how much of it is fresh.

    `donor` is the fine structure of the frames that weighed most, NaN elsewhere; None for what is from no frame
    of the plate.
    """

    energy: Energy
    fresh: float
    donor: Image | None = None


class Behind:
    """One fill's hole, while the plate's grain behind it is read, over the fill's region."""

    def __init__(self, shot: Shot, fill: Fill, hole: Mask, flatness: Flatness) -> None:
        """*hole* is the whole frame's, *flatness* the fill's."""
        self._shot, self._fill, self._flatness = shot, fill, flatness
        self._clear = ~grown(hole | shot.matte(fill.frame), REACH)[fill.region.window]

    def target(self, layer: int, where: Mask) -> Target:
        """Of one layer, *where* it is."""
        traced = where & np.isfinite(self._fill.trace[..., 0])
        if 2 * traced.sum() > where.sum() and layer < Origin.PAINTED_FRAME:
            return self._from_take(layer - 1, traced) if layer < Origin.OWN else self._from_plate(traced)
        return Target(self._from_around(where), self._fresh_around)

    def _from_plate(self, where: Mask) -> Target:
        """Read in the frames that the fill was taken from."""
        shot, found, moment = self._shot, Energy.nothing(where.shape), self._fill.trace[..., 0]
        donor = np.full((*where.shape, 3), np.nan, np.float32)
        numbers, counts = np.unique(moment[where], return_counts=True)
        at = np.nan_to_num(self._fill.trace[..., 1:])
        for number in (int(numbers[i]) for i in np.argsort(-counts)[:_MOST]):
            spots = where & (moment == number)
            spots[spots] = usable(shot.matte(number), at[spots])
            places = at[spots]
            if places.size:
                part, start = cropped(shot.frames.at(number), places)
                found.put(spots, energies(part, places - start))
                broad = np.asarray(cv2.GaussianBlur(part, (0, 0), 1.0), np.float32)
                donor[spots] = sampled_at(part - broad, places - start)
        main = int(numbers[counts.argmax()])
        flat, _ = self._flatness.flattest(where & (moment == main))
        fresh = self._fresh(main, at, where & self._flatness.unclipped & (moment == main), flat)
        return Target(found, self._fresh_around if fresh is None else fresh, donor)

    def _from_take(self, place: int, where: Mask) -> Target:
        """Read in the take, times what the plate has more around the hole."""
        take, trace = self._shot.takes[place], self._fill.trace
        picture = take.picture(int(np.median(trace[..., 0][where])))
        at = carried_on(trace[..., 1:], where)
        inside = usable(np.zeros((take.plate.video.height, take.plate.video.width), bool), at)
        ring = self._flat_around & inside
        if ring.sum() < FEWEST:
            return Target(self._from_around(where), self._fresh_around)
        there = Energy.nothing(where.shape)
        spots = (where & inside) | ring
        part, start = cropped(picture, at[spots])
        there.put(spots, energies(part, at[spots] - start))
        return Target(there.scaled(self._energy, ring), self._fresh_around)

    def _from_around(self, where: Mask) -> Energy:
        """Around the hole, at the same luma."""
        found, ring, luma = Energy.nothing(where.shape), self._flat_around, self._around.luma
        if ring.sum() >= FEWEST:
            bounds = np.quantile(luma[ring], np.linspace(0, 1, _LEVELS + 1))
            level = np.clip(np.searchsorted(bounds, luma[ring]) - 1, 0, _LEVELS - 1)
            middles = (bounds[1:] + bounds[:-1]) / 2
            for into, plane in zip(found.planes, self._energy.planes, strict=True):
                means = np.bincount(level, plane[ring], _LEVELS) / np.maximum(np.bincount(level, minlength=_LEVELS), 1)
                into[where] = np.interp(self._flatness.luma[where], middles, means)
        return found

    @cached_property
    def _plate(self) -> Image:
        return self._shot.frames.at(self._fill.frame).crop(*self._fill.region.bounds).rgb()

    @cached_property
    def _energy(self) -> Energy:
        return Energy.of(self._plate)

    @cached_property
    def _around(self) -> Flatness:
        return Flatness.of(self._plate)

    @cached_property
    def _flat_around(self) -> Mask:
        """Flat places of the plate around the hole."""
        return self._around.flattest(self._clear)[0]

    @cached_property
    def _fresh_around(self) -> float:
        region = self._fill.region
        ys, xs = np.mgrid[region.window].astype(np.float32)
        found = self._fresh(self._fill.frame, np.dstack([xs, ys]), self._clear, self._flat_around)
        return 1.0 if found is None else found

    def _fresh(self, number: int, at: NDArray[np.float32], where: Mask, flat: Mask) -> float | None:
        """The part of a frame's grain at the places *at*, where *flat*, that the frame beside it does not repeat."""
        first, last = self._shot.span(number)
        other = number + 1 if number < last else number - 1
        motion = self._shot.camera.onto(number, other) if other >= first else None
        if motion is None or (where & flat).sum() < FEWEST:
            return None
        at = np.rint(at[where])
        moved = cv2.perspectiveTransform(at[None], motion.matrix)[0].astype(np.float32)
        seen = usable(self._shot.matte(number), at) & usable(self._shot.matte(other), moved)
        spots = where.copy()
        spots[where] = seen
        if (spots & flat).sum() < FEWEST:
            return None
        ours, theirs = (fine_at(self._shot.frames.at(n), p[seen]) for n, p in ((number, at), (other, moved)))
        apart = np.minimum((ours - theirs) ** 2, np.float32(STRAY**2) * (ours**2 + theirs**2).mean())
        # Where there is texture, what lies a little off its place is apart too, by the square of its slope.
        slope = self._flatness.slope[spots] ** 2
        steep = max(0.0, float(np.cov(apart, slope)[0, 1] / max(float(slope.var()), 1e-20)))
        level = float(apart.mean()) - steep * float(slope.mean())
        both = float((ours**2 + theirs**2)[flat[spots]].mean())
        return float(np.clip(level / max(both, 1e-12), 0, 1))
