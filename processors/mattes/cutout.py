"""Cutting one thing out of one small frame: from a box or points, or from where it was a frame ago.

Four tellers are added as log-odds for every pixel: its colour among those around it, its colour
among the thing's own at the marked frame, how far it departs from what stands still behind, and
where flow carries the last frame's cut-out. The sum is smoothed along the picture's edges.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..pictures.layout import Mask
from .colours import Colours, to_lab
from .edge import guided
from .shapes import disc
from .small import SmallClip, Window
from .standing import departure

_LEAST, _DEPARTS = 1.5, 3.0
"""Between these sigmas, as the surroundings are, a pixel is more likely something else than what stands there."""
_DOT = 0.012
"""Radius of a marked point, in longest sides of the frame."""
_FOUND = 0.35
"""Share of its usual size at which something lost counts as found again."""
_STRANGE = -0.4
"""Mean log-odds of its colours below which a cut-out is not the thing any more."""
_SMALL = 0.01
"""Parts and gaps below this share of the thing are dropped and closed."""


def cut_box(
    clip: SmallClip, frame: int, box: tuple[int, int, int, int], dots: Mask | None = None, nots: Mask | None = None
) -> Mask:
    """What stands out inside *box* (x, y, width, height, small pixels); empty where nothing does.

    *dots* belong to it for sure, *nots* do not.
    """
    x, y, wide, high = box
    inside = np.zeros(clip.size, bool)
    inside[y : y + high, x : x + wide] = True
    window = Window.around(inside, 0.5, 16)
    part = inside[window.slices]
    sure, not_it = (np.zeros_like(part) if m is None else m[window.slices] for m in (dots, nots))
    rgb = np.ascontiguousarray(clip.rgb(frame)[window.slices])
    away = departure(clip, frame, window)
    limit = _limit(away.sigmas[~part & away.known])
    moves = _informs(away.sigmas, part & away.known, limit) - _informs(away.sigmas, ~part & away.known, limit)
    speaks = float(np.clip((moves - 0.05) / 0.2, 0, 1))
    start = np.where(part & ~not_it, cv2.GC_PR_FGD, cv2.GC_BGD)
    mask = _grab(rgb, np.where(sure, cv2.GC_FGD, start))
    if speaks > 0.5:
        moving = cv2.morphologyEx(((away.sigmas > limit) & part).astype(np.uint8), cv2.MORPH_CLOSE, disc(2))
        mask = (np.where(away.known, moving > 0, mask) | sure) & ~not_it
    lab = to_lab(rgb)
    for _ in range(2):
        if mask.sum() < 12:
            return np.zeros(clip.size, bool)
        told = Colours(lab, mask, placed=True).belongs(lab) + _departing(away.sigmas, speaks, limit)
        told[sure], told[~part | not_it] = 4, -4
        mask = _clean(_settled(rgb, told) & part & ~not_it, mask)
    out = np.zeros(clip.size, bool)
    out[window.slices] = mask
    return out


def dotted(clip: SmallClip, points: list[tuple[int, int]]) -> Mask:
    """Small discs around *points* (x, y): what a person points at is never one pixel."""
    out = np.zeros(clip.size, np.uint8)
    for x, y in points:
        cv2.circle(out, (x, y), max(2, round(_DOT * max(clip.size))), 1, -1)
    return out > 0


def cut_points(clip: SmallClip, frame: int, on: Mask, off: Mask) -> Mask:
    """The thing that all discs of *on* lie on and none of *off* does."""
    height, width = clip.size
    dots, nots = on.astype(np.uint8), off.astype(np.uint8)
    reach = max(2, round(_DOT * max(clip.size)))
    whole = Window(0, 0, width, height)
    away = departure(clip, frame, whole)
    moving = cv2.morphologyEx((away.sigmas > _DEPARTS).astype(np.uint8), cv2.MORPH_CLOSE, disc(3))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(moving)
    hit = sorted({int(label) for label in labels[dots > 0] if label})
    parts = [stats[label] for label in hit]
    if hit and sum(int(part[4]) for part in parts) > 4 * dots.sum():
        left, top = min(int(p[0]) for p in parts), min(int(p[1]) for p in parts)
        right, bottom = max(int(p[0] + p[2]) for p in parts), max(int(p[1] + p[3]) for p in parts)
        left, top = max(0, left - reach), max(0, top - reach)
        box = (left, top, min(width, right + reach) - left, min(height, bottom + reach) - top)
        mask = cut_box(clip, frame, box, on, off)
    else:
        window = Window.around(dots > 0, 1.0, min(height, width) // 5)
        start = np.full(clip.size, cv2.GC_PR_BGD)
        start[cv2.dilate(dots, disc(3 * reach)) > 0] = cv2.GC_PR_FGD
        start[dots > 0], start[nots > 0] = cv2.GC_FGD, cv2.GC_BGD
        mask = np.zeros(clip.size, bool)
        mask[window.slices] = _grab(np.ascontiguousarray(clip.rgb(frame)[window.slices]), start[window.slices])
    return _clean((mask | (dots > 0)) & ~(nots > 0), dots > 0)


def cut_next(
    clip: SmallClip, frame: int, before: int, last: Mask, palette: Colours
) -> tuple[Mask, float | None] | None:
    """The thing in *frame*, from its cut-out *last* in the frame *before*, and what share of it departs.

    That share is None where too little of what stands behind is known.

    *palette* holds the thing's own colours at the marked frame. None where flow carries nothing over, or
    what it carries has other colours by now: something has come before the thing.
    """
    window = Window.around(last, 0.5, 24)
    now, then = clip.rgb(frame)[window.slices], clip.rgb(before)[window.slices]
    flow = _flow(clip.grey(frame)[window.slices], clip.grey(before)[window.slices])
    rows, columns = np.mgrid[0 : now.shape[0], 0 : now.shape[1]].astype(np.float32)
    at = (columns + flow[..., 0], rows + flow[..., 1])
    carried = cv2.remap(last[window.slices].astype(np.float32), *at, cv2.INTER_LINEAR) > 0.5
    if carried.sum() < 12:
        return None
    lab, warped = (
        to_lab(np.ascontiguousarray(now)),
        to_lab(np.asarray(cv2.remap(then, *at, cv2.INTER_LINEAR), np.uint8)),
    )
    away = departure(clip, frame, window)
    depth = _signed_distance(carried)
    core = carried & (depth > 2) & away.known
    limit = _limit(away.sigmas[(depth < -4) & away.known])
    speaks = float(np.clip(_informs(away.sigmas, core, limit) / 0.4 - 0.25, 0, 1))
    told = 0.7 * Colours(warped, carried, placed=True).belongs(lab) + 0.3 * palette.belongs(lab)
    told += np.clip(depth / max(3.0, 0.06 * float(np.sqrt(carried.sum()))), -3, 1)
    told += np.where(away.known, _departing(away.sigmas, speaks, limit), 0)
    own = palette.belongs(lab)
    part = _of_its_colours(_clean(_settled(now, told), carried), own)
    if not part.any() or float(own[part].mean()) < _STRANGE:
        return None
    mask = np.zeros(clip.size, bool)
    mask[window.slices] = part
    told_of = part & away.known
    return mask, _informs(away.sigmas, told_of, limit) if told_of.sum() > 0.3 * part.sum() else None


def _of_its_colours(mask: Mask, own: NDArray[np.float32]) -> Mask:
    """Without the parts, beside the largest, whose colours the thing never had."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count <= 2:
        return mask
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    kept = np.bincount(labels.ravel(), weights=own.ravel(), minlength=count) > 0
    kept[largest], kept[0] = True, False
    return np.asarray(kept[labels])


