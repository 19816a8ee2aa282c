"""Where witnesses are followed, and what they agree on laid into a fill at the plate's size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Mask
from ...pictures.mix import for_rgb, put
from ..fill import Fill
from ..holes import Region
from .raster import Field, Raster
from .seen import FROM_FRAMES, Filled
from .witness import Verdict, Witness

_SEAM = 5
"""Pixels over which what is taken meets what stays."""
_FAST, _AS_MUCH = 40, 0.5
"""Pixels within which somebody who goes fast is looked for in the frames beside, and how much of him is to be there."""


def laid(
    fill: Fill, found: Sequence[Witness], verdict: Verdict, near: Field, box: Region, raster: Raster, filled: Filled
) -> Fill:
    """*fill* with what the witnesses *found* agree on over a *box* of the *raster*, as far as it is *near* (0..1) a
    mover there; they look again at the pictures as *filled* at the plate's size, where they are asked."""
    region = raster.whole(box)
    place = region.inside(fill.region)
    open_to = raster.shot.matte(fill.frame, region) & np.isin(fill.origin[place], FROM_FRAMES)
    share = np.asarray(raster.widened(near, region, cv2.INTER_LINEAR) * open_to, np.float32)
    if not share.any():
        return fill
    image, origin, trace = fill.image.copy(), fill.origin.copy(), fill.trace.copy()
    own = filled.picture(fill.frame, region)
    mean, made, way = np.zeros_like(own), origin[place].copy(), trace[place].copy()
    for index, (one, counts) in enumerate(zip(found, verdict.shares, strict=True)):
        best, seen = verdict.best == index, own.copy()
        for look in one.looks:
            heard, believed = (look.where(there & (near > 0), box) for there in (counts > 0, best))
            if heard is not None:
                filled.lay_picture(heard.whole(raster), seen, region)
            if believed is not None:
                filled.lay_source(believed.whole(raster), made, way, region)
        cv2.accumulateProduct(seen, for_rgb(raster.widened(counts, region, cv2.INTER_LINEAR)), mean)
    image[place] += (mean - image[place]) * for_rgb(share)
    put(made, share > 0.5, origin[place])
    put(way, share > 0.5, trace[place])
    return replace(fill, image=image, origin=origin, trace=trace)


def near_somebody(movers: NDArray[np.float32], verdict: Verdict, beside: int) -> Field:
    """(h, w) 0..1 where the fill, or the witness that most agree with, shows somebody, with a soft edge: what rests is
    left alone, and who goes too fast to be followed. Of the *movers* (K, h, w) that the witnesses show the first are
    those of the fill, and the next so many as are *beside* those of the fills beside it."""
    somebody = np.maximum(movers[0], np.take_along_axis(movers, verdict.best[None], axis=0)[0])
    wide = cv2.dilate(somebody, np.ones((_SEAM, _SEAM), np.uint8))
    return np.asarray(cv2.GaussianBlur(wide, (0, 0), _SEAM / 4) * ~_goes(movers[: beside + 1]), np.float32)


def _goes(movers: NDArray[np.float32]) -> Mask:
    """(h, w) where the first of *movers* shows somebody who stands elsewhere nearby in the others: he goes too fast
    for the flow, and is no pop."""
    only_here = (movers[0] > 0.5) & (movers[1:].mean(axis=0) < 0.5)
    only_there = (movers[1:] > 0.5) & (movers[0] < 0.3)
    box = (2 * _FAST + 1, 2 * _FAST + 1)
    mine = cv2.boxFilter(only_here.astype(np.float32), -1, box)
    others = np.stack([cv2.boxFilter(one.astype(np.float32), -1, box) for one in only_there])
    return np.asarray(only_here & (np.median(others, axis=0) > _AS_MUCH * mine))
