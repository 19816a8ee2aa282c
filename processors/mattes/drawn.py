"""Mattes that somebody drew: image sequences, single images, alpha movies.

White is inside; where a matte is soft, its grey is the strength. A matte counts as hard when its
clip never reaches the middle grey (labels, 1 for inside), and a lossy one when its greys are but
the ringing of a codec along its edges: then any value above zero is inside, or in lossy files the
upper half.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ...schema.errors import BriefIncomplete
from ..pictures import Picture, Plate
from ..pictures.stills import numbered_paths
from .shapes import Strength

_EXACT = ("ffv1", "huffyuv", "ffvhuff", "utvideo", "magicyuv", "png", "qtrle", "rawvideo", "v210")
_SHOULDER = 0.06
"""A soft lossy matte says nothing below this and above 1 less this: there its codec rings."""
_RINGING = 4.0
"""Width in pixels of the grey along the edges of a hard matte after a lossy codec."""
_SHAPE = 0.005
"""By how much two shapes (width over height) may differ and still be one, beyond rounding to pixels."""


@dataclass(frozen=True)
class Reading:
    """How the greys of a matte are meant.

    `levels` (lowest, highest, in 8-bit values) says which greys are inside where they are names and
    not strengths; else *soft* tells strength from mere edges, and `exact` whether every value counts.
    """

    soft: bool
    exact: bool
    levels: tuple[int, int] | None

    def strength(self, value: Strength) -> Strength:
        """0..1 from grey 0..1."""
        if self.levels is not None:
            low, high = self.levels
            eight = np.rint(value * 255)
            return np.asarray((eight >= low) & (eight <= high), np.float32)
        if not self.soft:
            return np.asarray(value > 0 if self.exact else value >= 0.5, np.float32)
        if self.exact:
            return value
        return np.asarray(np.clip((value - _SHOULDER) / (1 - 2 * _SHOULDER), 0, 1), np.float32)


class Drawn:
    """A drawn matte over a plate of (height, width) *size*; `covered` holds the plate frames that have one."""

    def __init__(self, media: Plate | None, stills: dict[int, Path], size: tuple[int, int], frames: int) -> None:
        """*media* is a movie or a whole sequence or one image for all, *stills* single files by plate frame."""
        self._media, self._stills, self._size = media, stills, size
        self.covered = frozenset(stills) if media is None else frozenset(range(frames))
        self._reading = Reading(soft=False, exact=True, levels=None)

    @property
    def soft(self) -> bool:
        """Whether greys are strengths."""
        return self._reading.soft

    def read_as(self, levels: tuple[int, int] | None) -> None:
        """Decide from a few frames how the greys are meant."""
        exact = self._exact()
        frames = sorted(self.covered)
        looked = {frames[0], frames[len(frames) // 2], frames[-1]}
        values = [self._value(frame) for frame in sorted(looked)]
        soft = levels is None and max(float(v.max()) for v in values) >= 0.5
        soft = soft and any(_partial(value, exact=exact) for value in values)
        self._reading = Reading(soft, exact, levels)

    def at(self, frame: int) -> Strength:
        """HxW 0..1 of a plate frame; zero where no matte was drawn for it."""
        if frame not in self.covered:
            return np.zeros(self._size, np.float32)
        strength = self._reading.strength(self._value(frame))
        if strength.shape == self._size:
            return strength
        height, width = self._size
        shrinks = strength.shape[1] > width
        kind = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        scaled = np.asarray(cv2.resize(strength, (width, height), interpolation=kind), np.float32)
        return scaled if self._reading.soft else np.asarray(scaled > 0, np.float32)

    def close(self) -> None:
        """Close the files."""
        if self._media is not None:
            self._media.close()

    def _exact(self) -> bool:
        media = self._media
        if media is None:
            return all(path.suffix.lower() not in (".jpg", ".jpeg") for path in self._stills.values())
        if media.is_sequence:
            return media.video.codec not in ("jpg", "jpeg")
        return media.video.codec in _EXACT or (media.video.codec == "prores" and "A" in media.layout.names)

    def _value(self, frame: int) -> Strength:
        if self._media is None:
            with Plate.open(self._stills[frame]) as still:
                return _grey(still.picture(0))
        return _grey(self._media.picture(0 if self._media.frames == 1 else frame))


def open_drawn(
    plate: Plate, path: Path, *, first_frame: int, scale: bool, levels: tuple[int, int] | None = None
) -> Drawn:
    """The matte at *path* for *plate*, whose first frame is shot frame *first_frame*.

    A sequence with fewer frames than the plate goes by the numbers in its names: shot frames, or the
    plate's own numbers. *scale* takes a matte of another size where its shape agrees. Raises
    BriefIncomplete in a sentence, UnreadableMedia for damaged files.
    """
    if not path.exists() and not any(mark in path.name for mark in "#@%"):
        raise BriefIncomplete(f"The matte {path.name} is not there.", path=path)
    media, stills = _opened(plate, path, first_frame)
    size = (plate.video.height, plate.video.width)
    theirs = {(media.video.height, media.video.width)} if media is not None else _sizes(stills)
    fault = next((fault for one in sorted(theirs) if (fault := _misfit(path, one, plate, scale=scale))), "")
    if fault:
        if media is not None:
            media.close()
        raise BriefIncomplete(fault, path=path)
    drawn = Drawn(media, stills, size, plate.frames)
    drawn.read_as(levels)
    return drawn


def _opened(plate: Plate, path: Path, first_frame: int) -> tuple[Plate | None, dict[int, Path]]:
    """One medium that serves every frame, or single files by plate frame."""
    if path.is_file():
        media = Plate.open(path)
        if media.frames in (1, plate.frames):
            return media, {}
        count = media.frames
        media.close()
        raise BriefIncomplete(
            f"The matte {path.name} has {count} frames, the plate {plate.path.name} has {plate.frames}: a movie "
            "must have one matte for each frame. Files for some frames carry their shot frames in their names.",
            path=path,
        )
    files = numbered_paths(path)
    if len(files) == plate.frames and len(files) == max(files) - min(files) + 1:
        return Plate.open(path), {}
    ours = _by_shot_frame(files, plate, first_frame)
    if ours is None:
        numbers = f"{min(files)}-{max(files)}" if files else "none"
        last = first_frame + plate.frames - 1
        raise BriefIncomplete(
            f"The matte {path.name} has {len(files)} frames ({numbers}), the plate {plate.path.name} has "
            f"{plate.frames} ({first_frame}-{last}): there must be one matte for each frame, or files numbered by "
            "shot frame, or one single image for all.",
            path=path,
        )
    return None, ours


def _by_shot_frame(files: dict[int, Path], plate: Plate, first_frame: int) -> dict[int, Path] | None:
    """Files by plate frame, where their numbers are shot frames or the plate's own numbers."""
    starts = [first_frame]
    own = re.search(r"(\d+)$", plate.path.stem) if plate.path.is_file() else None
    if plate.is_sequence and own is None:
        starts.append(min(numbered_paths(plate.path), default=first_frame))
    for start in starts:
        if files and start <= min(files) and max(files) < start + plate.frames:
            return {number - start: file for number, file in files.items()}
    return None


