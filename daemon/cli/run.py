"""`wetgate run`: the daemon."""

from __future__ import annotations

import typer

from ..composition import compose
from .screen import Screen


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("run")(run)


def run(context: typer.Context) -> None:
    """Run the daemon: watch the shows' folders and trackers until it is told to stop (SIGTERM, Ctrl-C)."""
    screen: Screen = context.obj
    with compose(screen.configuration, quiet=False) as house:
        status = house.service().run()
    raise typer.Exit(status)
