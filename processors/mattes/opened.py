"""The mattes of a whole plate: what was drawn or followed, less the holdout, with its edge moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from ...schema.errors import BriefIncomplete, WetgateError
from ..pictures import Plate
from ..pictures.layout import Mask
from .drawn import Drawn, open_drawn
from .growth import Growth, growth_at
from .marks import Mark
from .shapes import Strength, moved_edge
from .track import Followed, follow

FULL = 0.98
"""A matte that covers more of a frame than this leaves nothing to work from."""
_LEAST = 1 / 512
"""Strengths below half an 8-bit step are nothing."""


@dataclass(frozen=True)
class MatteWishes:
    """What a brief asks of its mattes; frames are shot frames, `grow` in pixels, negative to shrink.

    `growths` move the edge further on some frames. `levels` are the greys (0..255) that are inside where a
    matte's greys are names; `area` keeps boxes as they are, on every frame, in place of following what stands
    in them. Boxes and points beside a drawn matte add to it.
    """

    boxes: tuple[Mark, ...] = ()
    points: tuple[Mark, ...] = ()
    frames: tuple[int, int] | None = None
    grow: int = 0
    growths: tuple[Growth, ...] = ()
    scale: bool = False
    levels: tuple[int, int] | None = None
    area: bool = False
    first_frame: int = 1001


class Base(Protocol):
    """Where a matte comes from."""

    @property
    def soft(self) -> bool:
        """Whether strengths between 0 and 1 are meant as such."""

    @property
    def covered(self) -> frozenset[int]:
        """The plate frames that it speaks for."""

    def at(self, frame: int) -> Strength:
        """HxW 0..1 of a plate frame."""

    def close(self) -> None:
        """Close its files."""


class Area:
    """Boxes as they are, the same on every frame of *within* (first, last)."""

    soft = False

    def __init__(self, boxes: tuple[Mark, ...], size: tuple[int, int], within: tuple[int, int]) -> None:
        self.covered = frozenset(range(within[0], within[1] + 1))
        self._area = np.zeros(size, np.float32)
        for mark in boxes:
            x, y, wide, high = mark.values
            self._area[y : y + high, x : x + wide] = 1

    def at(self, frame: int) -> Strength:  # noqa: ARG002 - the same on every frame
        """HxW 0 or 1."""
        return self._area

    def close(self) -> None:
        """Nothing is open."""


class Joined:
    """A drawn matte and what was marked beside it, as one."""

    def __init__(self, drawn: Drawn, marked: Area | Followed) -> None:
        self._drawn, self.marked = drawn, marked
        self.covered = drawn.covered | marked.covered

    @property
    def soft(self) -> bool:
        """Where one of the two is soft the whole is read as strengths."""
        return self._drawn.soft or self.marked.soft

    def at(self, frame: int) -> Strength:
        """The stronger of the two."""
        both = [one.at(frame) for one in (self._drawn, self.marked) if frame in one.covered]
        return np.asarray(np.max(np.stack(both), axis=0), np.float32)

    def close(self) -> None:
        """Close the drawn matte's files."""
        self._drawn.close()


@dataclass(frozen=True)
class Mattes:
    """The mattes of a whole plate, read when asked for.

    `first`..`last` bound the frames (counted from 0) that may be touched; `grow` says by how many pixels
    the edge moves on each. `followed` is set where boxes or points were followed through the shot.
    """

    first: int
    last: int
    grow: Callable[[int], int]
    base: Base
    holdout: Drawn | None
    size: tuple[int, int]
    followed: Followed | None = None

    @property
    def soft(self) -> bool:
        """Whether the edge is as it was drawn, so that none need be made."""
        return self.base.soft

    def strength(self, frame: int) -> Strength:
        """HxW 0..1 of one plate frame: how strongly the fix shows."""
        if not self.touched(frame):
            return np.zeros(self.size, np.float32)
        return self._drawn(frame)

    def _drawn(self, frame: int) -> Strength:
        if frame not in self.base.covered:
            return np.zeros(self.size, np.float32)
        drawn = moved_edge(self.base.at(frame), self.grow(frame))
        if self.holdout is not None and drawn.any():
            drawn = drawn * (1 - self.holdout.at(frame))
        return np.where(drawn < _LEAST, np.float32(0), drawn)

    def at(self, frame: int) -> Mask:
        """HxW bool of one plate frame, True = may be touched: every strength above zero."""
        return np.asarray(self.strength(frame) > 0)

    def touched(self, frame: int) -> bool:
        """Whether the brief lets a fix touch a frame."""
        return self.first <= frame <= self.last

    def drawn_at(self, frame: int) -> Mask:
        """HxW bool: where the thing stands by what was drawn, also in a frame that may not be touched."""
        return np.asarray(self._drawn(frame) > 0)

    def held_out(self, frame: int) -> Mask:
        """HxW bool: what the holdout keeps from being touched at all."""
        if self.holdout is None:
            return np.zeros(self.size, bool)
        return np.asarray(self.holdout.at(frame) > 0)

    def close(self) -> None:
        """Close the matte's files."""
        self.base.close()
        if self.holdout is not None:
            self.holdout.close()