def find_again(
    clip: SmallClip, frame: int, last: Mask, at: tuple[float, float], palette: Colours, usual: float
) -> Mask | None:
    """Something of the thing's colours and size that departs from what stands still, around *at*; or None."""
    rows, columns = np.nonzero(last)
    wide, high = int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1
    x, y = round(at[0] - wide / 2), round(at[1] - high / 2)
    place = np.zeros(clip.size, bool)
    place[max(0, y) : max(0, y + high), max(0, x) : max(0, x + wide)] = True
    if place.sum() < 0.3 * wide * high:
        return None
    window = Window.around(place, 0.6, 12)
    away = departure(clip, frame, window)
    lab = to_lab(np.ascontiguousarray(clip.rgb(frame)[window.slices]))
    likely = (away.sigmas > _DEPARTS) & (palette.belongs(lab) > 0)
    joined = cv2.morphologyEx(likely.astype(np.uint8), cv2.MORPH_CLOSE, disc(2))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    if count < 2:
        return None
    best = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    left, top, across, down, area = (int(v) for v in stats[best])
    if not _FOUND * usual < area < 2 * usual:
        return None
    left, top = max(0, window.left + left - 3), max(0, window.top + top - 3)
    box = (left, top, min(across + 6, clip.size[1] - left), min(down + 6, clip.size[0] - top))
    mask = cut_box(clip, frame, box)
    return mask if _FOUND * usual < mask.sum() < 2 * usual else None


