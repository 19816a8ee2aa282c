"""Timecode and rates: every label means one frame, and back."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wetgate.schema.errors import ConfigError
from wetgate.schema.rate import NTSC_RATES, rate_label, rate_text, snap_rate
from wetgate.schema.timecode import Timecode, droppable, frames_per_day

RATES = sorted({*NTSC_RATES, *(Fraction(n) for n in (24, 25, 30, 48, 50, 60))})
DROP_RATES = [rate for rate in RATES if droppable(rate)]


@given(st.sampled_from(RATES), st.integers(0, 200_000_000))
def test_non_drop_labels_round_trip(rate: Fraction, frame: int) -> None:
    """A frame's label reads back as that frame, a day wrapping around."""
    written = Timecode(frame, rate)
    assert Timecode.parse(str(written), rate) == written
    assert written.frame == frame % frames_per_day(rate, drop=False)


@given(st.sampled_from(DROP_RATES), st.integers(0, 200_000_000))
def test_drop_labels_round_trip(rate: Fraction, frame: int) -> None:
    """Drop-frame labels read back as their frame, whichever minute they fall in."""
    written = Timecode(frame, rate, drop=True)
    assert Timecode.parse(str(written), rate) == written


@given(st.sampled_from(DROP_RATES), st.integers(0, 5_000_000))
def test_drop_frame_stays_with_the_clock(rate: Fraction, frame: int) -> None:
    """A drop-frame label is never more than a tenth of a second from real time."""
    hours, minutes, seconds = (int(part) for part in str(Timecode(frame, rate, drop=True))[:8].split(":"))
    labelled = hours * 3600 + minutes * 60 + seconds
    real = (frame % frames_per_day(rate, drop=True)) / rate
    assert -Fraction(1, 10) <= real - labelled < Fraction(11, 10)


@given(st.sampled_from(RATES), st.integers(0, 10_000_000), st.integers(-500, 500))
def test_adding_frames_is_adding_frames(rate: Fraction, frame: int, step: int) -> None:
    """Adding and taking back the same number of frames changes nothing."""
    start = Timecode(frame, rate)
    assert (start + step) + -step == start


@pytest.mark.parametrize(
    ("text", "rate", "frame"),
    [
        ("00:01:00;02", Fraction(30000, 1001), 1800),
        ("00:10:00;00", Fraction(30000, 1001), 17982),
        ("01:00:00;00", Fraction(30000, 1001), 107892),
        ("01:00:00;00", Fraction(60000, 1001), 215784),
        ("01:02:03:04", Fraction(24000, 1001), 89356),
        ("23:59:59:24", Fraction(25), 2159999),
    ],
)
def test_known_labels(text: str, rate: Fraction, frame: int) -> None:
    """The values that SMPTE ST 12-1 gives."""
    assert Timecode.parse(text, rate).frame == frame
    assert str(Timecode.parse(text, rate)) == text


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("00:01:00;00", Fraction(30000, 1001)),
        ("00:00:00:24", Fraction(24)),
        ("24:00:00:00", Fraction(24)),
        ("00:60:00:00", Fraction(24)),
        ("00:00:00;10", Fraction(24000, 1001)),
        ("1:2:3:4", Fraction(24)),
        ("", Fraction(24)),
    ],
)
def test_labels_that_do_not_exist_are_refused(text: str, rate: Fraction) -> None:
    """A label that the rate does not have is an error, never another frame."""
    with pytest.raises(ConfigError):
        Timecode.parse(text, rate)


@pytest.mark.parametrize(
    ("nominal", "exact"),
    [
        ("23.976", Fraction(24000, 1001)),
        ("23.98", Fraction(24000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        ("47.95", Fraction(48000, 1001)),
        ("59.940", Fraction(60000, 1001)),
        ("119.88", Fraction(120000, 1001)),
        ("25.000", Fraction(25)),
        ("24 fps", Fraction(24)),
        ("24000/1001", Fraction(24000, 1001)),
    ],
)
def test_nominal_rates_snap_to_exact_ones(nominal: str, exact: Fraction) -> None:
    """Every common spelling of a rate means its exact fraction."""
    assert snap_rate(nominal) == exact
    assert snap_rate(rate_text(exact)) == exact
    assert snap_rate(rate_label(exact)) == exact


@pytest.mark.parametrize("wrong", ["23.9", "fast", "", "24/0", "24.5"])
def test_unknown_rates_are_refused(wrong: str) -> None:
    """A rate outside the closed table is a question, not a guess."""
    with pytest.raises(ConfigError):
        snap_rate(wrong)


def test_a_float_rate_is_refused() -> None:
    """By the time that a rate is a float its exactness is gone."""
    with pytest.raises(ConfigError):
        snap_rate(23.976)  # type: ignore[arg-type]  # the point of the test
