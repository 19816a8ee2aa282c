"""`wetgate ingest SHOW PATH...`: take files into a show's index, and wait for every answer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...schema.errors import ConfigError
from .clips import Show
from .screen import AsJson, Screen


def ingest(
    context: typer.Context,
    show: Show,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files or folders; nothing is written there.")],
    as_json: AsJson = False,
) -> None:
    """Index files or folders now and say what became of each.

    The daemon does the work where one runs; otherwise this command does it itself. Exit status 0
    though some files were quarantined: their reasons are in the answer.
    """
    from ..composition import compose  # every room of the house; commands that need none start faster
    from ..ingest.once import ingest_and_wait

    screen: Screen = context.obj
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise ConfigError(f"{missing[0]} does not exist.")
    with compose(screen.configuration) as house, screen.progress("ingest") as progress:
        dispatcher = house.dispatcher(indexing_only=True)
        rows = ingest_and_wait(
            show,
            house.ingest(show, dispatcher.wake),
            [path.absolute() for path in paths],
            index=house.index,
            lock=house.lock,
            dispatcher=dispatcher,
            progress=progress,
        )
    screen.table(rows, ("state", "source_class", "path", "reason"), as_json=as_json, empty="no media files there")