def _sizes(stills: dict[int, Path]) -> set[tuple[int, int]]:
    found = set()
    for path in stills.values():
        with Plate.open(path) as still:
            found.add((still.video.height, still.video.width))
    return found


def _misfit(path: Path, theirs: tuple[int, int], plate: Plate, *, scale: bool) -> str:
    """What is wrong with a matte of this (height, width) for the plate, or nothing."""
    ours = (plate.video.height, plate.video.width)
    if theirs == ours:
        return ""
    sizes = f"The matte {path.name} is {theirs[1]}x{theirs[0]}, the plate {plate.path.name} is {ours[1]}x{ours[0]}"
    if not scale:
        return f"{sizes}: they must be of one size. With `matte_size: scale` it is scaled to the plate."
    apart = abs(theirs[1] * ours[0] - ours[1] * theirs[0]) / (theirs[0] * ours[0])
    if apart > _SHAPE + 1 / min(theirs[0], ours[0]):
        return f"{sizes}: their shapes differ, so scaling would not lay it where it belongs."
    return ""


def _grey(picture: Picture) -> Strength:
    """The matte's grey, 0..1: alpha where it says something, else the picture."""
    layout = picture.encoding.layout
    top = 1.0 if layout.is_float else float((1 << layout.bits) - 1)
    if "A" in layout.names:
        alpha = picture.planes[layout.names.index("A")]
        if alpha.min() < top:
            return _unit(alpha, top)
    if len(layout.names) == 1 and not layout.name.startswith("yuv") and picture.encoding.full_range:
        return _unit(picture.planes[0], top)
    if layout.is_float:
        return _unit(np.max(np.stack(picture.planes[:3]), axis=0), 1.0)
    return np.asarray(picture.luma() / np.float32(255), np.float32)


def _unit(plane: NDArray[np.generic], top: float) -> Strength:
    return np.asarray(np.fmin(np.fmax(plane.astype(np.float32) / top, 0), 1), np.float32)  # 0 for NaN


def _partial(value: Strength, *, exact: bool) -> bool:
    """Whether greys between black and white are meant as such."""
    between = (value > 0.02) & (value < 0.98) if exact else (value > 0.1) & (value < 0.9)
    if exact:
        return bool(between.any())
    edges, _ = cv2.findContours((value >= 0.5).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    length = sum(len(edge) for edge in edges)
    return bool(between.sum() > _RINGING * max(length, 1))
