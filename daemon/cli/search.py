"""`wetgate search SHOW TEXT [--like FILE]`: find footage by words or by picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ...schema.errors import ConfigError
from ...schema.tables import ClipRow
from .clips import Show, row_of
from .screen import AsJson, Screen


def search(
    context: typer.Context,
    show: Show,
    text: Annotated[str, typer.Argument(help="Words: parts of names, reels, sizes, formats, logged words.")] = "",
    like: Annotated[Path | None, typer.Option(help="A picture or clip: find footage that looks like it.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many answers.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Find clips by words, by a picture, or by both (clips that have the words, the most alike first)."""
    from ..composition import compose  # every room of the house; commands that need none start faster
    from ..ingest.likeness import pictures_of

    screen: Screen = context.obj
    if not text and like is None:
        raise ConfigError("Say what to look for: words, or --like FILE.")
    if like is not None and not like.exists():
        raise ConfigError(f"{like} does not exist.")
    with compose(screen.configuration) as house:
        hits: list[tuple[ClipRow, float, int | None]] = []
        worded = {hit.clip.id: hit for hit in house.index.search_text(show, text, limit=1000)} if text else None
        if like is not None:
            alike = house.shards.search_like(show, pictures_of(like), limit=1000 if worded is not None else limit)
            hits = [(hit.clip, hit.score, hit.frame) for hit in alike if worded is None or hit.clip.id in worded]
        elif worded is not None:
            hits = [(hit.clip, hit.score, None) for hit in worded.values()]
        rows: list[dict[str, Any]] = [
            {**row_of(clip, house.index.path_of(clip)), "score": round(score, 4), "frame": frame}
            for clip, score, frame in hits[:limit]
        ]
    screen.table(rows, ("name", "score", "frame", "path"), as_json=as_json, empty="nothing found")
