"""`wetgate doctor`: what would keep Wetgate from working, and what to change."""

from __future__ import annotations

import typer

from ..doctor import problems
from .screen import AsJson, Screen


def doctor(context: typer.Context, as_json: AsJson = False) -> None:
    """Check settings, folders, database, plugins and trackers. Exit status 1 when something must be changed."""
    screen: Screen = context.obj
    rows = [problem.model_dump() for problem in problems(screen.settings)]
    screen.table(rows, ("what", "mend"), as_json=as_json, empty="Everything is in order.")
    if rows:
        raise typer.Exit(1)
