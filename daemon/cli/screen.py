"""What every verb shares: the settings, the database, and how an answer is shown."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ...schema.ports import Progress as Report
from ...schema.settings import Settings
from .. import configuration
from ..configuration import Configuration, database_url
from ..store import Database

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


class Screen:
    """One command's view of settings and terminal. Answers go to stdout, everything else to stderr."""

    def __init__(self, config_file: Path | None) -> None:
        """Settings are read when they are first asked for."""
        self._config_file = config_file
        self.notes = Console(stderr=True, highlight=False)

    @cached_property
    def configuration(self) -> Configuration:
        """The settings with their origins."""
        return configuration.load(self._config_file)

    @property
    def settings(self) -> Settings:
        """The settings."""
        return self.configuration.settings

    def database(self) -> Database:
        """The database, its tables brought up to date."""
        database = Database(database_url(self.settings))
        database.migrate()
        return database

    def answer(self, value: Any, *, as_json: bool, text: str | None = None) -> None:
        """Print *value* as JSON, or *text* for people."""
        print(json.dumps(value, indent=2, default=str) if as_json or text is None else text)

    def table(self, rows: Sequence[dict[str, Any]], columns: Sequence[str], *, as_json: bool, empty: str) -> None:
        """Print rows as JSON (every key) or as a table of *columns*; *empty* says that there are none."""
        if as_json:
            print(json.dumps(list(rows), indent=2, default=str))
            return
        if not rows:
            print(empty)
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(column.replace("_", " "), overflow="fold")
        for row in rows:
            table.add_row(*("" if row[column] is None else str(row[column]) for column in columns))
        Console(width=None if sys.stdout.isatty() else 200, highlight=False).print(table)

    @contextmanager
    def progress(self, title: str) -> Iterator[Report]:
        """A progress bar on stderr, fed by the yielded function."""
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[doing]}"),
            console=self.notes,
        )
        with bar:
            task = bar.add_task(title, total=1.0, doing="")

            def report(share: float, doing: str) -> None:
                bar.update(task, completed=share, doing=doing)

            yield report
