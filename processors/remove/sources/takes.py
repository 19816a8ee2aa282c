"""Other takes as sources: laid over the plate in time, space and colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import RLock

import cv2
import numpy as np
from numpy.typing import NDArray

from ....schema.request import Source
from ...flow import refine
from ...grade import Grade, fit_grade
from ...likeness import Likeness, compare_takes
from ...pictures import Picture, Plate
from ...pictures.layout import Image, Mask
from ...register import Matrix, project, register
from ..grain.measured import Grain, measure
from ..holes import Region
from .still import Still, still_of

_PAIRS = 4
_END = 3
"""Frames beyond a take's first or last that its end still stands for; the report names them."""
_REACH = 4
"""Pixels around a warped region that cubic sampling may look at."""


@dataclass(frozen=True)
class Laid:
    """A take over a region: RGB `image` (h, w, 3), graded, to be used where `valid`.

    `trace` (h, w, 3) is the take's frame and the x and y in its own pixels, NaN where not valid.
    `moving` is where somebody performs in the take, or for a take with another action everything that
    moves in it and was replaced by its still background; None where that is not known.
    """

    image: Image
    valid: Mask
    trace: NDArray[np.float32]
    moving: Mask | None = None


@dataclass
class AlignedTake:
    """A take of the plate's place, and how it lies over the plate.

    `grade` matches its colour to the plate's; `blind_grade` was fitted without the places at which
    the fix tests itself. `grain` compares plate and take on flat background. `still` is what stands
    still in the take, where its camera rests. A take with another action gives nothing but that.
    """

    source: Source
    likeness: Likeness
    grade: Grade
    blind_grade: Grade
    grain: Grain
    still: Still | None = None
    _plate: Plate | None = field(default=None, repr=False)
    _places: dict[Region, NDArray[np.float32]] = field(default_factory=dict, repr=False)
    _lock: RLock = field(default_factory=RLock, repr=False)

    @property
    def plate(self) -> Plate:
        """The take's file, opened when first needed."""
        if self._plate is None:
            self._plate = Plate.open(self.source.path)
        return self._plate

    def picture(self, number: int) -> Picture:
        """One of the take's frames. From any thread."""
        with self._lock:
            return self.plate.picture(number)

    def close(self) -> None:
        """Close the file."""
        if self._plate is not None:
            self._plate.close()
            self._plate = None

    def over(self, frame: int, region: Region, *, plate: Image | None, hole: Mask | None, blind: bool) -> Laid | None:
        """The take over *region* at plate frame *frame*: the same moment, or what stands still in it.

        With a moving camera it is registered frame by frame to the whole *plate* picture outside
        *hole*. None where the take does not hold that moment, or does not register there. From any thread.
        """
        number = self.moment(frame)
        if number is None:
            return None
        with self._lock:
            return self._over(number, frame, region, plate, hole, blind=blind)

    def _over(
        self, number: int, frame: int, region: Region, plate: Image | None, hole: Mask | None, *, blind: bool
    ) -> Laid:
        if self.likeness.registration.still:
            laid = self._rested(number, region)
        else:
            laid = self._followed(number, frame, region, plate, hole)
        grade = self.blind_grade if blind else self.grade
        if len(grade.cache) > 2:
            grade.cache.clear()  # it holds some 100 bytes a pixel for every region ever asked for
        height, width = self.likeness.registration.common.size
        return replace(laid, image=grade.apply(laid.image, (region.x, region.y, width, height)))

    @property
    def background_only(self) -> bool:
        """Whether the take shows another action, so that only what stands still in it may be used."""
        return self.likeness.serves < Likeness.MOST

    def moment(self, frame: int) -> int | None:
        """The take's frame for plate frame *frame*; its first or last one for a frame just beyond it.

        A take with another action is run to and fro: its grain is new in every frame.
        """
        if self.background_only:
            turn = frame % max(1, 2 * (self.plate.frames - 1))
            return min(turn, 2 * (self.plate.frames - 1) - turn)
        number = self.likeness.other_frame(frame)
        if number is None or not -_END <= number < self.plate.frames + _END:
            return None
        return min(max(number, 0), self.plate.frames - 1)

    def held(self, frame: int) -> bool:
        """Whether the take lacks the very moment and its nearest frame stands for it."""
        number = self.likeness.other_frame(frame)
        return number is not None and number != self.moment(frame)

    def _rested(self, number: int, region: Region) -> Laid:
        """Cut out of the take only what the region shows, and warp that."""
        matrix = self.likeness.registration.common.matrix
        back = project(np.linalg.inv(matrix), region.corners)
        video = self.plate.video
        left, top = (max(0, int(v) - _REACH) // 4 * 4 for v in back.min(axis=0))
        right = min(video.width, int(back[:, 0].max()) + _REACH + 1)
        bottom = min(video.height, int(back[:, 1].max()) + _REACH + 1)
        shape = (region.height, region.width)
        if right - left < 2 or bottom - top < 2:
            nothing = np.zeros(shape, bool)
            return Laid(np.zeros((*shape, 3), np.float32), nothing, np.full((*shape, 3), np.nan, np.float32), nothing)
        part = self.plate.picture(number).crop(left, top, right, bottom).rgb()
        seen = np.zeros(part.shape[:2], bool)
        seen[1:-1, 1:-1] = True
        moving = None
        if self.still is not None and self.background_only:
            moving = self.still.moving(part, left, top)
            part, known = self.still.behind(part, moving, left, top)
            seen &= known
        elif self.still is not None:
            moving = self.still.performing(part, left, top)
        move_in, move_out = np.eye(3), np.eye(3)
        move_in[:2, 2], move_out[:2, 2] = (left, top), (-region.x, -region.y)
        over = _Over(move_out @ matrix @ move_in, shape)
        valid = over.mask(seen)
        trace = self._trace(number, region, valid)
        return Laid(over.image(part), valid, trace, None if moving is None else over.mask(moving))

    def _trace(self, number: int, region: Region, valid: Mask) -> NDArray[np.float32]:
        if region not in self._places:
            self._places.clear()  # 8 bytes a pixel; the frames of a run share one region
            xs, ys = np.meshgrid(
                np.arange(region.x, region.x + region.width), np.arange(region.y, region.y + region.height)
            )
            back = project(np.linalg.inv(self.likeness.registration.common.matrix), np.c_[xs.ravel(), ys.ravel()])
            self._places[region] = back.astype(np.float32).reshape(region.height, region.width, 2)
        return _traced(number, self._places[region], valid)

    def _followed(self, number: int, frame: int, region: Region, plate: Image | None, hole: Mask | None) -> Laid:
        assert plate is not None
        picture = self.plate.picture(number).rgb()
        registration = register(picture, plate, exclude=hole) or self.likeness.registration.at(frame)
        window = (region.x, region.y, region.width, region.height)
        fine = refine(registration, picture, plate, exclude=hole, region=window)
        image, valid = fine.warp(picture)
        return Laid(np.asarray(image, np.float32), valid, _traced(number, fine.places(), valid))


class _Over:
    """A part of a take warped onto a region of (height, width) *shape*."""

    def __init__(self, matrix: Matrix, shape: tuple[int, int]) -> None:
        self._matrix, self._size = matrix, shape[::-1]

    def image(self, part: Image) -> Image:
        """Cubic."""
        out = cv2.warpPerspective(
            part, self._matrix, self._size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(out, np.float32)

    def mask(self, part: Mask) -> Mask:
        """Only what lies whole inside."""
        return np.asarray(cv2.warpPerspective(part.astype(np.uint8) * 255, self._matrix, self._size) > 254)


def _traced(number: int, places: NDArray[np.float32], valid: Mask) -> NDArray[np.float32]:
    trace = np.dstack([np.full(valid.shape, number, np.float32), places])
    trace[~valid] = np.nan
    return np.asarray(trace, np.float32)


def align_takes(
    plate: Plate,
    sources: Sequence[Source],
    frames: Sequence[int],
    avoid: dict[int, Mask],
    probes: Mask,
) -> list[AlignedTake]:
    """Every source that shows the plate's place, the same action or the empty set before another action.

    Colour and grain are fitted on pairs at *frames*, outside *avoid* (the mattes there, grown) and,
    for the blind grade, outside *probes*.
    """
    found = []
    for source in sources:
        with Plate.open(source.path) as other:
            likeness = compare_takes(plate, other)
            if likeness is None or (likeness.serves < Likeness.MOST and not likeness.registration.still):
                continue  # another set-up, or another action before a camera that moves
            still = still_of(other) if likeness.registration.still and likeness.clean_frames is None else None
            found.append(_fitted(plate, other, source, likeness, still, frames, avoid, probes))
    return sorted(found, key=lambda take: (-take.likeness.serves, -take.likeness.score))


def _fitted(
    plate: Plate,
    other: Plate,
    source: Source,
    likeness: Likeness,
    still: Still | None,
    frames: Sequence[int],
    avoid: dict[int, Mask],
    probes: Mask,
) -> AlignedTake:
    apart = likeness.serves < Likeness.MOST
    warped, ours, seen = [], [], []
    for place_in_list, frame in enumerate(frames):
        number = place_in_list * (other.frames - 1) // max(len(frames), 1) if apart else likeness.other_frame(frame)
        if number is None or not 0 <= number < other.frames:
            continue
        fixed, moving = plate.picture(frame).rgb(), other.picture(number).rgb()
        place = likeness.registration.common
        if not likeness.registration.still:
            place = register(moving, fixed, exclude=avoid[frame]) or likeness.registration.at(frame)
        image, valid = place.warp(moving)
        if apart and still is not None:
            steady, _ = place.warp(np.asarray(~still.moving(moving, 0, 0), np.uint8), nearest=True)
            valid &= np.asarray(steady > 0)
        warped.append(np.asarray(image, np.float32))
        ours.append(fixed)
        seen.append(valid & ~avoid[frame])
    grade = fit_grade(warped, ours, seen)
    blind = fit_grade(warped, ours, [mask & ~probes for mask in seen])
    grain = Grain.mean([measure(b, grade.apply(a), m) for a, b, m in zip(warped, ours, seen, strict=True)])
    return AlignedTake(source, likeness, grade, blind, grain, still)
