"""Other takes as sources: laid over the plate in time, space and colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from ....schema.request import Source
from ...flow import refine
from ...grade import Grade, fit_grade
from ...likeness import Likeness, compare_takes
from ...pictures import Plate
from ...pictures.layout import Image, Mask
from ...register import Registration, project, register
from ..grain import Grain, measure
from ..holes import Region

_PAIRS = 4
_END = 3
"""Frames beyond a take's first or last that its end still stands for; the report names them."""
_REACH = 4
"""Pixels around a warped region that cubic sampling may look at."""


@dataclass
class AlignedTake:
    """A take that shows the plate's action, or a clean plate, and how it lies over the plate.

    `grade` matches its colour to the plate's; `blind_grade` was fitted without the places at which
    the fix tests itself. `grain` compares plate and take on flat background.
    """

    source: Source
    likeness: Likeness
    grade: Grade
    blind_grade: Grade
    grain: Grain
    _plate: Plate | None = field(default=None, repr=False)

    @property
    def plate(self) -> Plate:
        """The take's file, opened when first needed."""
        if self._plate is None:
            self._plate = Plate.open(self.source.path)
        return self._plate

    def close(self) -> None:
        """Close the file."""
        if self._plate is not None:
            self._plate.close()
            self._plate = None

    def over(
        self, frame: int, region: Region, *, plate: Image | None, hole: Mask | None, blind: bool
    ) -> tuple[Image, Mask] | None:
        """The take's picture of the same moment over *region*, graded, and where it is picture.

        With a moving camera it is registered frame by frame to the whole *plate* picture outside
        *hole*. None where the take does not hold that moment, or does not register there.
        """
        number = self.moment(frame)
        if number is None:
            return None
        if self.likeness.registration.still:
            image, valid = self._warp(number, self.likeness.registration.common, region)
        else:
            found = self._follow(number, frame, region, plate, hole)
            if found is None:
                return None
            image, valid = found
        grade = self.blind_grade if blind else self.grade
        if len(grade.cache) > 2:
            grade.cache.clear()  # it holds some 100 bytes a pixel for every region ever asked for
        height, width = self.likeness.registration.common.size
        return grade.apply(image, (region.x, region.y, width, height)), valid

    def moment(self, frame: int) -> int | None:
        """The take's frame for plate frame *frame*; its first or last one for a frame just beyond it."""
        number = self.likeness.other_frame(frame)
        if number is None or not -_END <= number < self.plate.frames + _END:
            return None
        return min(max(number, 0), self.plate.frames - 1)

    def held(self, frame: int) -> bool:
        """Whether the take lacks the very moment and its nearest frame stands for it."""
        number = self.likeness.other_frame(frame)
        return number is not None and number != self.moment(frame)

    def _warp(self, number: int, registration: Registration, region: Region) -> tuple[Image, Mask]:
        """Cut out of the take only what the region shows, and warp that."""
        back = project(np.linalg.inv(registration.matrix), region.corners)
        video = self.plate.video
        left, top = (max(0, int(v) - _REACH) // 4 * 4 for v in back.min(axis=0))
        right = min(video.width, int(back[:, 0].max()) + _REACH + 1)
        bottom = min(video.height, int(back[:, 1].max()) + _REACH + 1)
        size = (region.width, region.height)
        if right - left < 2 or bottom - top < 2:
            return np.zeros((*size[::-1], 3), np.float32), np.zeros(size[::-1], bool)
        part = self.plate.picture(number).crop(left, top, right, bottom).rgb()
        move_in, move_out = np.eye(3), np.eye(3)
        move_in[:2, 2], move_out[:2, 2] = (left, top), (-region.x, -region.y)
        matrix = move_out @ registration.matrix @ move_in
        image = cv2.warpPerspective(part, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        seen = np.zeros(part.shape[:2], np.uint8)
        seen[1:-1, 1:-1] = 255
        return np.asarray(image, np.float32), np.asarray(cv2.warpPerspective(seen, matrix, size) > 254)

    def _follow(
        self, number: int, frame: int, region: Region, plate: Image | None, hole: Mask | None
    ) -> tuple[Image, Mask] | None:
        assert plate is not None
        picture = self.plate.picture(number).rgb()
        registration = register(picture, plate, exclude=hole) or self.likeness.registration.at(frame)
        window = (region.x, region.y, region.width, region.height)
        fine = refine(registration, picture, plate, exclude=hole, region=window)
        image, valid = fine.warp(picture)
        return np.asarray(image, np.float32), valid


def align_takes(
    plate: Plate,
    sources: Sequence[Source],
    frames: Sequence[int],
    avoid: dict[int, Mask],
    probes: Mask,
) -> list[AlignedTake]:
    """Every source that shows the plate's action or the empty set, best first.

    Colour and grain are fitted on pairs at *frames*, outside *avoid* (the mattes there, grown) and,
    for the blind grade, outside *probes*.
    """
    found = []
    for source in sources:
        with Plate.open(source.path) as other:
            likeness = compare_takes(plate, other)
            if likeness is None or likeness.other_frame(0) is None:
                continue  # another set-up, or the same place with another action in it
            found.append(_fitted(plate, other, source, likeness, frames, avoid, probes))
    return sorted((take for take in found if take), key=lambda take: -take.likeness.score)


def _fitted(
    plate: Plate,
    other: Plate,
    source: Source,
    likeness: Likeness,
    frames: Sequence[int],
    avoid: dict[int, Mask],
    probes: Mask,
) -> AlignedTake:
    warped, ours, seen = [], [], []
    for frame in frames:
        number = likeness.other_frame(frame)
        if number is None or not 0 <= number < other.frames:
            continue
        fixed, moving = plate.picture(frame).rgb(), other.picture(number).rgb()
        place = likeness.registration.common
        if not likeness.registration.still:
            place = register(moving, fixed, exclude=avoid[frame]) or likeness.registration.at(frame)
        image, valid = place.warp(moving)
        warped.append(np.asarray(image, np.float32))
        ours.append(fixed)
        seen.append(valid & ~avoid[frame])
    grade = fit_grade(warped, ours, seen)
    blind = fit_grade(warped, ours, [mask & ~probes for mask in seen])
    grain = Grain.mean([measure(b, grade.apply(a), m) for a, b, m in zip(warped, ours, seen, strict=True)])
    return AlignedTake(source, likeness, grade, blind, grain)
