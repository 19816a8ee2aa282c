"""A pull list: the frames that are wanted from camera originals, as CMX 3600 EDL and as ALE.

Written by hand: reels stay whole, the record side starts at 01:00:00:00, and the ALE's FPS is the
nominal label that Media Composer knows (23.976), none of which common writers do. Both files are
read back and compared before they may be used.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from ...schema.errors import ConnectorError
from ...schema.pull import Pull
from ...schema.rate import rate_label
from ...schema.timecode import Timecode
from .times import editing_rate

_EVENT = re.compile(r"^(\d{3})  (\S+) +V +C +(\S+) (\S+) (\S+) (\S+)$")
_COLUMNS = ("Name", "Tracks", "Start", "End", "Duration", "Tape", "Source File", "Comments")
_LEAST_REEL = 8
_FORMATS = {(1920, 1080): "1080", (1280, 720): "720", (720, 576): "PAL", (720, 486): "NTSC", (720, 480): "NTSC"}

Event = tuple[str, str, str, str, str]
"""Reel, source in, source out, record in, record out; outs are the frame after the last, as in any EDL."""


def video_format(width: int, height: int) -> str:
    """VIDEO_FORMAT of a Media Composer project that cuts clips of this size in pixels; CUSTOM for all unusual ones."""
    return _FORMATS.get((width, height), "CUSTOM")


def write_pulls(pulls: Sequence[Pull], folder: Path, name: str, *, video_format: str) -> tuple[Path, ...]:
    """Write `<name>.edl` and `<name>.ale` into *folder*, a pair for each rate, and return their paths.

    Pulls without a timecode have no place in either and are left out. Raises ConnectorError when a
    file does not read back as what was meant.
    """
    by_rate: dict[Fraction, list[Pull]] = defaultdict(list)
    for pull in pulls:
        if pull.label(0) is not None:
            by_rate[editing_rate(pull.rate)].append(pull)
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for rate, some in sorted(by_rate.items()):
        stem = name if len(by_rate) == 1 else f"{name}_{rate_label(rate).replace('/', '-')}"
        events = _events(some, rate)
        edl = _edl(stem, some, events)
        if read_edl(edl) != events:
            raise ConnectorError(f"{stem}.edl does not read back as the pulls that were written.")
        ale = _ale(some, events, rate, video_format)
        if read_ale(ale) != [dict(zip(_COLUMNS, row, strict=True)) for row in _rows(some, events)]:
            raise ConnectorError(f"{stem}.ale does not read back as the pulls that were written.")
        written += [_put(folder / f"{stem}.edl", edl), _put(folder / f"{stem}.ale", ale)]
    return tuple(written)


def read_edl(text: str) -> list[Event]:
    """The video events of an EDL."""
    found = (_EVENT.match(line) for line in text.splitlines())
    return [(m[2], m[3], m[4], m[5], m[6]) for m in found if m]


def read_ale(text: str) -> list[dict[str, str]]:
    """The rows of an ALE by their column names."""
    lines = text.splitlines()
    names = lines[lines.index("Column") + 1].split("\t")
    return [dict(zip(names, line.split("\t"), strict=True)) for line in lines[lines.index("Data") + 1 :] if line]


def _events(pulls: Sequence[Pull], rate: Fraction) -> list[Event]:
    events: list[Event] = []
    drop = all(Timecode.parse(pull.start or "", rate).drop for pull in pulls)
    record = Timecode.parse("01:00:00;00" if drop else "01:00:00:00", rate)
    for pull in pulls:
        begin = Timecode.parse(pull.start or "", rate) + pull.first
        after = record + pull.frames
        events.append((_reel(pull), str(begin), str(begin + pull.frames), str(record), str(after)))
        record = after
    return events


def _reel(pull: Pull) -> str:
    """The reel as it is, blanks apart; the clip's name where the file names no reel."""
    return re.sub(r"\s+", "_", (pull.reel or pull.name).strip()) or "UNKNOWN"


def _edl(title: str, pulls: Sequence[Pull], events: Sequence[Event]) -> str:
    drop = all(";" in event[1] for event in events)
    lines = [f"TITLE: {title}", f"FCM: {'DROP FRAME' if drop else 'NON-DROP FRAME'}", ""]
    for number, (pull, event) in enumerate(zip(pulls, events, strict=True), 1):
        reel, *times = event
        lines.append(f"{number:03}  {reel:{_LEAST_REEL}} V     C        {' '.join(times)}")
        lines.append(f"* FROM CLIP NAME: {pull.name}")
        lines.append(f"* SOURCE FILE: {pull.path.name}")
        lines.append(f"* COMMENT: {_handles(pull)}")
    return "\n".join([*lines, ""])


def _ale(pulls: Sequence[Pull], events: Sequence[Event], rate: Fraction, video_format: str) -> str:
    heading = [
        ("FIELD_DELIM", "TABS"),
        ("VIDEO_FORMAT", video_format),
        ("AUDIO_FORMAT", "48khz"),
        ("FPS", rate_label(rate)),
    ]
    lines = ["Heading", *("\t".join(pair) for pair in heading), "", "Column", "\t".join(_COLUMNS), "", "Data"]
    return "\n".join([*lines, *("\t".join(row) for row in _rows(pulls, events)), ""])


def _rows(pulls: Sequence[Pull], events: Sequence[Event]) -> list[tuple[str, ...]]:
    rows = []
    for pull, (reel, begin, end, _, _) in zip(pulls, events, strict=True):
        length = str(Timecode(pull.frames, editing_rate(pull.rate)))
        row = (pull.name, "V", begin, end, length, reel, pull.path.name, _handles(pull))
        rows.append(tuple(re.sub(r"[\t\r\n]+", " ", cell) for cell in row))
    return rows


def _handles(pull: Pull) -> str:
    return f"wanted as {pull.role}; {pull.head} frames of handle at the head and {pull.tail} at the tail are included"


def _put(path: Path, text: str) -> Path:
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8", newline="\r\n")
    part.replace(path)
    return path
