"""A plate and another take, laid over each other: in time, in space and in grade."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ...schema.media import VideoFacts
from ..grade import IDENTITY, Grade, fit_grade
from ..likeness import Likeness, compare_takes
from ..mattes import grown
from ..pictures.plate import Picture, Plate
from ..register import Mask, Registration, register
from .difference import Small, Values, difference, edges, low_passed

LONG_SIDE = 960
"""Pictures are compared at this longer side: half of HD, where a misfit of a pixel is none any more."""
_FITS = 7
_MOVES = 10
_REACH = 3
"""Frames before and after that say whether something moves."""
_WHITE = 248
_PAST = 2
_PLACE_INLIERS = 100
_CLEARED = (80.0, 40.0, 20.0)
"""Code values above which a region may be left out of the grade's fit, round by round: what the grade
can explain must have been explained before its turn comes."""


def small_factor(video: VideoFacts) -> float:
    """Small pixels per pixel of a take."""
    return min(1.0, LONG_SIDE / max(video.width, video.height))


@dataclass(frozen=True)
class Moment:
    """One plate frame and what the other take shows then, HxWx3 uint8 low-passed, on the small raster.

    `apart` is the difference in code values, 0 where the other take has no picture; `moves` says
    where both takes are in motion by themselves, `white` where either is clipped and shows no tone.
    """

    frame: int
    plate: Small
    other: Small
    apart: Values
    moves: Mask
    white: Mask


class Pair:
    """Two opened takes of one set-up, ready to be compared frame by frame.

    `factor` scales plate pixels to the small raster. Sizes are (height, width).
    """

    def __init__(self, plate: Plate, other: Plate, likeness: Likeness) -> None:
        self.plate, self.other, self.likeness = plate, other, likeness
        self.factor = small_factor(plate.video)
        self.size = (round(plate.video.height * self.factor), round(plate.video.width * self.factor))
        factor = small_factor(other.video)
        self.other_factor = factor
        self.other_size = (round(other.video.height * factor), round(other.video.width * factor))
        self.grade: Grade = IDENTITY
        self.place = self._small_place(likeness.registration.common)

    @classmethod
    def of(cls, plate: Plate, other: Plate) -> Pair | None:
        """The pair with its grade fitted; None when the takes are not of one set-up."""
        likeness = compare_takes(plate, other)
        if likeness is None:
            return None
        pair = cls(plate, other, likeness)
        pair._fit()
        return pair

    @property
    def still(self) -> bool:
        """Whether both cameras stand still, and one registration serves every frame."""
        return self.likeness.registration.still

    @property
    def comparable(self) -> bool:
        """Whether frames are paired, or enough of the place itself is seen to compare what stands still.

        A registration that a performer alone carries says nothing about the place.
        """
        return bool(self.frames) or (self.still and self.likeness.inliers >= _PLACE_INLIERS)

    @property
    def frames(self) -> list[int]:
        """Plate frames for which the other take shows the same moment; empty when the action differs.

        A frame or two past the other take's end are compared with its last one. Against a clean plate
        every performer would be a difference, so there only what stands still is compared.
        """
        if self.likeness.clean_frames is not None:
            return []
        paired = ((n, self.likeness.other_frame(n)) for n in range(self.plate.frames))
        return [n for n, m in paired if m is not None and -_PAST <= m < self.other.frames + _PAST]

    def moments(self, first: int, last: int) -> Iterator[Moment]:
        """Every paired plate frame of first..last, in order."""
        wanted = [n for n in self.frames if first <= n <= last]
        if not wanted:
            return
        partner = {n: self.partner(n) for n in wanted}
        reach = _REACH if self.still else 0
        low, high = min(partner.values()) - reach, max(partner.values()) + reach
        reel = _Reel(self, max(0, low), min(self.other.frames - 1, high))
        before: deque[Small] = deque(maxlen=_REACH + 1)
        for picture in self.plate.read(wanted[0], wanted[-1]):
            raw = self.small(picture)
            here = low_passed(raw)
            before.append(here)
            if picture.frame not in partner:
                continue
            centre = partner[picture.frame]
            seen = reel.around(centre, here)
            middle, white, valid = seen.pop(centre)
            near = [one for m, (one, _, _) in seen.items() if abs(m - centre) == 1]
            apart = difference(here, [middle, *near])
            apart[~valid] = 0
            moves = _motion(middle, [one for one, _, _ in seen.values()]) & _motion(here, [before[0]])
            white = white | _clipped(raw)
            yield Moment(picture.frame, here, middle, apart, grown(moves, 3), white)

    def plates(self, count: int = 40) -> Moment:
        """What stands still in each take: temporal medians over the clips.

        What moves is left out of `apart`; `moves` is that and its surroundings, where performers are.
        """
        ours, our_spread = self._median(self.plate, count)
        theirs, their_spread = self._median(self.other, count)
        graded = low_passed(self.grade.apply(_unit(theirs)) * 255)
        here = low_passed(ours)
        apart = difference(here, [graded])
        unsteady = (our_spread > _MOVES) | (their_spread > _MOVES)
        apart[grown(unsteady, 2) | ~self._valid(self.place)] = 0
        white = _clipped(ours) | _clipped(theirs)
        around = grown(unsteady & (cv2.blur(unsteady.astype(np.float32), (9, 9)) > 0.3), max(self.size) // 24)
        return Moment(0, here, graded, apart, around, white)

    def small(self, picture: Picture) -> Small:
        """A plate picture on the small raster."""
        return _resized(picture, self.size)

    def partner(self, frame: int) -> int:
        """The other take's frame for a frame of `frames`."""
        number = self.likeness.other_frame(frame)
        assert number is not None
        return min(max(number, 0), self.other.frames - 1)

    def place_at(self, frame: int, other: Small, here: Small) -> Registration:
        """For still cameras one registration for all; for moving ones, each frame's own."""
        if self.still:
            return self.place
        found = register(other / np.float32(255), here / np.float32(255))
        return found or self._small_place(self.likeness.registration.at(frame))

    def laid(self, other: Small, place: Registration) -> tuple[Small, Mask, Mask]:
        """The other take's small picture over the plate in its grade, low-passed; its whites; where it is."""
        warped, _ = place.warp(other)
        graded = self.grade.apply(_unit(warped)) * 255
        return low_passed(graded), _clipped(warped), self._valid(place)

    def other_small(self, picture: Picture) -> Small:
        """The other take's picture at its own small size."""
        return _resized(picture, self.other_size)

    def _small_place(self, registration: Registration) -> Registration:
        return replace(registration.scaled(self.other_factor, self.factor), size=self.size)

    def _valid(self, place: Registration) -> Mask:
        """Where both have picture, a little inside of either frame's border."""
        edge = max(4, max(self.size) // 120)
        inside = ~grown(~place.valid(self.other_size), edge)
        inside[:edge], inside[-edge:], inside[:, :edge], inside[:, -edge:] = False, False, False, False
        return inside

    def _fit(self) -> None:
        """Fit the grade on a few pairs; then again without what has edges of its own in one take alone."""
        ours, theirs, masks = self._samples()
        self.grade = fit_grade(theirs, ours, masks)
        for limit in _CLEARED:
            masks = [self._explained(a, b, m, limit) for a, b, m in zip(ours, theirs, masks, strict=True)]
            self.grade = fit_grade(theirs, ours, masks)

    def _samples(self) -> tuple[list[Values], list[Values], list[Mask]]:
        """A few pairs as float 0..1, and where they have picture; the medians when the action differs."""
        frames = self.frames
        if not frames:
            ours, theirs = self._median(self.plate, 20)[0], self._median(self.other, 20)[0]
            return [_unit(ours)], [_unit(theirs)], [self._valid(self.place)]
        mine, yours, masks = [], [], []
        for n in sorted({frames[round(i * (len(frames) - 1) / (_FITS - 1))] for i in range(_FITS)}):
            here = self.small(self.plate.picture(n))
            there = self.other_small(self.other.picture(self.partner(n)))
            place = self.place_at(n, there, here)
            mine.append(_unit(here))
            yours.append(_unit(np.asarray(place.warp(there)[0], np.uint8)))
            masks.append(self._valid(place))
        return mine, yours, masks

    def _explained(self, ours: Values, theirs: Values, mask: Mask, limit: float) -> Mask:
        """*mask* without large regions whose outline is an edge in one picture only.

        A highlight that the grade does not reach yet has its edges in both, and must stay in.
        """
        here, there = low_passed(ours * 255), low_passed(self.grade.apply(theirs) * 255)
        apart = cv2.GaussianBlur(difference(here, [there]), (0, 0), 2)
        edges_here, edges_there = edges(here), edges(there)
        foreign = np.zeros(mask.shape, bool)
        found = ((apart > limit) & mask).astype(np.uint8)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(found)
        for index in np.flatnonzero(stats[1:, cv2.CC_STAT_AREA] > 0.0008 * mask.size) + 1:
            blob = labels == index
            ring = grown(blob, 3) & ~(cv2.erode(blob.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)
            a, b = float(edges_here[ring].mean()), float(edges_there[ring].mean())
            if abs(a - b) / (a + b + 1) > 0.1:
                foreign |= grown(blob, 8)
        return mask & ~foreign

    def _median(self, take: Plate, count: int) -> tuple[Small, Values]:
        """Temporal median of a take on the plate's small raster, and the upper quartile of the spread."""
        spots = sorted({round(i * (take.frames - 1) / max(count - 1, 1)) for i in range(count)})
        stack = []
        for n in spots:
            picture = take.picture(n)
            if take is self.plate:
                stack.append(self.small(picture))
            else:
                stack.append(np.asarray(self.place.warp(self.other_small(picture))[0], np.uint8))
        pile = np.stack(stack)
        middle = np.asarray(np.median(pile, axis=0), np.uint8)
        spread = np.stack([cv2.absdiff(one, middle).max(axis=-1) for one in pile])
        return middle, np.asarray(np.quantile(spread, 0.75, axis=0), np.float32)


class _Reel:
    """The other take, read forwards once, each frame laid over the plate when it is first needed.

    With still cameras its neighbouring frames serve too; where a camera moves, only the very frame,
    laid over each plate frame by itself.
    """

    def __init__(self, pair: Pair, first: int, last: int) -> None:
        self.pair, self.last, self.read = pair, last, first - 1
        self.pictures = pair.other.read(first, last)
        self.raw: Small | None = None
        self.kept: dict[int, tuple[Small, Mask, Mask]] = {}

    def around(self, centre: int, here: Small) -> dict[int, tuple[Small, Mask, Mask]]:
        """Frames centre - 3, -1, 0, 1, 3, as far as the take goes and the camera allows."""
        pair = self.pair
        while self.read < min(centre + (_REACH if pair.still else 0), self.last):
            picture = next(self.pictures)
            self.read = picture.frame
            if pair.still:
                self.kept[picture.frame] = pair.laid(pair.other_small(picture), pair.place)
            elif picture.frame == centre:
                self.raw = pair.other_small(picture)
        if not pair.still:
            assert self.raw is not None
            return {centre: pair.laid(self.raw, pair.place_at(centre, self.raw, here))}
        self.kept = {n: one for n, one in self.kept.items() if n >= centre - _REACH}
        return {n: one for n, one in self.kept.items() if abs(n - centre) in (0, 1, _REACH)}


def _motion(middle: Small, others: list[Small]) -> Mask:
    """Where any of *others* differs from *middle* more than grain does."""
    moved = np.zeros(middle.shape[:2], bool)
    for one in others:
        apart = cv2.absdiff(one, middle)
        moved |= cv2.max(cv2.max(apart[..., 0], apart[..., 1]), apart[..., 2]) > _MOVES
    return moved


def _clipped(picture: Small) -> Mask:
    """Where the brightest channel is white."""
    return np.asarray(cv2.max(cv2.max(picture[..., 0], picture[..., 1]), picture[..., 2]) >= _WHITE)


def _unit(picture: NDArray[Any]) -> Values:
    return np.asarray(picture.astype(np.float32) / np.float32(255), np.float32)


def _resized(picture: Picture, size: tuple[int, int]) -> Small:
    """Code values 0..255 at (height, width) *size*; highlights above white are held at white."""
    rgb = picture.rgb()
    if rgb.shape[:2] != size:
        rgb = np.asarray(cv2.resize(rgb, size[::-1], interpolation=cv2.INTER_AREA), np.float32)
    return np.asarray(np.clip(rgb * 255 + 0.5, 0, 255), np.uint8)
