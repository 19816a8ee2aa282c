"""Frames that an artist painted: they fill their own frame exactly, and the frames around by the camera's motion.

A painting speaks only for what the matte covers on its own frame; everywhere else its frame is an own
frame like any other. Between two paintings each counts by its nearness, so that nothing jumps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ....schema.errors import BriefIncomplete
from ....schema.request import Reference
from ...pictures import Plate
from ...pictures.layout import Image, Mask
from ...register import luma8
from ..holes import Region
from .camera import Camera
from .lay import UNIT, Ground, Pictures


@dataclass(frozen=True)
class Painted:
    """A painted still for one frame (counted from 0): display-referred RGB of the plate's size."""

    reference: Reference
    frame: int
    image: Image


def open_painted(plate: Plate, references: Sequence[Reference], first_frame: int) -> list[Painted]:
    """Read the stills in order of their frames. Raises BriefIncomplete where one does not fit the plate."""
    found = []
    for reference in sorted(references, key=lambda one: one.frame):
        name, frame = reference.path.name, reference.frame - first_frame
        if not 0 <= frame < plate.frames:
            raise BriefIncomplete(
                f"{name} is painted for frame {reference.frame}, which {plate.path.name} has not: its frames are "
                f"{first_frame}-{first_frame + plate.frames - 1}."
            )
        if not reference.path.is_file():
            raise BriefIncomplete(f"The painted frame {name} is not there.", path=reference.path)
        with Plate.open(reference.path) as still:
            ours, theirs = plate.video, still.video
            if still.frames != 1 or (theirs.width, theirs.height) != (ours.width, ours.height):
                raise BriefIncomplete(
                    f"The painted frame {name} is {theirs.width}x{theirs.height}, the plate {ours.width}x"
                    f"{ours.height}: paint it over the plate's own frame at full size.",
                    path=reference.path,
                )
            found.append(Painted(reference, frame, still.picture(0).rgb()))
    return found


@dataclass(frozen=True)
class Told:
    """What the painting at `index` of the list shows over a region, where it counts, and from where (h, w, 2: x, y)."""

    index: int
    image: Image
    valid: Mask
    at: NDArray[np.float32]


class _Over:
    """The shot with one frame painted."""

    def __init__(self, shot: Pictures, painting: Painted) -> None:
        self._shot, self._painting = shot, painting
        hole = shot.blocked(painting.frame)
        height, width = hole.shape
        whole = shot.crop(painting.frame, Region(0, 0, width, height))
        self._image = np.where(hole[..., None], painting.image, whole)

    def reduced(self, frame: int, divisor: int) -> NDArray[np.uint16]:
        if frame != self._painting.frame:
            return self._shot.reduced(frame, divisor)
        return np.asarray(np.clip(self._small(divisor) * UNIT + 0.5, 0, 65535), np.uint16)

    def grey(self, frame: int, divisor: int) -> NDArray[np.uint8]:
        return luma8(self._small(divisor)) if frame == self._painting.frame else self._shot.grey(frame, divisor)

    def crop(self, frame: int, region: Region) -> Image:
        return self._image[region.window] if frame == self._painting.frame else self._shot.crop(frame, region)

    def blocked(self, frame: int, region: Region | None = None) -> Mask:
        return self._none(frame, self._shot.blocked(frame, region))

    def shut(self, frame: int, divisor: int) -> Mask:
        return self._none(frame, self._shot.shut(frame, divisor))

    def _none(self, frame: int, hole: Mask) -> Mask:
        return np.zeros_like(hole) if frame == self._painting.frame else hole

    def _small(self, divisor: int) -> Image:
        height, width = self._image.shape[:2]
        size = (-(-width // divisor), -(-height // divisor))
        return np.asarray(cv2.resize(self._image, size, interpolation=cv2.INTER_AREA), np.float32)


def paint_over(
    camera: Camera,
    pictures: Pictures,
    paintings: Sequence[Painted],
    frame: int,
    span: tuple[int, int],
    *,
    region: Region,
    unknown: Mask,
) -> list[Told]:
    """What the paintings of this shot say about *region* of *frame*, best first.

    A picture between two paintings is already mixed from both.
    """
    window = region.window
    told: list[Told] = []
    for index in sorted(range(len(paintings)), key=lambda i: abs(paintings[i].frame - frame)):
        painting = paintings[index]
        if painting.frame == frame:
            rows, columns = np.mgrid[window].astype(np.float32)
            hole = pictures.blocked(frame)[window]
            return [Told(index, painting.image[window], hole, np.dstack([columns, rows]))]
        registration = camera.onto(painting.frame, frame) if span[0] <= painting.frame <= span[1] else None
        if registration is None:
            continue
        hole, _ = registration.warp(pictures.blocked(painting.frame).astype(np.uint8) * 255, nearest=True)
        ground = Ground(camera, _Over(pictures, painting), frame, region, unknown)
        laid = ground.lay(painting.frame, registration)
        taken = ground.take(laid, region) if laid is not None else None
        if taken is not None:
            image, valid, at = taken
            told.append(Told(index, image, valid & (hole[window] > 0), at))
    return _mixed(told, paintings, frame)


def _mixed(told: list[Told], paintings: Sequence[Painted], frame: int) -> list[Told]:
    """The nearest painting before and the nearest after mixed by distance, where both count."""
    after = next((one for one in told if paintings[one.index].frame > frame), None)
    before = next((one for one in told if paintings[one.index].frame < frame), None)
    if after is None or before is None:
        return told
    here, there = frame - paintings[before.index].frame, paintings[after.index].frame - frame
    near, far = (before, after) if here <= there else (after, before)
    share = max(here, there) / (here + there)
    both = (near.valid & far.valid)[..., None]
    mixed = np.where(both, share * near.image + (1 - share) * far.image, near.image).astype(np.float32)
    return [replace(near, image=mixed), *(one for one in told if one is not near)]
