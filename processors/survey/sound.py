"""Broadcast WAV: what a field recorder wrote beside the sound (EBU Tech 3285 `bext`, iXML 2.0)."""

from __future__ import annotations

import re
import struct
from fractions import Fraction
from typing import BinaryIO
from xml.etree import ElementTree

from ...schema.errors import ConfigError
from ...schema.rate import snap_rate
from ...schema.timecode import Timecode
from .text import plain_text

_WANTED = ("PROJECT", "SCENE", "TAKE", "TAPE", "CIRCLED", "NOTE", "WILD_TRACK", "NO_GOOD")
_LARGEST = 1 << 20


def recorder_words(file: BinaryIO) -> dict[str, str]:
    """iXML's project, scene, take, tape, note and track names, and `bext`'s description, by lower-case name.

    An empty dict for a file without them; a damaged chunk is passed over, since the sound may still be good.
    """
    found: dict[str, str] = {}
    for name, body in _chunks(file):
        if name == b"iXML":
            found |= _ixml(body)
        elif name == b"bext" and len(body) >= 602:
            # Description 256, Originator 32, OriginatorReference 32, Date 10, Time 8, TimeReference u64.
            found["originator"] = _text(body[256:288])
            found["date"], found["time"] = _text(body[320:330]), _text(body[330:338])
            found["samples_since_midnight"] = str(struct.unpack_from("<Q", body, 338)[0])
    return {key: plain for key, value in found.items() if (plain := plain_text(value))}


def start_timecode(words: dict[str, str], sample_rate: int) -> str | None:
    """The SMPTE label of the first sample: `bext` counts samples since midnight, iXML states the rate."""
    if not {"timecode_rate", "samples_since_midnight"} <= words.keys():
        return None
    try:
        rate = snap_rate(words["timecode_rate"])
        drop = words.get("timecode_flag", "").upper() == "DF"
        seconds = Fraction(int(words["samples_since_midnight"]), sample_rate)
        return str(Timecode(int(seconds * rate), rate, drop))
    except (ConfigError, ZeroDivisionError):
        return None


def _chunks(file: BinaryIO) -> list[tuple[bytes, bytes]]:
    file.seek(0)
    head = file.read(12)
    if head[:4] not in {b"RIFF", b"RF64"} or head[8:12] != b"WAVE":
        return []
    found = []
    while len(header := file.read(8)) == 8:
        name, size = header[:4], int.from_bytes(header[4:], "little")
        if name in {b"bext", b"iXML"} and size <= _LARGEST:
            found.append((name, file.read(size)))
            file.seek(size & 1, 1)
        else:
            file.seek(size + (size & 1), 1)
    return found


def _ixml(body: bytes) -> dict[str, str]:
    text = re.sub(r"<\?xml[^>]*\?>", "", body.rstrip(b"\0").decode("utf-8", "replace")).strip()
    if "<!" in text:  # a document type can define entities without end; recorders write none
        return {}
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return {}
    found = {key.lower(): (root.findtext(key) or "").strip() for key in _WANTED}
    tracks = [track.text.strip() for track in root.iter("NAME") if track.text and track.text.strip()]
    rate = root.findtext("SPEED/TIMECODE_RATE") or ""
    flag = (root.findtext("SPEED/TIMECODE_FLAG") or "").strip()
    return found | {"tracks": " ".join(tracks), "timecode_rate": rate.strip(), "timecode_flag": flag}


def _text(raw: bytes) -> str:
    return raw.split(b"\0")[0].decode("ascii", "replace").strip()
