"""Frames as people write them, counted on a plate of 100 frames from 1001, 01:00:10:00 at 24 fps, 8 handles."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from wetgate.schema.frames import FrameCount

PLATE = FrameCount("A001", 1001, 100, 8, "01:00:10:00", Fraction(24))
NTSC = FrameCount("A002", 1001, 3000, 8, "01:00:58;00", Fraction(30000, 1001))


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("1012-1040", (1012, 1040)),
        ("1012 \u2013 1040", (1012, 1040)),
        ("1012 to 1040", (1012, 1040)),
        ("1012..1040", (1012, 1040)),
        ("1012", (1012, 1012)),
        ("01:00:10:05-01:00:11:00", (1006, 1025)),
        ("1:00:10:05 - 1010", (1006, 1010)),
        ("head+4 - tail-2", (1005, 1098)),
        ("HEAD + 4 - TAIL - 2", (1005, 1098)),
        ("head - 1010", (1001, 1010)),
        ("tail-10-tail", (1090, 1100)),
        ("cut", (1009, 1092)),
        ("cut in - 2 - cut_out+3", (1007, 1095)),
        ("cut_in-1040", (1009, 1040)),
        ("all", None),
    ],
)
def test_each_way_of_writing_is_one_stretch(text: str, frames: tuple[int, int] | None) -> None:
    """Numbers, timecode and offsets may be mixed; a minus before three digits is an offset, before four a stretch."""
    assert PLATE.span(text) == frames


def test_drop_frame_timecode_counts_frames_not_labels() -> None:
    """At 29.97 drop two labels are skipped at the minute, and colons are read as the reel counts."""
    assert NTSC.span("01:00:59;29-01:01:00;02") == (1060, 1061)
    assert NTSC.span("01:00:59:29-01:01:00:02") == (1060, 1061)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("900-950", "1001-1100"),
        ("1040-1012", "ends before"),
        ("02:00:00:00", "01:00:10:00-01:00:14:03"),
        ("01:00:10:30", "does not exist"),
        ("head+200", "head+200 (frame 1201)"),
        ("next week", "no stretch"),
        ("", "no stretch"),
    ],
)
def test_what_cannot_be_counted_says_why(text: str, says: str) -> None:
    """The plate's own frames and timecode stand in the answer."""
    with pytest.raises(ValueError, match=re.escape(says)):
        PLATE.span(text)


def test_a_plate_without_timecode_says_so() -> None:
    """Timecode on a plate that has none asks for shot frames."""
    with pytest.raises(ValueError, match="has no timecode"):
        FrameCount("A003", 1001, 10).span("01:00:00:00")


def test_frames_inside_boxes_are_counted() -> None:
    """Boxes and stretches keep their values, also beside a drop-frame timecode with its semicolon."""
    assert PLATE.marks("01:00:10:05: 1,2,3,4; head+3: 4,5,6,7; 9,9,9,9") == "1006: 1,2,3,4; 1004: 4,5,6,7; 9,9,9,9"
    assert PLATE.marks("100,50,200,300") == "100,50,200,300"
    assert PLATE.stretches("head+1 - 01:00:10:12: 4; 1012: -2") == "1002-1013: 4; 1012-1012: -2"
    assert NTSC.marks("01:00:59;29: 1,2,3,4; 1012: 5,6,7,8") == "1060: 1,2,3,4; 1012: 5,6,7,8"
