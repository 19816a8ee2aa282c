"""`wetgate clips`: what the show's index holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ...schema.errors import ConfigError
from ...schema.rate import rate_label, snap_rate
from ...schema.tables import ClipRow
from ..store.index import Index
from ..store.rows import id_of
from .screen import AsJson, Screen

Show = Annotated[str, typer.Argument(help="The show's code.")]


def clips(context: typer.Context, show: Show, as_json: AsJson = False) -> None:
    """List a show's clips: rate, timecode, reel, frames, and the frames (from 0) at which a new shot begins."""
    screen: Screen = context.obj
    database = screen.database()
    index = Index(database)
    paths = index.paths(show)
    rows = [row_of(clip, paths.get(id_of(clip))) for clip in index.clips(show)]
    database.close()
    if not as_json:
        rows = [{**row, "rate": label(row["rate"]), "cuts": ", ".join(map(str, row["cuts"]))} for row in rows]
    screen.table(
        rows,
        ("name", "source_class", "frames", "rate", "timecode", "reel", "size", "cuts", "path"),
        as_json=as_json,
        empty=f"{show} has no clips yet.",
    )


def row_of(clip: ClipRow, path: Path | None) -> dict[str, Any]:
    """A clip as the command line shows it; *path* is where it can be read now."""
    return {
        "name": clip.name,
        "path": str(path) if path else None,
        "rate": clip.rate,
        "timecode": clip.timecode,
        "reel": clip.reel,
        "frames": clip.frames,
        "size": f"{clip.width}x{clip.height}" if clip.width else "",
        "cuts": clip.cuts,
        "source_class": clip.source_class,
        "content_hash": clip.content_hash,
        "thumbnail": clip.thumbnail,
    }


def label(rate: str | None) -> str:
    """A stored rate for people."""
    try:
        return rate_label(snap_rate(rate)) if rate else ""
    except ConfigError:
        return rate or ""