def open_mattes(
    plate: Plate,
    path: Path | None,
    wishes: MatteWishes | None = None,
    *,
    holdout: Path | None = None,
    work: Path | None = None,
) -> Mattes:
    """The mattes for *plate*, from the file at *path* or from the boxes and points of *wishes*.

    What is followed is kept in *work*, if given. Raises BriefIncomplete, in a sentence for the person
    who wrote the brief; UnreadableMedia for damaged files.
    """
    wishes = wishes or MatteWishes()
    size = (plate.video.height, plate.video.width)
    start = wishes.first_frame
    first, last = wishes.frames or (start, start + plate.frames - 1)
    if not start <= first <= last < start + plate.frames:
        raise BriefIncomplete(
            f"The frame range {first}-{last} does not lie in {plate.path.name}, whose frames are "
            f"{start}-{start + plate.frames - 1}."
        )
    within = (first - start, last - start)
    base: Base = _base(plate, path, wishes, within, work)
    held = None
    try:
        if holdout is not None:
            held = open_drawn(plate, holdout, first_frame=start, scale=wishes.scale)
    except WetgateError:
        base.close()
        raise
    marked = base.marked if isinstance(base, Joined) else base

    def grow(frame: int) -> int:
        return wishes.grow + growth_at(wishes.growths, frame + start)

    return Mattes(*within, grow, base, held, size, marked if isinstance(marked, Followed) else None)


def _base(plate: Plate, path: Path | None, wishes: MatteWishes, within: tuple[int, int], work: Path | None) -> Base:
    if path is None:
        return _marked(plate, wishes, within, work)
    drawn = open_drawn(plate, path, first_frame=wishes.first_frame, scale=wishes.scale, levels=wishes.levels)
    if not wishes.boxes and not wishes.points:
        return drawn
    try:
        return Joined(drawn, _marked(plate, wishes, within, work))
    except WetgateError:
        drawn.close()
        raise


def _marked(plate: Plate, wishes: MatteWishes, within: tuple[int, int], work: Path | None) -> Area | Followed:
    if not wishes.boxes and not wishes.points:
        raise BriefIncomplete("The brief names neither a matte nor a box nor points: what is to be removed?")
    height, width = plate.video.height, plate.video.width
    for box in wishes.boxes:
        x, y, wide, high = box.values
        if wide <= 0 or high <= 0 or x + wide > width or y + high > height:
            raise BriefIncomplete(f"The box {box} does not lie in the {width}x{height} plate.")
    for point in wishes.points:
        if point.values[0] >= width or point.values[1] >= height:
            raise BriefIncomplete(f"The point {point} does not lie in the {width}x{height} plate.")
    if wishes.area and wishes.boxes:
        return Area(wishes.boxes, (height, width), within)
    return follow(plate, wishes.boxes, wishes.points, first_frame=wishes.first_frame, within=within, work=work)


def check_frame(mask: Mask, frame: int, first_frame: int) -> None:
    """Raises BriefIncomplete when a matte leaves nothing of a frame to work from."""
    if mask.mean() > FULL:
        raise BriefIncomplete(
            f"The matte covers the whole of frame {frame + first_frame}: nothing is left to restore it from.",
            frame=frame,
        )
