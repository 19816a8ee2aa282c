"""How a grade treats the colours that people look at first: neutrals and skin.

Both are found by their place in L*a*b* of the reference, as a screen shows it. Neutral: chroma below
6. Skin: hue 25..75 degrees, chroma 10..50, L* 25..90, which takes in most complexions, and also wood,
sand and brick: a heuristic, and the reports call it so.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...schema.model import Value
from ..colour_difference import ciede2000, lab
from .render import Renderer
from .samples import Samples
from .spaces import Space

_LEAST = 40


class Figures(Value):
    """Held-out pixels of one kind: their share of all, and mean dE2000 to the reference before and after."""

    share: float
    delta_e_before: float
    delta_e_after: float


def judge_colours(
    samples: Samples, render: Renderer, space: Space
) -> tuple[Figures | None, Figures | None, tuple[float, float, float]]:
    """Neutrals, skin, and the mean difference (L*, a*, b*) that is left, over the held-out samples."""
    held = samples.part(samples.held)
    wanted = lab(space.view(held.after))
    before, after = lab(space.view(held.before)), lab(space.view(render(held.before)))
    chroma = np.hypot(wanted[:, 1], wanted[:, 2])
    hue = np.degrees(np.arctan2(wanted[:, 2], wanted[:, 1]))
    light = wanted[:, 0]
    neutral = (chroma < 6) & (light > 10) & (light < 97)
    skin = (hue > 25) & (hue < 75) & (chroma > 10) & (chroma < 50) & (light > 25) & (light < 90)
    gone, left = ciede2000(before, wanted), ciede2000(after, wanted)
    trusted = left < np.percentile(left, 90)
    bias = np.average(after[trusted] - wanted[trusted], axis=0, weights=held.weight[trusted])
    return (
        _figures(neutral, held.weight, gone, left),
        _figures(skin, held.weight, gone, left),
        (float(bias[0]), float(bias[1]), float(bias[2])),
    )


def _figures(
    which: NDArray[np.bool_], weight: NDArray[np.float64], gone: NDArray[np.float64], left: NDArray[np.float64]
) -> Figures | None:
    if which.sum() < _LEAST:
        return None
    return Figures(
        share=float(weight[which].sum() / weight.sum()),
        delta_e_before=float(np.average(gone[which], weights=weight[which])),
        delta_e_after=float(np.average(left[which], weights=weight[which])),
    )
