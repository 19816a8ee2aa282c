"""What a continuity check saw, with its evidence."""

from __future__ import annotations

from pathlib import Path

from .model import Value


class Box(Value):
    """A rectangle in pixels of the plate as stored: left, top, width, height."""

    x: int
    y: int
    width: int
    height: int


class Region(Value):
    """Where a finding is on one frame. `frame` counts from 0."""

    frame: int
    box: Box


class Evidence(Value):
    """A picture that shows something to a person, with a one-line caption."""

    path: Path
    caption: str
    frame: int | None = None


class Finding(Value):
    """One difference between a plate and another take, over a range of frames (counted from 0, inclusive).

    `score` is 0..1, how sure the check is. `matte` is an 8-bit greyscale PNG sequence folder, one
    file a plate frame (white = the extra), so that a fix can use it as it stands. `present_in` and
    `absent_from` name the clips (content hashes) that show and lack it.
    """

    label: str
    first: int
    last: int
    score: float
    regions: tuple[Region, ...]
    present_in: str
    absent_from: str
    evidence: tuple[Evidence, ...] = ()
    matte: Path | None = None
