"""Where nothing aligns: the same set framed the same way, compared region by region.

Two shots of one set with other people in it share their picture at large, not in detail. The frame
is cut into cells; a cell's colour is the median over moments of its mean, so that who moves through
it has no say. CONTENT CHECK: the cells' order of brightness must be much the same in both, many
held-out cells must meet after the fit that did not before, and the grade must be a large one, since
two lightings of one set differ by a little themselves. Without that, statistics cannot tell a grade
from another scene: means and spreads, percentiles and optimal transport made unrelated shots worse
in every trial, so they are not used. Even with the check, another lighting of the same set passes for
a grade (two blue-screen sessions: dE2000 15), so this way is taken only where a brief asks for it, and
a person looks. Exposure and white balance are gains of linear light.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from ..colour_difference import difference
from ..pictures.plate import Plate
from .cdl import LUMA
from .match import Match
from .pairs import small_size
from .samples import Samples
from .spaces import Space

_CELLS = 1300
_BLOCK = 3
_ORDER = 0.5
"""Least rank correlation of the cells' brightness."""
_MEET = 2.5
"""dE2000 below which a cell counts as met."""
_MEETING = 0.35
"""Least share of held-out cells that must be met by the grade and were not without it."""
_LEAST_EFFECT = 8.0
"""Least mean dE2000 that the grade must do. One set differs by 2 to 4 between sessions, and what was not met is
graded blindly: a smaller grade may cost more than it brings."""


def region_samples(plate: Plate, reference: Plate, ours: Space, theirs: Space, moments: int) -> Samples | None:
    """Cells of both clips at the same place of the frame; None where the pictures are not laid out alike."""
    shape = plate.video.width / plate.video.height
    if abs(reference.video.width / reference.video.height / shape - 1) > 0.05:
        return None
    columns = round((_CELLS * shape) ** 0.5)
    grid = columns, round(_CELLS / columns)
    one, other = _cells(plate, ours, moments, grid), _cells(reference, theirs, moments, grid)
    if _alike(ours.even(one), theirs.even(other)) < _ORDER:
        return None
    rows, across = np.divmod(np.arange(grid[0] * grid[1]), grid[0])
    down, right = rows // _BLOCK, across // _BLOCK
    return Samples(
        one.reshape(-1, 3),
        other.reshape(-1, 3),
        np.ones(len(rows)),
        (right * 2 + down) % 5 == 0,
        down * 1000 + right,
        np.zeros(len(rows), np.int64),
    )


def believed(samples: Samples, found: Match, space: Space) -> bool:
    """Whether the fit proves that both show one set under different grades."""
    held = samples.part(samples.held)
    plain, graded, wanted = (space.view(v) for v in (held.before, found.renderer()(held.before), held.after))
    met = (difference(graded, wanted) < _MEET) & (difference(plain, wanted) >= _MEET)
    effect = float(np.mean(difference(plain, graded)))
    return found.kept and float(met.mean()) >= _MEETING and effect >= _LEAST_EFFECT


def _cells(plate: Plate, space: Space, moments: int, grid: tuple[int, int]) -> NDArray[np.float64]:
    """(rows, columns, 3): the median over moments of each cell's mean working values."""
    spots = np.unique(np.linspace(0, plate.frames - 1, min(moments, plate.frames)).round().astype(int))
    size = small_size(plate)
    seen = [
        cv2.resize(space.enter(plate.picture(int(spot)), size), grid, interpolation=cv2.INTER_AREA) for spot in spots
    ]
    return np.asarray(np.median(np.stack(seen), axis=0), np.float64)


def _alike(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Rank correlation of the cells' luma."""
    return float(spearmanr((one @ LUMA).ravel(), (other @ LUMA).ravel()).statistic)
