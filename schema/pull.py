"""Frames to be pulled from camera originals, and which stretch of a reel a clip is."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from .errors import ConfigError
from .model import Value
from .rate import Rate
from .timecode import Timecode

_REEL_LETTERS = 4
"""Fewest letters of a reel that may stand for the whole: A004 for A004R2EC, as editing systems cut it."""

_RATES_APART = 5000
"""Rates nearer than one part in so many are spellings of one rate (2997/125 for 24000/1001)."""


class Pull(Value):
    """A stretch of a proxy that is wanted from the camera original.

    `first`..`last` are the proxy's frames, from 0, inclusive, `head` and `tail` handles among them;
    `start` is the label of the proxy's frame 0. `clip` is the proxy's content hash, where indexed.
    """

    role: Literal["plate", "source"]
    name: str
    clip: str = ""
    path: Path
    reel: str | None = None
    start: str | None = None
    rate: Rate
    first: int
    last: int
    head: int = 0
    tail: int = 0

    @property
    def frames(self) -> int:
        """How many frames are wanted, handles included."""
        return self.last - self.first + 1

    def label(self, frame: int) -> str | None:
        """The timecode of the proxy's *frame*; None where the proxy has none that its rate knows."""
        try:
            return str(Timecode.parse(self.start, self.rate) + frame) if self.start else None
        except ConfigError:
            return None

    @property
    def words(self) -> str:
        """For people: `reel A004, 13:59:51:20-13:59:59:19 with 8 handles (A004C003, 208 frames)`."""
        first, last = self.label(self.first + self.head), self.label(self.last - self.tail)
        handles = str(self.head) if self.head == self.tail else f"{self.head} and {self.tail}"
        where = f"reel {self.reel}, " if self.reel else ""
        if first is None:
            span = f"frames {self.first + self.head}-{self.last - self.tail} counted from 0"
        else:
            span = f"{first}-{last}"
        return f"{where}{span} with {handles} handles ({self.name}, {self.frames} frames)"


class PullList(Value):
    """What one job cannot do without."""

    pulls: tuple[Pull, ...]


@dataclass(frozen=True)
class Stretch:
    """A piece of a reel: frames since midnight, inclusive, at the reel's rate."""

    reel: str
    rate: Fraction
    first: int
    last: int

    @classmethod
    def of(cls, reel: str | None, timecode: str | None, rate: Fraction | None, first: int, last: int) -> Stretch | None:
        """Frames `first`..`last` (from 0) of a clip that begins at *timecode*; None where it does not say."""
        if not reel or not timecode or not rate:
            return None
        try:
            start = Timecode.parse(timecode, rate).frame
        except ConfigError:
            return None
        return cls(reel, rate, start + first, start + last)

    def covers(self, other: Stretch) -> bool:
        """Whether all of *other* is here: the same reel, rate and moments."""
        return self._one_reel(other) and self.first <= other.first and other.last <= self.last

    def meets(self, other: Stretch) -> bool:
        """Whether the two share a moment: then they are one recording."""
        return self._one_reel(other) and self.first <= other.last and other.first <= self.last

    def _one_reel(self, other: Stretch) -> bool:
        short, long = sorted((self.reel.casefold(), other.reel.casefold()), key=len)
        same = short == long or (len(short) >= _REEL_LETTERS and long.startswith(short))
        return same and abs(self.rate - other.rate) * _RATES_APART < self.rate
