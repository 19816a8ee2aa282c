"""What an editorial timeline is made from: plain values, no database and no editorial library."""

from __future__ import annotations

from pathlib import Path

from .model import Value
from .rate import Rate


class DayClip(Value):
    """One clip of a shooting day.

    Picture has `rate` and `frames`, sound alone has `sample_rate` and `samples`.

    `timecode` is the first frame's label, `cuts` frame numbers counted from 0 at which a new shot
    begins, `arrived_at` seconds since the epoch: the order of clips that have no timecode.
    """

    name: str
    path: Path
    clip: str
    rate: Rate | None = None
    frames: int = 0
    timecode: str | None = None
    reel: str | None = None
    cuts: tuple[int, ...] = ()
    variable_rate: bool = False
    sample_rate: int | None = None
    samples: int = 0
    arrived_at: float = 0.0
    tags: dict[str, str] = {}


class ShootingDay(Value):
    """The clips of one show's day; `day` is an ISO date."""

    show: str
    day: str
    clips: tuple[DayClip, ...]


class PlateCut(Value):
    """A plate as the cut uses it. `head` and `tail` are the handles, in frames, at each end of the file.

    `first_frame` is the shot frame of the file's first frame.
    """

    name: str
    path: Path
    clip: str
    rate: Rate
    frames: int
    timecode: str | None = None
    reel: str | None = None
    head: int = 0
    tail: int = 0
    first_frame: int = 1001


class ReturnPackage(Value):
    """A version on its way back to editorial. `first_frame`..`last_frame` are its shot frames, inclusive.

    `master` is a movie, or the folder of a frame sequence named `<anything>.<frame>.<extension>`.
    `record_start` is where the cut begins in the edit, as a timecode at the plate's rate.
    """

    show: str
    shot: str
    code: str
    key: str
    plate: PlateCut
    master: Path
    review: Path | None = None
    report: Path
    first_frame: int
    last_frame: int
    summary: str = ""
    record_start: str = "01:00:00:00"
