"""From samples to a grade: simple decisions first, and each richer one only where held-out pixels gain by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..colour_difference import difference
from .cdl import Cdl
from .cube import Cube, fit_cube
from .fit import AFFINE, FULL, GAINS, LOG_GAINS, fit_cdl
from .render import Renderer
from .samples import Samples, balanced
from .spaces import Space

_CAP = 20.0
"""dE2000 at which a pixel counts as something else standing there."""
_RICHER = 0.03
"""Share by which a richer decision must be better."""
_CUBE_GAIN = 0.06
_LEAST_GAIN = 0.1
"""Mean dE2000 below which nothing is worth a change."""
_EXPLAINS = 0.2
"""Least share of the difference that a CDL must take away: where it leaves the rest, the rest was no grade."""
_SURE = 2.0
"""Standard errors (over blocks) by which a grade must beat no change."""
_TOO_NOISY = 3.0
"""Mean dE2000 that the CDL leaves, above which pairs are too ill-aligned for a cube: it would learn their blur."""
_SMOOTH = (0.3, 0.03, 0.003)


@dataclass(frozen=True)
class Score:
    """Held-out pixels as seen: mean capped dE2000, its standard error over blocks, its median, and PSNR in dB."""

    delta_e: float
    error: float
    median: float
    psnr: float


@dataclass(frozen=True)
class Match:
    """A grade with what it was worth on held-out pixels. `kept` says that it beat no change."""

    model: str
    cdl: Cdl
    cube: Cube | None
    before: Score
    after: Score
    cdl_alone: Score
    held_out: int
    kept: bool

    def renderer(self) -> Renderer:
        """The whole grade, working values to working values."""
        return Renderer(*transforms(self.cdl, self.cube))


def transforms(cdl: Cdl, cube: Cube | None) -> list[Any]:
    """The grade's OpenColorIO transforms, in order; none for no change."""
    made = [] if cdl.is_identity else [cdl.transform()]
    return made + (cube.transforms() if cube is not None else [])


def unchanged(cdl: Cdl, before: Score, held_out: int) -> Match:
    """The grade that leaves everything as it is."""
    return Match("no change", cdl, None, before, before, before, held_out, kept=False)


def match(samples: Samples, space: Space, *, cube: bool, plain: bool = False) -> Match:
    """The grade for these samples; no change where nothing beats it on pixels held out of the fit.

    *plain* keeps to exposure, white balance and black level, for samples that deserve no more.
    """
    held = samples.part(samples.held)
    identity = Cdl(clamp=space.clamp)
    start = score(held, Renderer(), space)
    best, best_score, name = identity, start, "no change"
    logarithmic = "log" in space.name.lower() or space.name.startswith("ACEScc")
    models = (LOG_GAINS if logarithmic else GAINS, AFFINE, FULL)
    for model in models[:2] if plain else models:
        tried = fit_cdl(samples, model, space.clamp, space.even).rounded()
        found = score(held, Renderer(tried.transform()), space)
        if found.delta_e < best_score.delta_e * (1 - _RICHER):
            best, best_score, name = tried, found, model.name
    explains = best_score.delta_e <= start.delta_e * (1 - _EXPLAINS)
    if not explains or not _goes_both_ways(samples, held, best, space):
        return unchanged(identity, start, len(held.weight))
    residual, whole = None, best_score
    if cube and name != "no change" and best_score.delta_e < _TOO_NOISY:
        residual, whole = _cube(samples, held, best, best_score, space)
    if not _beats(held, space, best, residual):
        return unchanged(identity, start, len(held.weight))
    return Match(name, best, residual, start, whole, best_score, len(held.weight), kept=True)


def score(held: Samples, render: Renderer, space: Space) -> Score:
    """How far *render* brings the held-out samples to what they should be, as seen on a screen."""
    seen, wanted = space.view(render(held.before)), space.view(held.after)
    apart = np.minimum(difference(seen, wanted), _CAP)
    square = np.minimum(((seen - wanted) ** 2).mean(axis=-1), 0.02)
    mean_square = float((square * held.weight).sum() / held.weight.sum())
    psnr = 99.0 if mean_square < 10**-9.9 else float(-10 * np.log10(mean_square))
    order = np.argsort(apart)
    middle = np.searchsorted(np.cumsum(held.weight[order]), held.weight.sum() / 2)
    return Score(*_by_blocks(apart, held), float(apart[order[min(middle, len(order) - 1)]]), psnr)


def _by_blocks(value: NDArray[np.float64], held: Samples) -> tuple[float, float]:
    """Weighted mean, and its standard error with blocks as the independent draws."""
    _, place = np.unique(held.block, return_inverse=True)
    mass = np.bincount(place, held.weight)
    mean = float((value * held.weight).sum() / held.weight.sum())
    off = np.bincount(place, held.weight * (value - mean))
    return mean, float(np.sqrt((off**2).sum()) / mass.sum())


def _beats(held: Samples, space: Space, cdl: Cdl, cube: Cube | None) -> bool:
    """Whether the gain over no change is more than chance over blocks."""
    wanted = space.view(held.after)
    plain = np.minimum(difference(space.view(held.before), wanted), _CAP)
    graded = np.minimum(difference(space.view(Renderer(*transforms(cdl, cube))(held.before)), wanted), _CAP)
    gain, error = _by_blocks(plain - graded, held)
    return gain > max(_LEAST_GAIN, _SURE * error)


def _goes_both_ways(samples: Samples, held: Samples, cdl: Cdl, space: Space) -> bool:
    """Whether the way there and the way back cancel, as those of a grade do.

    Pairs that meet badly (parallax, motion) pull every fit towards their mean, and held-out pixels
    approve, since they meet as badly. But then the fit from reference to plate does the same: the
    round trip goes further from where it began than the grade itself, instead of coming home.
    """
    turned = Samples(samples.after, samples.before, samples.weight, samples.held, samples.block, samples.moment)
    back = fit_cdl(turned, FULL, cdl.clamp, space.even)
    there = Renderer(cdl.transform())(held.before)
    home = Renderer(back.transform())(there)
    start = space.view(held.before)
    effect, trip = (_by_blocks(difference(start, space.view(v)), held)[0] for v in (there, home))
    return trip < effect


def _cube(samples: Samples, held: Samples, cdl: Cdl, alone: Score, space: Space) -> tuple[Cube | None, Score]:
    """The smoothest cube that held-out pixels gain by, or none."""
    train = samples.part(~samples.held)
    graded = Renderer(cdl.transform())(train.before).astype(np.float64)
    weight = balanced(train, train.before.min(axis=0), train.before.max(axis=0))
    domain = _domain(graded)
    chosen, best = None, alone
    enough = min(alone.delta_e * (1 - _CUBE_GAIN), alone.delta_e - _LEAST_GAIN)
    for smooth in _SMOOTH:
        tried = fit_cube(graded, train.after, weight / weight.mean(), smooth, domain)
        found = score(held, Renderer(*transforms(cdl, tried)), space)
        if found.delta_e < min(enough, best.delta_e * (1 - _RICHER)):
            chosen, best = tried, found
    return chosen, best


def _domain(values: NDArray[np.float64]) -> tuple[float, float]:
    """0..1, wider in whole steps of a half where values go beyond it."""
    low, high = float(values.min()), float(values.max())
    return min(0.0, np.floor(low * 2 + 1e-3) / 2), max(1.0, np.ceil(high * 2 - 1e-3) / 2)
