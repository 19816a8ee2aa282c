"""SMPTE ST 12-1 timecode on rational time, drop-frame and non-drop."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from .errors import ConfigError
from .rate import NTSC_RATES, rate_label

_PATTERN = re.compile(r"^(\d{2}):(\d{2}):(\d{2})([:;.,])(\d{2,3})$")


@dataclass(frozen=True, slots=True, order=False)
class Timecode:
    """A frame on a 24-hour clock.

    `frame` counts from 00:00:00:00 at `rate`; it is always within one day. Drop-frame skips
    labels, never frames, and exists only at 29.97, 59.94 and 119.88 (ST 12-1, ST 12-3).
    """

    frame: int
    rate: Fraction
    drop: bool = False

    def __post_init__(self) -> None:
        if self.rate <= 0:
            raise ConfigError(f"A frame rate must be positive, not {self.rate}.")
        if self.drop and not droppable(self.rate):
            raise ConfigError(f"Drop-frame timecode does not exist at {rate_label(self.rate)} frames/s.")
        object.__setattr__(self, "frame", self.frame % frames_per_day(self.rate, drop=self.drop))

    @classmethod
    def parse(cls, text: str, rate: Fraction) -> Timecode:
        """Read `HH:MM:SS:FF`; `;`, `.` or `,` before the frames means drop-frame.

        Raises ConfigError for text that is no timecode, a frame label that the rate does not
        have, and a label that drop-frame skips.
        """
        match = _PATTERN.match(text.strip())
        if not match:
            raise ConfigError(f"{text!r} is no timecode; it reads HH:MM:SS:FF.")
        hours, minutes, seconds, frames = (int(match[i]) for i in (1, 2, 3, 5))
        drop = match[4] != ":"
        base = nominal(rate)
        if drop and not droppable(rate):
            raise ConfigError(f"{text!r} is drop-frame, which does not exist at {rate_label(rate)} frames/s.")
        if hours > 23 or minutes > 59 or seconds > 59 or frames >= base:
            raise ConfigError(f"{text!r} does not exist at {rate_label(rate)} frames/s.")
        count = ((hours * 60 + minutes) * 60 + seconds) * base + frames
        if drop:
            skipped = base // 15
            if minutes % 10 and seconds == 0 and frames < skipped:
                raise ConfigError(f"{text!r} is a label that drop-frame skips.")
            total = hours * 60 + minutes
            count -= skipped * (total - total // 10)
        return cls(count, rate, drop)

    def __str__(self) -> str:
        base = nominal(self.rate)
        count = self.frame
        if self.drop:
            skipped = base // 15
            per_ten, per_one = base * 600 - skipped * 9, base * 60 - skipped
            tens, rest = divmod(count, per_ten)
            count += skipped * 9 * tens
            if rest >= base * 60:
                count += skipped * (1 + (rest - base * 60) // per_one)
        rest, frames = divmod(count, base)
        minutes, seconds = divmod(rest, 60)
        hours, minutes = divmod(minutes, 60)
        mark = ";" if self.drop else ":"
        width = 3 if base > 100 else 2
        return f"{hours:02}:{minutes:02}:{seconds:02}{mark}{frames:0{width}}"

    def __add__(self, frames: int) -> Timecode:
        return Timecode(self.frame + frames, self.rate, self.drop)


def nominal(rate: Fraction) -> int:
    """The whole number of labels in a second: 24 for 24000/1001."""
    return -(-rate.numerator // rate.denominator)


def droppable(rate: Fraction) -> bool:
    """Whether drop-frame exists at this rate: the NTSC multiples of 29.97."""
    return rate in NTSC_RATES and nominal(rate) % 30 == 0


def frames_per_day(rate: Fraction, *, drop: bool) -> int:
    """Frame labels in 24 hours of timecode."""
    base = nominal(rate)
    return base * 86400 - (base // 15 * 9 * 6 * 24 if drop else 0)
