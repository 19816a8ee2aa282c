"""The size of an MP4's picture, from its header alone."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

_BOXES = {b"moov", b"trak"}


def size_of(path: Path) -> tuple[int, int] | None:
    """Width and height in pixels of the first track that has any; None for what is no MP4."""
    with path.open("rb") as source:
        return _within(source, path.stat().st_size)


def _within(source: BinaryIO, end: int) -> tuple[int, int] | None:
    while source.tell() + 8 <= end:
        start = source.tell()
        length, kind = struct.unpack(">I4s", source.read(8))
        if length == 1:
            wide = source.read(8)
            length = struct.unpack(">Q", wide)[0] if len(wide) == 8 else 0
        stop = end if length == 0 else start + length
        if stop <= start + 8 or stop > end:
            return None
        if kind in _BOXES:
            found = _within(source, stop)
            if found is not None:
                return found
        elif kind == b"tkhd":
            source.seek(stop - 8)
            width, height = struct.unpack(">II", source.read(8))
            if width and height:
                return width >> 16, height >> 16
        source.seek(stop)
    return None
