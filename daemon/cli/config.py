"""`wetgate config`: every setting, and where its value came from."""

from __future__ import annotations

import typer

from ..trackers import connector_faults
from .screen import AsJson, Screen


def config(context: typer.Context, as_json: AsJson = False) -> None:
    """Print each setting with its value and its origin (default, file or environment).

    A tracker of a kind that cannot be used here is named on stderr.
    """
    screen: Screen = context.obj
    rows = [{"setting": key, "value": value, "from": origin} for key, value, origin in screen.configuration.rows()]
    screen.table(rows, ("setting", "value", "from"), as_json=as_json, empty="no settings")
    for name, fault in connector_faults(screen.settings.trackers).items():
        screen.notes.print(f"trackers.{name}: {fault}", markup=False, soft_wrap=True)
