"""Exact time in and out of OpenTimelineIO, whose rates are floats.

Frames are counted in whole numbers and rates are `Fraction`s here; the float of a rate is always
the one nearest to the fraction. OTIO's own timecode functions are not used: with a nominal 23.976
`to_timecode` is silently frames off (OTIO 0.18.1).
"""

from __future__ import annotations

from fractions import Fraction

import opentimelineio as otio

from ...schema.errors import ConfigError, ConnectorError
from ...schema.rate import NTSC_RATES, rate_label, rate_text
from ...schema.timecode import Timecode

_NEAR = Fraction(2, 10_000)
_MAX_DENOMINATOR = 100_000


def editing_rate(rate: Fraction) -> Fraction:
    """The rate that an edit uses: a container's 2997/125 or 47.95 is the NTSC rate beside it.

    A measured average such as 2997003/100001 is simplified as far as its float can be told from others.
    """
    for exact in NTSC_RATES:
        if abs(rate - exact) / exact < _NEAR:
            return exact
    return rate.limit_denominator(_MAX_DENOMINATOR)


def exact_rate(value: float, where: str) -> Fraction:
    """The fraction that a rate in a timeline stands for.

    Raises ConnectorError for a float that no rate has, such as the nominal 23.976.
    """
    fraction = Fraction(value).limit_denominator(_MAX_DENOMINATOR) if value > 0 else Fraction(0)
    if fraction <= 0 or float(fraction) != value or editing_rate(fraction) != fraction:
        raise ConnectorError(f"{where}: {value!r} is no exact rate; 24000/1001 and the like are.")
    return fraction


def frames(count: int, rate: Fraction) -> otio.opentime.RationalTime:
    """A whole number of frames (or samples) at an exact rate."""
    return otio.opentime.RationalTime(count, float(rate))


def span(first: int, count: int, rate: Fraction) -> otio.opentime.TimeRange:
    """`count` frames from frame `first` on."""
    return otio.opentime.TimeRange(frames(first, rate), frames(count, rate))


def start_frame(timecode: str | None, rate: Fraction) -> int | None:
    """The frame since midnight that a label stands for; None without one, or where the rate lacks it."""
    try:
        return Timecode.parse(timecode, rate).frame if timecode else None
    except ConfigError:
        return None


def timecode_words(timecode: str | None, rate: Fraction) -> dict[str, object]:
    """What a clip's metadata says about its timecode."""
    if timecode and start_frame(timecode, rate) is None:
        return {"timecode": timecode, "timecode_problem": f"{timecode} does not exist at {rate_label(rate)} frames/s"}
    return {"timecode": timecode or "", "drop_frame": bool(timecode) and Timecode.parse(timecode or "", rate).drop}


def time_fact(time: otio.opentime.RationalTime, where: str) -> str:
    """A time in words that compare exactly: `86484 @ 24000/1001`. Raises ConnectorError for part frames."""
    if time.value != int(time.value):
        raise ConnectorError(f"{where}: {time.value!r} is no whole number of frames.")
    return f"{int(time.value)} @ {rate_text(exact_rate(time.rate, where))}"
