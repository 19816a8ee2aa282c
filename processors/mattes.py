"""Mattes: where a fix may touch the plate, frame by frame.

A matte is an image sequence (grey of any depth, or the alpha of RGBA files), a movie, or a box.
White is inside. In lossless files every value above zero is inside; movies and JPEG ring around
their edges, so there the middle value divides.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..schema.errors import BriefIncomplete
from .pictures import Picture, Plate
from .pictures.layout import Mask

FULL = 0.98
"""A matte that covers more of a frame than this leaves nothing to work from."""


@dataclass(frozen=True)
class Mattes:
    """The mattes of a whole plate, read when asked for.

    `first`..`last` bound the frames (counted from 0) that may be touched; `grow` widens every matte
    by that many pixels beyond what was drawn.
    """

    plate_size: tuple[int, int]
    first: int
    last: int
    grow: int
    box: tuple[int, int, int, int] | None
    media: Plate | None
    lossless: bool

    def at(self, frame: int) -> Mask:
        """HxW bool of one plate frame, True = may be touched."""
        height, width = self.plate_size
        if not self.first <= frame <= self.last:
            return np.zeros((height, width), bool)
        if self.box is not None:
            x, y, wide, high = self.box
            mask = np.zeros((height, width), bool)
            mask[y : y + high, x : x + wide] = True
        else:
            mask = self._drawn(frame)
        return grown(mask, self.grow)

    def close(self) -> None:
        """Close the matte's files."""
        if self.media is not None:
            self.media.close()

    def _drawn(self, frame: int) -> Mask:
        assert self.media is not None
        picture = self.media.picture(0 if self.media.frames == 1 else frame)
        value, top = _value(picture)
        return np.asarray(value > 0 if self.lossless else value >= top / 2)


def open_mattes(
    plate: Plate,
    path: Path | None,
    *,
    box: tuple[int, int, int, int] | None = None,
    frames: tuple[int, int] | None = None,
    grow: int = 0,
) -> Mattes:
    """The mattes for *plate*, from *path* or *box* = (x, y, width, height); *frames* inclusive, from 0.

    Raises BriefIncomplete, in a sentence for the person who wrote the brief, when there is neither,
    or when size or number of frames differ from the plate's; UnreadableMedia for damaged files.
    """
    size = (plate.video.height, plate.video.width)
    first, last = frames or (0, plate.frames - 1)
    if not 0 <= first <= last < plate.frames:
        raise BriefIncomplete(
            f"The frame range {first}-{last} does not lie in {plate.path.name}, whose frames are "
            f"0-{plate.frames - 1} counted from 0."
        )
    if path is None:
        if box is None:
            raise BriefIncomplete("The brief names neither a matte nor a box: what is to be removed?")
        x, y, wide, high = box
        if wide <= 0 or high <= 0 or x < 0 or y < 0 or x + wide > size[1] or y + high > size[0]:
            raise BriefIncomplete(f"The box {x},{y},{wide},{high} does not lie in the {size[1]}x{size[0]} plate.")
        return Mattes(size, first, last, grow, box, None, True)
    if not path.exists() and not any(mark in path.name for mark in "#@%"):
        raise BriefIncomplete(f"The matte {path.name} is not there.", path=path)
    media = Plate.open(path)
    fault = _misfit(plate, media)
    if fault:
        media.close()
        raise BriefIncomplete(fault, path=path)
    lossless = media.is_sequence and media.video.codec not in ("jpg", "jpeg")
    return Mattes(size, first, last, grow, None, media, lossless)


def _misfit(plate: Plate, matte: Plate) -> str:
    """What is wrong with a matte for this plate, or nothing."""
    theirs, ours = matte.video, plate.video
    if (theirs.width, theirs.height) != (ours.width, ours.height):
        return (
            f"The matte {matte.path.name} is {theirs.width}x{theirs.height}, the plate {plate.path.name} "
            f"is {ours.width}x{ours.height}: they must be of one size."
        )
    if matte.frames != plate.frames and not (matte.frames == 1 and matte.path.is_file()):
        return (
            f"The matte {matte.path.name} has {matte.frames} frames, the plate {plate.path.name} has "
            f"{plate.frames}: there must be one matte for each frame, or one single image for all."
        )
    return ""


def _value(picture: Picture) -> tuple[np.ndarray, float]:
    """The matte's grey and its largest possible value: alpha where it says something, else the picture."""
    layout = picture.encoding.layout
    if "A" in layout.names:
        alpha = picture.planes[layout.names.index("A")]
        top = 1.0 if layout.is_float else float((1 << layout.bits) - 1)
        if alpha.min() < top:
            return np.nan_to_num(alpha), top
    if len(layout.names) == 1 and not layout.name.startswith("yuv") and picture.encoding.full_range:
        top = 1.0 if layout.is_float else float((1 << layout.bits) - 1)
        return np.nan_to_num(picture.planes[0]), top
    if layout.is_float:
        return np.nan_to_num(np.max(picture.rgb(), axis=-1)), 1.0
    return picture.luma(), 255.0


def grown(mask: Mask, pixels: int) -> Mask:
    """*mask* dilated by a disc of radius *pixels*."""
    if pixels <= 0:
        return mask
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), disc) > 0)


def check_frame(mask: Mask, frame: int, first_frame: int) -> None:
    """Raises BriefIncomplete when a matte leaves nothing of a frame to work from."""
    if mask.mean() > FULL:
        raise BriefIncomplete(
            f"The matte covers the whole of frame {frame + first_frame}: nothing is left to restore it from.",
            frame=frame,
        )
