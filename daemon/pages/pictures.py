"""Pictures and files by the id of their row: no path ever comes from an address."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from ...schema import tables
from ..store import Database
from ..store.board_values import Board
from ..store.board_words import timecode_at

TYPES: Final[dict[str, str]] = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".json": "application/json",
    ".otio": "application/json",
    ".html": "text/html; charset=utf-8",
}
_PICTURES = (".png", ".jpg", ".jpeg", ".webp")
_PAIR = re.compile(r"^before\.(\d{1,9})(\.png|\.jpg)$")
_TABLES = tables.VersionRow.metadata.tables
_VERSION, _FINDING, _CLIP = _TABLES["version"], _TABLES["finding"], _TABLES["clip"]


@dataclass(frozen=True)
class Shown:
    """Which pictures of a board are there, so that the page asks for no other."""

    thumbnails: set[int] = field(default_factory=set)
    compares: set[int] = field(default_factory=set)
    reviews: set[int] = field(default_factory=set)
    reports: set[int] = field(default_factory=set)
    pages: set[int] = field(default_factory=set)
    timelines: set[int] = field(default_factory=set)
    sheets: set[int] = field(default_factory=set)
    evidence: set[tuple[int, int]] = field(default_factory=set)
    clips: set[int] = field(default_factory=set)


class Pictures:
    """Files below the work root, found through the database."""

    def __init__(self, database: Database, work_root: Path) -> None:
        """Files that resolve to a place outside *work_root* are as if they were not there."""
        self._database = database
        self._root = work_root.resolve()

    def shown(self, board: Board) -> Shown:
        """What is there for a board."""
        shown = Shown()
        for row in self._rows(_VERSION, (version.id for version in board.versions)):
            if self._version_file(row, "thumbnail"):
                shown.thumbnails.add(row.id)
            if self._version_file(row, "review"):
                shown.reviews.add(row.id)
            if self._version_file(row, "report"):
                shown.reports.add(row.id)
            if self._version_file(row, "page"):
                shown.pages.add(row.id)
            if self._version_file(row, "timeline"):
                shown.timelines.add(row.id)
            if self._version_file(row, "contact_sheet"):
                shown.sheets.add(row.id)
            if self._pairs(row):
                shown.compares.add(row.id)
        for row in self._rows(_FINDING, (finding.id for finding in board.findings)):
            places = range(len(row.finding.get("evidence", ())))
            shown.evidence.update((row.id, place) for place in places if self._evidence(row, place))
        clips = {line.clip_id for group in board.arrivals for line in group.latest if line.clip_id is not None}
        shown.clips.update(row.id for row in self._rows(_CLIP, clips) if self._confined(row.thumbnail))
        return shown

    def version_file(self, version_id: int, what: str) -> Path | None:
        """A version's `thumbnail`, `contact_sheet`, `review`, `report`, `page` (the report to read) or `timeline`."""
        row = self._row(_VERSION, version_id)
        return self._version_file(row, what) if row else None

    def compare(self, version_id: int) -> dict[str, Any] | None:
        """A version's before/after frames with their source timecode, or None where there are none."""
        row = self._row(_VERSION, version_id)
        pairs = self._pairs(row) if row else {}
        if not row or not pairs:
            return None
        outcome = row.outcome or {}
        first = int(outcome.get("first_frame") or min(pairs))
        code, rate = outcome.get("timecode"), outcome.get("rate")
        frames = [{"frame": n, "timecode": timecode_at(code, rate, n - first)} for n in sorted(pairs)]
        return {"id": row.id, "code": row.code, "rate": rate, "frames": frames}

    def frame(self, version_id: int, side: str, frame: int) -> Path | None:
        """The `before` or `after` picture of a shot frame."""
        row = self._row(_VERSION, version_id)
        pair = self._pairs(row).get(frame) if row else None
        return self._confined(pair[side == "after"]) if pair else None

    def evidence(self, finding_id: int, position: int) -> Path | None:
        """A finding's evidence picture."""
        row = self._row(_FINDING, finding_id)
        return self._evidence(row, position) if row else None

    def clip(self, clip_id: int) -> Path | None:
        """A clip's thumbnail."""
        row = self._row(_CLIP, clip_id)
        return self._confined(row.thumbnail) if row else None

    def _rows(self, table: sa.Table, ids: Iterable[int]) -> list[Any]:
        wanted = list(ids)
        if not wanted:
            return []
        with self._database.read() as session:
            return list(session.execute(sa.select(table).where(table.c.id.in_(wanted))))

    def _row(self, table: sa.Table, row_id: int) -> Any:
        return next(iter(self._rows(table, [row_id])), None)

    def _version_file(self, row: Any, what: str) -> Path | None:
        if what == "timeline":
            return self._confined(Path(row.folder) / f"{row.code}.otio")
        outcome = row.outcome or {}
        if what == "page":
            return self._confined(next((path for path in outcome.get("files", ()) if path.endswith(".html")), None))
        return self._confined(outcome.get(what))

    def _evidence(self, row: Any, position: int) -> Path | None:
        pictures = row.finding.get("evidence", ())
        if not 0 <= position < len(pictures):
            return None
        path = self._confined(pictures[position].get("path"))
        return path if path and path.suffix.lower() in _PICTURES else None

    def _pairs(self, row: Any) -> dict[int, tuple[Path, Path]]:
        """Shot frame to its two files, for frames that have both."""
        folder = Path(row.folder) / "compare"
        try:
            names = {path.name for path in folder.iterdir()}
        except OSError:
            return {}
        pairs = {}
        for name in names:
            match = _PAIR.match(name)
            after = f"after{name.removeprefix('before')}"
            if match and after in names:
                pairs[int(match[1])] = (folder / name, folder / after)
        return pairs

    def _confined(self, path: Path | str | None) -> Path | None:
        """The real path of a file of a known type below the work root; links are followed first."""
        if not path:
            return None
        try:
            real = (self._root / path).resolve(strict=True)
        except (OSError, RuntimeError, ValueError):
            return None
        inside = real.is_relative_to(self._root) and real.suffix.lower() in TYPES
        return real if inside and real.is_file() else None
