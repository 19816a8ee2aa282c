"""Whether two clips are takes of one set-up, and how the one lies over the other in time and space.

Decided by picture alone: file names and timecodes say nothing here. Frames count from 0; the other
take's frame for plate frame n is n * step + offset, step being the ratio of the two rates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from .pictures.plate import Plate
from .register import (
    Points,
    Registration,
    TakeRegistration,
    find_points,
    match_points,
    median_registration,
)

_SAMPLES = 4
_THUMB_SIDE = 112
_SAME_ACTION = 0.5
"""Least share of the motion energy that the other take must explain to show the same performance."""
_MOVES = 6.0


@dataclass(frozen=True)
class Likeness:
    """Two takes of one set-up.

    `registration` maps the other take's pixels to the plate's. `offset` is whole frames of the
    other take and `exact` its sub-frame estimate, both None when the action is not the same: then
    the takes share the place, not the performance. `action` (0..1) is how much of what moves is
    explained by the other take at that offset, `moving_share` (0..1) how much of the plate's frame
    moves at all. `score` (0..1) ranks sources: place first, action second. `words` is for people.
    `clean_frames` is set for a clean plate, a locked-off take in which nothing moves: how many
    frames it has, each of which shows the place at any moment.
    """

    registration: TakeRegistration
    step: float
    offset: int | None
    exact: float | None
    action: float
    moving_share: float
    score: float
    words: str
    clean_frames: int | None = None

    MOST: ClassVar[int] = 2
    """What `serves` is at most."""

    @property
    def serves(self) -> int:
        """How much the take can give: 2 the plate's own moments or the empty set, 1 the place with another action."""
        return self.MOST if self.same_action or self.clean_frames is not None else 1

    @property
    def inliers(self) -> int:
        """Feature pairs that agree with the homography."""
        return self.registration.common.inliers

    @property
    def same_action(self) -> bool:
        """Whether the same performance is seen, frame for frame."""
        return self.offset is not None

    def other_frame(self, frame: int) -> int | None:
        """The other take's frame that shows the moment of the plate's *frame*; not clipped to its length."""
        if self.clean_frames is not None:
            return frame % self.clean_frames
        if self.offset is None or self.exact is None:
            return None
        return frame + self.offset if self.step == 1.0 else round(frame * self.step + self.exact)


def compare_takes(plate: Plate, other: Plate, *, max_frames: int = 1500) -> Likeness | None:
    """Compare two takes; None when they do not show the same set-up.

    Reads a few frames of each, and, where those agree, up to *max_frames* of each for the offset.
    Some 4 seconds for two 100-frame 1080p clips, 2 for a refusal.
    """
    ours, theirs = _points(plate), _points(other)
    matched = _matched(ours, theirs)
    if len({frame for frame, _ in matched}) * 2 < len(ours):
        return None
    still = _rests(ours) and _rests(theirs)
    place = _place(list(matched.values()), still=still)
    step = float(other.video.rate / plate.video.rate)
    if plate.video.variable_rate or other.video.variable_rate:
        takes = TakeRegistration(still, place, {})
        return _unaligned(takes, step, 0.0, "its frame rate varies, so frames cannot be paired")
    mine, yours = _thumbs(plate, max_frames), _thumbs(other, max_frames)
    mapped = _over(yours, mine, place if still else None, plate, other)
    moving = float((mine.std(axis=0) > _MOVES).mean())
    if still and not _moves(_motion(mapped, still=True)):
        words = "same set-up, a clean plate: nothing moves in it"
        return Likeness(TakeRegistration(True, place, {}), 1.0, 0, 0.0, 0.0, moving, _sure(place), words, other.frames)
    found = _best_offset(_motion(mine, still=still), _motion(mapped, still=still), step)
    if found is None or found[2] < _SAME_ACTION:
        takes = TakeRegistration(still, place, {frame: one for (frame, _), one in matched.items()})
        return _unaligned(takes, step, moving, "the action is another one", action=found[2] if found else 0.0)
    offset, exact, action = found
    takes = TakeRegistration(still, place, {}) if still else _moving_takes(other, ours, place, step, exact)
    score = _sure(place) * (0.6 + 0.4 * action)
    words = f"same set-up and same action, {offset:+d} frames" if offset else "same set-up and same action"
    return Likeness(takes, step, offset, exact, action, moving, score, words)


