"""`wetgate migrate`: bring the database to this release's tables."""

from __future__ import annotations

import typer

from .screen import AsJson, Screen


def migrate(context: typer.Context, as_json: AsJson = False) -> None:
    """Bring the database's tables up to date. The daemon does the same at its start."""
    screen: Screen = context.obj
    database = screen.database()
    shown = database.url.render_as_string(hide_password=True)
    screen.answer({"database": shown, "state": "up to date"}, as_json=as_json, text=f"{shown} is up to date.")
    database.close()
