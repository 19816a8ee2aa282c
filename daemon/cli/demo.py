"""`wetgate demo`: one day of a show on real clips."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ..demo.table import Day
from .screen import AsJson, Screen


def demo(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder for everything that the demo makes; emptied first.")] = Path(
        "demo-out"
    ),
    as_json: AsJson = False,
) -> None:
    """Play one day of a show: dailies, a continuity check, two fixes, and every promise checked.

    Exit status 0 only if every promise held. Needs 5 to 15 minutes on two cores.
    """
    from ..demo.day import play  # its second decoder is an extra that no other command needs

    screen: Screen = context.obj
    with screen.progress("demo") as progress:
        day = play(out, screen.notes.print, progress)
    if as_json:
        print(json.dumps({**day.model_dump(mode="json"), "held": day.held}, indent=2))
    else:
        _print(day)
    raise typer.Exit(0 if day.held else 1)


def _print(day: Day) -> None:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
    table = Table(header_style="bold", show_lines=True)
    for name in day.rows[0].cells():
        table.add_column(name, overflow="fold", justify="right" if name == "seconds" else "left")
    for row in day.rows:
        table.add_row(*row.cells().values())
    console.print(table)
    for row in day.rows:
        for words in row.failed:
            console.print(f"NOT KEPT  {row.task}: {words}", style="bold red")
    kept = "Every promise was kept." if day.held else "Some promises were not kept."
    console.print(f"{kept} {day.seconds / 60:.1f} minutes.")
    console.print(f"Look at {day.folder}: contact sheets, movies, reports and timelines.")
    console.print(f"The status page was at {day.status_page}.")
