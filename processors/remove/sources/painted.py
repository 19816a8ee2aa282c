"""Frames that an artist painted: they fill their own frame exactly, and the frames around by the camera's motion.

A painting speaks only for what the matte covers on its own frame; everywhere else its frame is an own
frame like any other. Between two paintings each counts by its nearness, so that nothing jumps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....schema.errors import BriefIncomplete
from ....schema.request import Reference
from ...pictures import Plate
from ...pictures.layout import Image, Mask
from ...register import luma8
from ..holes import Region
from .camera import Camera
from .own import Pictures, layer_frames


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


class _Over:
    """The shot with one frame painted."""

    def __init__(self, shot: Pictures, painting: Painted) -> None:
        self._shot, self._painting = shot, painting
        hole = shot.blocked(painting.frame)
        self._image = np.where(hole[..., None], painting.image, shot.rgb(painting.frame))

    def luma(self, frame: int) -> NDArray[np.uint8]:
        return luma8(self._image) if frame == self._painting.frame else self._shot.luma(frame)

    def rgb(self, frame: int) -> Image:
        return self._image if frame == self._painting.frame else self._shot.rgb(frame)

    def blocked(self, frame: int) -> Mask:
        hole = self._shot.blocked(frame)
        return np.zeros_like(hole) if frame == self._painting.frame else hole


def paint_over(
    camera: Camera,
    pictures: Pictures,
    paintings: Sequence[Painted],
    frame: int,
    span: tuple[int, int],
    *,
    region: Region,
    unknown: Mask,
) -> list[tuple[int, Image, Mask]]:
    """What the paintings of this shot say about *region* of *frame*: (place in the list, picture, where it counts).

    Best first; a picture between two paintings is already mixed from both.
    """
    window = region.window
    told: list[tuple[int, Image, Mask]] = []
    for index in sorted(range(len(paintings)), key=lambda i: abs(paintings[i].frame - frame)):
        painting = paintings[index]
        if painting.frame == frame:
            return [(index, painting.image[window], pictures.blocked(frame)[window])]
        registration = camera.onto(painting.frame, frame) if span[0] <= painting.frame <= span[1] else None
        if registration is None:
            continue
        hole, _ = registration.warp(pictures.blocked(painting.frame).astype(np.uint8) * 255, nearest=True)
        layers = layer_frames(camera, _Over(pictures, painting), frame, region, unknown, [painting.frame])
        if layers is not None:
            told.append((index, layers.images[0], layers.valid[0] & (hole[window] > 0)))
    return _mixed(told, paintings, frame)


def _mixed(
    told: list[tuple[int, Image, Mask]], paintings: Sequence[Painted], frame: int
) -> list[tuple[int, Image, Mask]]:
    """The nearest painting before and the nearest after mixed by distance, where both count."""
    after = next((one for one in told if paintings[one[0]].frame > frame), None)
    before = next((one for one in told if paintings[one[0]].frame < frame), None)
    if after is None or before is None:
        return told
    here, there = frame - paintings[before[0]].frame, paintings[after[0]].frame - frame
    near, far = (before, after) if here <= there else (after, before)
    share = max(here, there) / (here + there)
    both = (near[2] & far[2])[..., None]
    mixed = np.where(both, share * near[1] + (1 - share) * far[1], near[1]).astype(np.float32)
    return [(near[0], mixed, near[2]), *(one for one in told if one is not near)]
