"""Camera raw: formats that are indexed by name and content, and decoded elsewhere."""

from __future__ import annotations

from pathlib import Path

RAW_FRAMES = frozenset({".ari", ".arx", ".dng"})
"""Raw formats that keep one file a frame."""

_BY_EXTENSION = {
    ".r3d": "REDCODE RAW",
    ".ari": "ARRIRAW",
    ".arx": "ARRIRAW HDE",
    ".braw": "Blackmagic RAW",
    ".crm": "Canon Cinema RAW Light",
    ".nev": "Nikon N-RAW",
    ".dng": "CinemaDNG",
}
_SMALLEST = 64


def raw_format(path: Path, size: int) -> str | None:
    """The name of the raw format by the file's extension; None for anything else, and for a mere stub.

    ARRIRAW and X-OCN inside MXF have no extension of their own: the probe names them when an MXF's
    picture has no decoder.
    """
    return _BY_EXTENSION.get(path.suffix.lower()) if size >= _SMALLEST else None


def raw_note(name: str) -> str:
    """What a person is told about a raw clip."""
    return f"{name} is not decoded here: found by name, reel and content; its proxy stands in for it."
