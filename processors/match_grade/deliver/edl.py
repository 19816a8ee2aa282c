"""A CMX 3600 EDL that carries each shot's CDL as `ASC_SOP` and `ASC_SAT` comments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from ....schema.timecode import Timecode
from ..cdl import Cdl, Clamp, Triple
from ..store import ShotMatch
from .files import PLACE, clamp_words

_RECORD_START = "01:00:00:00"
_SOP = re.compile(r"\*\s*ASC_SOP\s*\(([^)]*)\)\s*\(([^)]*)\)\s*\(([^)]*)\)")
_SAT = re.compile(r"\*\s*ASC_SAT\s+(\S+)")


def write_edl(path: Path, title: str, shots: Sequence[ShotMatch]) -> Path:
    """One cut a shot, whole length, one after the other on V; record time runs at the first shot's rate."""
    rate = shots[0].rate
    drop = _source(shots[0], 0).drop
    lines = [f"TITLE: {title}", f"FCM: {'DROP FRAME' if drop else 'NON-DROP FRAME'}", ""]
    at = Timecode.parse(_RECORD_START, rate).frame
    for number, shot in enumerate(shots, 1):
        length = round(shot.frames * rate / shot.rate)
        times = (
            _source(shot, 0),
            _source(shot, shot.frames),
            Timecode(at, rate),
            Timecode(at + length, rate),
        )
        at += length
        reel = shot.reel or shot.id
        lines += [
            f"{number:03d}  {reel} V     C        {' '.join(str(time) for time in times)}",
            f"* FROM CLIP NAME: {shot.shot.name}",
            f"* ASC_SOP {_triples(shot.cdl)}",
            f"* ASC_SAT {shot.cdl.saturation:.6f}",
            f"* CDL WORKING SPACE: {shot.working_space}",
            f"* CDL CLAMP: {clamp_words(shot.cdl.clamp)}. PLACE: {PLACE}",
            "",
        ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def read_cdls(path: Path, clamp: Sequence[Clamp]) -> list[Cdl]:
    """The CDLs of an EDL, in order, each with the clamp style that it is to be used with."""
    text = path.read_text(encoding="utf-8")
    found = zip(_SOP.findall(text), _SAT.findall(text), clamp, strict=True)
    return [
        Cdl(slope=_read(sop[0]), offset=_read(sop[1]), power=_read(sop[2]), saturation=float(sat), clamp=style)
        for sop, sat, style in found
    ]


def _source(shot: ShotMatch, frame: int) -> Timecode:
    start = Timecode.parse(shot.timecode, shot.rate) if shot.timecode else Timecode(0, shot.rate)
    return Timecode(start.frame + frame, Fraction(shot.rate), start.drop)


def _triples(cdl: Cdl) -> str:
    return "".join(
        "(" + " ".join(f"{value:.6f}" for value in part) + ")" for part in (cdl.slope, cdl.offset, cdl.power)
    )


def _read(words: str) -> Triple:
    one, two, three = (float(word) for word in words.split())
    return one, two, three
