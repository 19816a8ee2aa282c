"""Editorial papers that lie beside footage: told apart from text that means nothing here."""

from __future__ import annotations

import re
from pathlib import Path

_SIGNS = {
    ".edl": ("Edit decision list (EDL)", re.compile(rb"^\s*(TITLE:|\d{3,6}\s+\S+\s+\S+\s+\S)", re.M)),
    ".ale": ("Avid log (ALE)", re.compile(rb"^\s*Heading\b", re.M)),
    ".xml": ("Final Cut Pro XML", re.compile(rb"<(xmeml|fcpxml)\b")),
    ".fcpxml": ("Final Cut Pro XML", re.compile(rb"<fcpxml\b")),
    ".otio": ("OpenTimelineIO timeline", re.compile(rb'"OTIO_SCHEMA"')),
    ".aaf": ("AAF composition", re.compile(rb"\A\xd0\xcf\x11\xe0")),
    ".cdl": ("Colour decision list (CDL)", re.compile(rb"<ColorDecision|<ColorCorrection")),
    ".ccc": ("Colour decision list (CCC)", re.compile(rb"<ColorCorrection")),
    ".cc": ("Colour decision (CC)", re.compile(rb"<ColorCorrection")),
    ".cube": ("Look-up table", re.compile(rb"^\s*(LUT_[13]D_SIZE|TITLE)", re.M)),
}


def editorial_kind(path: Path, head: bytes) -> str | None:
    """What kind of editorial paper a file is, by extension and by its first bytes; None for anything else."""
    kind, sign = _SIGNS.get(path.suffix.lower(), (None, None))
    return kind if sign is not None and sign.search(head) else None
