"""Which moments of two clips show the same thing, and the colours of those moments side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..flow import refine
from ..likeness import Likeness, compare_takes
from ..pictures.layout import Image
from ..pictures.plate import Plate
from ..register import Points, Registration, find_points, match_points
from .samples import SIDE, Samples, agreement, draw, joined
from .spaces import Space

_LOOKS = 6
"""Frames of each clip that are looked at for shared content."""
_TAKE_FRAMES = 600
_FEW = 8
"""Clips shorter than this are stills: they are sought in the other clip frame by frame."""
_LEAST_INLIERS = 24
_CLIPPED = 0.25


@dataclass(frozen=True)
class Pair:
    """Plate frame, reference frame, and how the reference lies over the plate (whole-size pixels)."""

    plate: int
    reference: int
    registration: Registration


@dataclass(frozen=True)
class Shared:
    """What two clips share. `words` is for people; `offset` pairs frames for the review, None where it cannot."""

    pairs: tuple[Pair, ...]
    words: str
    offset: int | None


def shared_content(plate: Plate, reference: Plate, count: int) -> Shared | None:
    """Up to *count* pairs of frames that register, spread over the clip; None where the content is another."""
    likeness = None
    if min(plate.frames, reference.frames) >= _FEW:
        likeness = compare_takes(plate, reference, max_frames=_TAKE_FRAMES)
    if likeness is not None and likeness.same_action:
        pairs = _by_moment(plate, reference, likeness, count)
        if pairs:
            return Shared(pairs, likeness.words, likeness.offset)
    found = _by_looking(plate, reference, count)
    if not found:
        return None
    words = likeness.words if likeness is not None else "both show the same place"
    if reference.frames < _FEW or plate.frames < _FEW:
        words = "the frame was found in the other clip"
    offset = found[0].reference - found[0].plate if plate.frames > 1 and reference.frames > 1 else 0
    return Shared(found, words, offset if likeness is None or likeness.same_action else None)


def aligned_samples(
    plate: Plate,
    reference: Plate,
    ours: Space,
    theirs: Space,
    pairs: Sequence[Pair],
    progress: Callable[[float], None],
) -> Samples | None:
    """The pairs' colours. Every third moment is held out whole. None where too little agrees."""
    parts = []
    for number, pair in enumerate(pairs):
        part = _samples(plate, reference, ours, theirs, pair, number, hold=len(pairs) > 2 and number % 3 == 1)
        if len(part.weight) > 100:
            parts.append(part)
        progress((number + 1) / len(pairs))
    if not parts:
        return None
    samples = joined(parts)
    return samples if samples.enough else None


def small_size(plate: Plate) -> tuple[int, int]:
    """(width, height) at which a clip is compared."""
    factor = min(1.0, SIDE / max(plate.video.width, plate.video.height))
    return max(8, round(plate.video.width * factor)), max(8, round(plate.video.height * factor))


def _samples(
    plate: Plate, reference: Plate, ours: Space, theirs: Space, pair: Pair, number: int, *, hold: bool
) -> Samples:
    size, other = small_size(plate), small_size(reference)
    before = ours.enter(plate.picture(pair.plate), size)
    moving = theirs.enter(reference.picture(pair.reference), other)
    scaled = pair.registration.scaled(other[0] / reference.video.width, size[0] / plate.video.width)
    seen, shown = ours.view(before), theirs.view(moving)
    refined = refine(scaled, shown, seen)
    after, valid = refined.warp(moving)
    trust = agreement(ours.even(before).astype(np.float32), ours.even(after).astype(np.float32), valid)
    trust *= _unclipped(ours.view(before)) * _unclipped(ours.view(after))
    return draw(before, after, trust, number, hold=hold)


def _unclipped(seen: Image) -> Image:
    """1, and less where a channel lies at an end of the screen's range: a clipped pixel says little."""
    inside = ((seen > 0.012) & (seen < 0.988)).all(axis=-1)
    return np.where(inside, np.float32(1), np.float32(_CLIPPED))


def _by_moment(plate: Plate, reference: Plate, likeness: Likeness, count: int) -> tuple[Pair, ...]:
    both: list[tuple[int, int]] = []
    for frame in range(plate.frames):
        other = likeness.other_frame(frame)
        if other is not None and 0 <= other < reference.frames:
            both.append((frame, other))
    if not both:
        return ()
    spots = np.unique(np.linspace(0, len(both) - 1, min(count, len(both))).round().astype(int))
    return tuple(_kept(plate, reference, both[spot][0], both[spot][1], likeness) for spot in spots)


def _kept(plate: Plate, reference: Plate, frame: int, other: int, likeness: Likeness) -> Pair:
    """A moment's own registration where it is as sure as the clip's, else the clip's."""
    known = likeness.registration.at(frame)
    if not likeness.registration.still:
        own = match_points(_points(reference, other), _points(plate, frame))
        known = own if own is not None and own.inliers >= known.inliers // 2 else known
    return Pair(frame, other, known)


def _by_looking(plate: Plate, reference: Plate, count: int) -> tuple[Pair, ...]:
    """The surest partner of every sampled plate frame among the reference's sampled frames."""
    looks = 3 * _LOOKS if min(plate.frames, reference.frames) < _FEW else _LOOKS
    ours, theirs = _spread(plate, looks), _spread(reference, looks)
    found = []
    for frame, fixed in ours.items():
        tries = [(other, match_points(moving, fixed)) for other, moving in theirs.items()]
        sure = [Pair(frame, other, one) for other, one in tries if one is not None and one.inliers >= _LEAST_INLIERS]
        if sure:
            found.append(max(sure, key=lambda pair: pair.registration.inliers))
    best = max((pair.registration.inliers for pair in found), default=0)
    found = [pair for pair in found if pair.registration.inliers >= best / 3]
    surest = sorted(found, key=lambda pair: -pair.registration.inliers)[:count]
    return tuple(sorted(surest, key=lambda pair: pair.plate))


def _spread(plate: Plate, looks: int) -> dict[int, Points]:
    spots = np.unique(np.linspace(0, plate.frames - 1, min(looks, plate.frames)).round().astype(int))
    return {int(spot): _points(plate, int(spot)) for spot in spots}


def _points(plate: Plate, frame: int) -> Points:
    return find_points(plate.picture(frame).luma(), limit=2000)
