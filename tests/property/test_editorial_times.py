"""Editorial time over every rate and position: exact on the way out and on the way back."""

from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
from hypothesis import given, settings
from hypothesis import strategies as st
from wetgate.connectors.editorial import return_timeline, write_checked
from wetgate.connectors.editorial.times import editing_rate, exact_rate
from wetgate.schema.editorial import PlateCut, ReturnPackage
from wetgate.schema.rate import NTSC_RATES
from wetgate.schema.timecode import Timecode, frames_per_day

NAMED = st.sampled_from([*NTSC_RATES, *(Fraction(n) for n in (12, 24, 25, 30, 48, 50, 60, 120))])


@given(st.one_of(NAMED, st.fractions(min_value=1, max_value=1000)))
def test_every_rate_comes_back_from_its_float(rate: Fraction) -> None:
    """What an edit may use is told exactly by the float that OTIO stores."""
    exact = editing_rate(rate)
    assert exact_rate(float(exact), "x") == exact
    assert editing_rate(exact) == exact
    assert abs(exact - rate) / rate < Fraction(2, 10_000)


@given(NAMED, st.data())
@settings(max_examples=40, deadline=None)
def test_a_version_has_its_plates_timecode_frame_for_frame(rate: Fraction, data: st.DataObject) -> None:
    """For any rate, start, handles and part of the shot, the written file puts frame N over frame N."""
    start = Timecode(data.draw(st.integers(0, frames_per_day(rate, drop=False) - 1)), rate)
    head, tail = data.draw(st.integers(0, 24)), data.draw(st.integers(0, 24))
    frames = head + tail + data.draw(st.integers(1, 500))
    first = data.draw(st.integers(0, frames - tail - 1))
    last = data.draw(st.integers(max(first, head), frames - 1))
    plate = PlateCut(
        name="p", path=Path("/p.mov"), clip="h", rate=rate, frames=frames, timecode=str(start), head=head, tail=tail
    )
    package = ReturnPackage(
        show="S", shot="010", code="S_010_v001", key="k", plate=plate, master=Path("/m.mkv"), report=Path("/r.json"),
        first_frame=1001 + first, last_frame=1001 + last,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = write_checked(return_timeline(package), Path(folder) / "r.otio")
        below, above = otio.adapters.read_from_file(str(path)).tracks
    clip = above[-1]
    shift = clip.source_range.start_time - below[0].source_range.start_time
    assert clip.range_in_parent().start_time.value == shift.value
    assert clip.source_range.start_time.value == start.frame + max(first, head)
    assert clip.source_range.end_time_inclusive().value == start.frame + min(last, frames - tail - 1)
    whole = clip.available_range()
    assert whole.start_time.value == start.frame + first
    assert whole.duration.value == last - first + 1
    assert exact_rate(clip.source_range.start_time.rate, "x") == rate
