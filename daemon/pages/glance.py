"""The page's sections as HTML, made at most once a second however many people look."""

from __future__ import annotations

import csv
import io
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import jinja2

from ...schema.arrival import ArrivalState
from ..store.board import BoardReader
from ..store.board_values import Board
from .pictures import Pictures

SECTIONS = ("state", "attention", "jobs", "tasks", "arrivals", "versions", "findings")
_FRESH_SECONDS = 0.8
_MOST_SHOWS = 64
_FORMULA = frozenset("=+-@\t\r")


class Glance:
    """Board and sections of a show, shared by every visitor."""

    def __init__(self, reader: BoardReader, pictures: Pictures) -> None:
        """Read with *reader*, ask *pictures* what is there."""
        self._reader, self._pictures = reader, pictures
        self._lock = threading.Lock()
        self._kept: dict[str | None, tuple[float, Board, Mapping[str, str]]] = {}
        self._templates = jinja2.Environment(
            loader=jinja2.PackageLoader("wetgate.daemon.pages", "web"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
        )
        self._templates.filters |= {"size": size, "duration": duration, "iso": iso, "clock": clock, "plural": plural}

    def look(self, show: str | None) -> tuple[Board, Mapping[str, str]]:
        """The board and its sections' HTML by name. Raises SQLAlchemy's OperationalError."""
        with self._lock:
            kept = self._kept.get(show)
            if kept is None or time.monotonic() - kept[0] > _FRESH_SECONDS:
                board = self._reader.read(show)
                if len(self._kept) >= _MOST_SHOWS:
                    self._kept.clear()
                kept = self._kept[show] = (time.monotonic(), board, self._sections(board))
            return kept[1], kept[2]

    def page(self, show: str | None) -> str:
        """The whole page."""
        board, sections = self.look(show)
        return self._render("page.html", board=board, sections=sections)

    def arrivals_csv(self, state: ArrivalState, show: str | None) -> Iterator[str]:
        """Every file of a state as CSV, a line at a time."""
        yield _csv_line(("show", "file", "folder", "bytes", "since", "state", "reason"))
        for a in self._reader.arrivals(state, show):
            yield _csv_line((a.show, a.name, a.folder, str(a.size), iso(a.changed_at), a.state, a.reason))

    def trouble(self, what: str, mend: str) -> str:
        """A page that only says what is wrong."""
        return self._render("trouble.html", what=what, mend=mend)

    def _sections(self, board: Board) -> Mapping[str, str]:
        shown = self._pictures.shown(board)
        return {name: self._render(f"{name}.html", board=board, shown=shown) for name in SECTIONS}

    def _render(self, name: str, **values: Any) -> str:
        return self._templates.get_template(name).render(**values)


def _csv_line(cells: Sequence[str]) -> str:
    """One line; a cell that a spreadsheet would run as a formula is kept as text."""
    line = io.StringIO()
    csv.writer(line).writerow([f"'{cell}" if cell[:1] in _FORMULA else cell for cell in cells])
    return line.getvalue()


def size(count: int) -> str:
    """Bytes as people say them."""
    value = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit in {"B", "KB"} else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def duration(seconds: float) -> str:
    """A length of time, rounded as far as an estimate deserves."""
    if seconds < 10:
        return "a few seconds"
    if seconds < 90:
        return f"{round(seconds / 5) * 5} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def iso(at: float) -> str:
    """A moment for a machine."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def clock(at: float) -> str:
    """A moment for a person without scripts, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def plural(count: int, word: str) -> str:
    """`1 file`, `1,200 files`."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"