def _unaligned(takes: TakeRegistration, step: float, moving: float, why: str, action: float = 0.0) -> Likeness:
    score = _sure(takes.common) * 0.5
    return Likeness(takes, step, None, None, action, moving, score, f"same set-up, but {why}")


def _sure(place: Registration) -> float:
    return float(1 - np.exp(-place.inliers / 60))


def _points(plate: Plate) -> dict[int, Points]:
    """Features of a few frames spread over the clip."""
    spots = np.unique(np.linspace(0.1, 0.9, _SAMPLES) * (plate.frames - 1)).round().astype(int)
    return {int(n): find_points(plate.picture(int(n)).luma(), limit=2000) for n in np.unique(spots)}


def _matched(ours: dict[int, Points], theirs: dict[int, Points]) -> dict[tuple[int, int], Registration]:
    """Every pair of sampled frames (plate's, other's) that registers, other to plate."""
    found: dict[tuple[int, int], Registration] = {}
    misses = 0
    for frame, fixed in ours.items():
        for number, moving in theirs.items():
            one = match_points(moving, fixed)
            if one is not None:
                found[frame, number] = one
        misses += not any(key[0] == frame for key in found)
        if 2 * misses > len(ours):
            return {}
    return found


def _rests(points: dict[int, Points]) -> bool:
    """Whether a take's own sampled frames lie on each other: a locked-off camera, no cut."""
    frames = list(points.values())
    limit = max(2.0, max(frames[0].size) / 400)
    moved = [match_points(one, frames[0]) for one in frames[1:]]
    known = [one.shift() for one in moved if one is not None]
    if len(known) < len(moved) and min(len(one.at) for one in frames) > 80:
        return False
    return bool(known and np.median(known) <= limit) or _unmoved(frames, limit)


