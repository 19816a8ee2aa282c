"""`wetgate plugins`: the installed connectors and processors."""

from __future__ import annotations

import typer

from .. import plugins as found
from .screen import AsJson, Screen


def plugins(context: typer.Context, as_json: AsJson = False) -> None:
    """List connectors and processors, and why one does not load."""
    screen: Screen = context.obj
    rows = [
        {
            "kind": plugin.group.rpartition(".")[2][:-1],
            "name": plugin.name,
            "from": plugin.origin,
            "fault": plugin.fault,
        }
        for plugin in found.installed()
    ]
    screen.table(rows, ("kind", "name", "from", "fault"), as_json=as_json, empty="no plugins")