def _flow(here: NDArray[np.uint8], there: NDArray[np.uint8]) -> NDArray[np.float32]:
    """DIS flow (Kroeger et al., ECCV 2016) in pixels, HxWx2."""
    search = cv2.DISOpticalFlow.create(cv2.DISOpticalFlow_PRESET_FAST)
    start = np.zeros((*here.shape, 2), np.float32)
    return np.asarray(search.calc(np.ascontiguousarray(here), np.ascontiguousarray(there), start), np.float32)


def _grab(rgb: NDArray[np.uint8], start: NDArray[np.generic]) -> Mask:
    """GrabCut (Rother et al., SIGGRAPH 2004) from a first guess."""
    mask = np.ascontiguousarray(start, np.uint8)
    kinds = set(np.unique(mask & 1).tolist())
    if kinds != {0, 1}:
        return np.zeros(mask.shape, bool)
    cv2.setRNGSeed(1001)  # the same pictures must give the same answer
    cv2.grabCut(rgb, mask, (0, 0, 0, 0), np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
    return (mask & 1) > 0


def _limit(around: NDArray[np.float32]) -> float:
    """Sigmas beyond which a departure is no accident here: what a twentieth of the surroundings passes."""
    return float(np.clip(np.quantile(around, 0.95), _LEAST, _DEPARTS)) if around.size > 50 else _DEPARTS


def _informs(sigmas: NDArray[np.float32], where: Mask, limit: float) -> float:
    """Share of a place that departs from what stands there; 0 for no place."""
    return float((sigmas[where] > limit).mean()) if where.any() else 0.0


def _departing(sigmas: NDArray[np.float32], speaks: float, limit: float) -> NDArray[np.float32]:
    """Log-odds by departure; that nothing departs counts only where the thing is seen to move."""
    told = np.clip((sigmas - 0.9 * limit) * (_DEPARTS / limit), -2, 4)
    return np.asarray(np.where(told < 0, told * speaks, told), np.float32)


def _settled(rgb: NDArray[np.uint8], told: NDArray[np.float32]) -> Mask:
    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY) / np.float32(255), np.float32)
    return np.asarray(guided(grey, (1 / (1 + np.exp(-told))).astype(np.float32), 3, 1e-3) > 0.5)


def _signed_distance(mask: Mask) -> NDArray[np.float32]:
    inner = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    outer = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 3)
    return np.asarray(inner - outer, np.float32)


def _clean(mask: Mask, seed: Mask) -> Mask:
    """The parts of *mask* that touch *seed*, without crumbs, small gaps closed."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    kept = np.zeros(count, bool)
    kept[np.unique(labels[seed & mask])] = True
    least = max(6.0, _SMALL * float(stats[1:, cv2.CC_STAT_AREA].max(initial=0)))
    kept &= stats[:, cv2.CC_STAT_AREA] >= least
    kept[0] = False
    out = kept[labels]
    _, gaps, sizes, _ = cv2.connectedComponentsWithStats((~out).astype(np.uint8))
    small = sizes[:, cv2.CC_STAT_AREA] < _SMALL * float(out.sum()) + 6
    small[0] = False
    return np.asarray(out | small[gaps])