def _unmoved(frames: Sequence[Points], limit: float) -> bool:
    """Whether most matched features stand still: a homography through a performer alone says otherwise."""
    first, last = frames[0], frames[-1]
    pairs = cv2.BFMatcher(cv2.NORM_L2).match(last.descriptors, first.descriptors)
    close = sorted(pairs, key=lambda pair: pair.distance)[: max(20, len(pairs) // 2)]
    apart = np.array([np.linalg.norm(last.at[m.queryIdx] - first.at[m.trainIdx]) for m in close])
    return bool(np.median(apart) <= limit)


def _place(found: Sequence[Registration], *, still: bool) -> Registration:
    """One registration for the clip: the median of the surest half where the camera rests."""
    ranked = sorted(found, key=lambda one: -one.inliers)
    return median_registration(ranked[: max(1, (len(ranked) + 1) // 2)]) if still else ranked[0]


def _moving_takes(
    other: Plate, ours: dict[int, Points], place: Registration, step: float, exact: float
) -> TakeRegistration:
    """Registrations at the plate's sampled frames, each against the other take's same moment."""
    frames = {}
    for frame, fixed in ours.items():
        number = round(frame * step + exact)
        if 0 <= number < other.frames:
            one = match_points(find_points(other.picture(number).luma(), limit=2000), fixed)
            if one is not None:
                frames[frame] = one
    return TakeRegistration(False, median_registration(list(frames.values())) if frames else place, frames)


def _thumbs(plate: Plate, limit: int) -> NDArray[np.float32]:
    """Luma (N, h, w) of the first *limit* frames, small and low-passed."""
    factor = min(1.0, _THUMB_SIDE / max(plate.video.width, plate.video.height))
    size = (max(8, round(plate.video.width * factor)), max(8, round(plate.video.height * factor)))
    last = min(plate.frames, limit) - 1
    return np.stack(
        [
            cv2.resize(picture.luma(), size, interpolation=cv2.INTER_AREA).astype(np.float32)
            for picture in plate.read(0, last)
        ]
    )


def _over(
    thumbs: NDArray[np.float32],
    target: NDArray[np.float32],
    place: Registration | None,
    plate: Plate,
    other: Plate,
) -> NDArray[np.float32]:
    """The other take's thumbnails on the plate's raster; by size alone without a *place*."""
    height, width = target.shape[1:]
    if place is None:
        return np.stack([cv2.resize(one, (width, height), interpolation=cv2.INTER_AREA) for one in thumbs])
    ours, theirs = width / plate.video.width, thumbs.shape[2] / other.video.width
    matrix = np.diag([ours, ours, 1.0]) @ place.matrix @ np.diag([1 / theirs, 1 / theirs, 1.0])
    return np.stack(
        [cv2.warpPerspective(one, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE) for one in thumbs]
    )


def _motion(thumbs: NDArray[Any], *, still: bool) -> NDArray[np.float32]:
    """What moves (N, pixels): the still part taken out; the whole picture where the camera moves."""
    flat: NDArray[Any] = thumbs.reshape(len(thumbs), -1)
    flat = flat - np.median(flat, axis=1, keepdims=True)
    if still:
        flat = flat - np.median(flat, axis=0)
        flat = np.sign(flat) * np.maximum(np.abs(flat) - 3, 0)  # noise and codec say nothing
    else:
        flat = flat / (flat.std(axis=1, keepdims=True) + 1) * 20
    return np.asarray(np.clip(flat, -40, 40), np.float32)


def _moves(motion: NDArray[np.float32]) -> bool:
    """Whether there is motion beyond noise and codec (N, pixels)."""
    return bool((motion**2).sum(axis=1).mean() >= motion.shape[1] * 0.05)


def _best_offset(mine: NDArray[np.float32], yours: NDArray[np.float32], step: float) -> tuple[int, float, float] | None:
    """The better of two looks: where either take moves, and where the quieter one does.

    Somebody who moves in one take alone must not hide that the rest is the same performance.
    """
    quiet = min((mine, yours), key=lambda one: float((one**2).sum(axis=1).mean()))
    there = (quiet**2).mean(axis=0) > 4
    looks = [_offset(mine, yours, step)]
    if there.sum() >= 40:
        looks.append(_offset(mine[:, there], yours[:, there], step))
    return max((look for look in looks if look is not None), key=lambda look: look[2], default=None)


def _offset(mine: NDArray[np.float32], yours: NDArray[np.float32], step: float) -> tuple[int, float, float] | None:
    """Best offset (whole, sub-frame) and the share of motion energy explained there; None if nothing moves.

    For motion vectors P and O the share is 2 P.O / (|P|^2 + |O|^2), summed over the overlap.
    """
    energy_mine, energy_yours = (mine**2).sum(axis=1), (yours**2).sum(axis=1)
    if not _moves(mine) or not _moves(yours):
        return None
    product = mine @ yours.T
    least = max(6, round(0.35 * min(len(mine) * step, len(yours))))
    shares: dict[int, float] = {}
    rows = np.arange(len(mine))
    for offset in range(-round(len(mine) * step) + 1, len(yours)):
        columns = np.round(rows * step + offset).astype(int)
        inside = (columns >= 0) & (columns < len(yours))
        if inside.sum() * min(step, 1.0) < min(least, len(mine) * 0.9):
            continue
        both = energy_mine[rows[inside]].sum() + energy_yours[columns[inside]].sum()
        shares[offset] = float(2 * product[rows[inside], columns[inside]].sum() / max(both, 1e-6))
    if not shares:
        return None
    best = max(shares, key=lambda key: shares[key])
    left, right = shares.get(best - 1), shares.get(best + 1)
    exact = float(best)
    if left is not None and right is not None and (bend := left - 2 * shares[best] + right) < 0:
        exact += float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5))
    return best, exact, max(0.0, min(1.0, shares[best]))
