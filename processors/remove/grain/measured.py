"""What a place has of grain, and what a fill lacks of it there.

Measured where the picture is flat. Amounts are root mean squares, not medians: a codec keeps grain
in some blocks and wipes it in the others, and what stands in the few is all there is to see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ...pictures.layout import Image, Mask
from .energy import Energy
from .flat import FEWEST, flat_places
from .noise import passed

_NEAR = (0.1, 0.4)
"""Share of the grain's variance that may lack unseen, and that from which all that lacks is added: over texture,
noise costs more than it gives."""
_ROUNDED = 0.3
"""Deviation, in code steps, of what rounding adds by itself; weaker noise would only move that about."""
_SOFTEN = 0.6
"""Least factor on a fill's own fine structure."""


@dataclass(frozen=True)
class Grain:
    """Grain that the plate has in a place, and a fill's there: standard deviations (code values 0..1).

    `correlation` is the plate's between horizontal neighbours, `fill_correlation` the fill's; `share`
    the part of the looked-at pixels that was flat. `red`, `blue` are what the colour differences
    lack, with `colour_correlation`; `fresh` (0..1) is the part of the plate's variance that the next
    frame does not repeat; `most` bounds what may be added, `step` is
    the plate's code step.
    """

    plate: float = 0.0
    fill: float = 0.0
    correlation: float = 0.0
    share: float = 0.0
    fill_correlation: float = 0.0
    red: float = 0.0
    blue: float = 0.0
    colour_correlation: float = 0.0
    fresh: float = 1.0
    most: float = 1.0
    step: float = 0.0

    @property
    def ratio(self) -> float:
        """Fill over plate; 1 where neither has any."""
        return 1.0 if self.plate < 1e-5 else self.fill / self.plate

    @property
    def kept(self) -> float:
        """The factor on the fill's own high-pass: below 1 where it has more grain, or coarser, than the plate.

        What stands still in the plate is no grain, and is never softened away.
        """
        if self.fill < 1e-5 or not self._excess:
            return 1.0
        still = max(self.plate**2 - self.most**2, 0.0)
        share = max(self.plate**2 * (1 + _NEAR[0]) - self._finest, still) / self.fill**2
        return float(np.sqrt(np.clip(share, _SOFTEN**2, 1)))

    @property
    def deficit(self) -> float:
        """Standard deviation that is to be added; nothing that would be lost in rounding."""
        return _lacking(self.plate**2, (self.kept * self.fill) ** 2, self.most**2, self.step)

    @property
    def lacking_correlation(self) -> float:
        """Of what is to be added: with it the sum correlates as the plate does."""
        kept = (self.kept * self.fill) ** 2
        lacking = self.plate**2 - kept
        if not self.deficit:
            return self.correlation
        return float(np.clip((self.correlation * self.plate**2 - self.fill_correlation * kept) / lacking, -1, 1))

    @property
    def renewed(self) -> float:
        """The part of what is added that is new in every frame: a mean of frames has kept what stands still."""
        return float(np.clip(self.fresh * self.plate**2 / max(self.deficit**2, 1e-12), 0, 1))

    @property
    def _excess(self) -> bool:
        """Whether no noise, however fine, makes the fill like the plate by being added."""
        lacking = self.plate**2 - self.fill**2
        return (
            lacking < 0
            or lacking * passed(0)[1] > self.correlation * self.plate**2 - self.fill_correlation * self.fill**2
        )

    @property
    def _finest(self) -> float:
        """Variance of white noise that, beside a part of the fill's own grain, correlates as the plate does."""
        coarse = self.fill_correlation - passed(0)[1]
        if coarse < 1e-3:
            return 0.0
        return float(np.clip((self.fill_correlation - self.correlation) / coarse, 0, 1)) * self.plate**2

    def as_json(self) -> dict[str, Any]:
        """For files and reports."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def mean(cls, several: Sequence[Grain]) -> Grain:
        """The median of several measures that found flat places; no grain when none did."""
        told = [one for one in several if one.share > 0]
        if not told:
            return cls()
        return cls(**{one.name: float(np.median([getattr(grain, one.name) for grain in told])) for one in fields(cls)})


def lacks(
    plate: Energy,
    fill: Energy,
    flat: Mask,
    *,
    share: float = 1.0,
    fresh: float = 1.0,
    renews: bool = False,
    step: float = 0.0,
) -> Grain:
    """What a fill lacks on its *flat* pixels against the energy that the plate would have there.

    With *renews* no more than what is *fresh* in the plate: what stands still there is detail, which no noise gives.
    """
    if flat.sum() < FEWEST:
        return Grain()
    ours, beside, red, blue, colours = (float(plane[flat].mean()) for plane in plate.planes)
    theirs, along, other_red, other_blue, _ = (float(plane[flat].mean()) for plane in fill.planes)
    bound = fresh if renews else 1.0
    return Grain(
        plate=float(np.sqrt(ours)),
        fill=float(np.sqrt(theirs)),
        correlation=beside / max(ours, 1e-12),
        share=share,
        fill_correlation=along / max(theirs, 1e-12),
        red=_lacking(red, other_red, bound * red, step),
        blue=_lacking(blue, other_blue, bound * blue, step),
        colour_correlation=float(np.clip(colours / max(red + blue, 1e-12), -1, 1)),
        fresh=fresh,
        most=float(np.sqrt(bound * ours)),
        step=step,
    )


def measure(plate: Image, fill: Image, where: Mask) -> Grain:
    """Compare the grain of two aligned pictures on the flat part of *where*."""
    flat = flat_places(plate, where)
    share = float(flat.sum() / max(where.sum(), 1))
    return lacks(Energy.of(plate), Energy.of(fill), flat, share=share)


def _lacking(plate: float, fill: float, most: float, step: float) -> float:
    """The deviation to be added, from variances; 0 for what would be lost in rounding."""
    apart = plate - fill
    lacking = min(apart * float(np.interp(apart / max(plate, 1e-12), _NEAR, (0, 1))), most)
    return float(np.sqrt(lacking)) if lacking > (_ROUNDED * step) ** 2 else 0.0
