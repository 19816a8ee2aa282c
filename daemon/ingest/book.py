"""The book of a show's arrivals: what a look at the storage means for what is written down."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import structlog

from ...schema.arrival import ArrivalState
from ..steps import Step, passed
from ..store.arrivals import WAITING, Arrivals, Sighting, Standing
from ..store.database import Database
from ..store.rows import id_of
from .look import Look, sight

log = structlog.get_logger(__name__)

_T = TypeVar("_T")
_BATCH = 1000
_GONE = "It is no longer there."
_SINGLE = {state.value for state in ArrivalState} - {ArrivalState.DUPLICATE.value}


class Book:
    """Writes down what was seen, what is back and what is gone, in few transactions. Nothing is remembered here."""

    def __init__(self, database: Database, show: str, arrivals: Arrivals) -> None:
        """The arrivals of *show*."""
        self._database = database
        self._show = show
        self._arrivals = arrivals
        self._log = log.bind(show=show)

    def see(self, sightings: Sequence[Sighting]) -> None:
        """New and changed files begin as seen."""
        for some in batches(sightings):
            with self._database.write() as session:
                self._arrivals.see(session, self._show, some)
            passed(Step.ARRIVAL_SEEN)

    def apply(self, root: Path, seen: Look) -> None:
        """A look below *root*: new and changed files, those that are back, those that are gone."""
        rows = {row.path: row for row in self.below(root)}
        news, back = [], []
        for path, sighting in seen.sightings.items():
            row = rows.get(path)
            if row is None or _changed(row, sighting):
                news.append(sighting)
            elif row.offline:
                back.append(row.id)
        self.see(news)
        self._back(back)
        self._absorb(rows, seen)
        self.gone(
            [
                row
                for path, row in rows.items()
                if path not in seen.sightings and path not in seen.frames and seen.speaks_for(path)
            ]
        )

    def alive(self, root: Path) -> bool:
        """Whether the root is there; an empty folder where files were known is a mount point without its mount."""
        try:
            with os.scandir(root) as entries:
                return next(entries, None) is not None or not self.below(root)
        except OSError:
            return False

    def away(self, root: Path) -> None:
        """The root is not there: its files are offline, whatever they were."""
        rows = [row.id for row in self.below(root) if not row.offline]
        if not rows:
            return
        self._log.warning("storage is away", root=str(root), files=len(rows))
        with self._database.write() as session:
            self._arrivals.offline(session, rows, f"The storage {root} is not there (not mounted?).")

    def gone(self, rows: Sequence[Standing]) -> None:
        """Single files that are not there any more."""
        present = [row for row in rows if not row.offline]
        # A file that was never looked into leaves nothing behind: often the name it had while it was copied.
        unknown = {row.id for row in present if row.state == ArrivalState.SEEN and row.clip_id is None}
        if not present:
            return
        with self._database.write() as session:
            self._arrivals.forget(session, sorted(unknown))
            self._arrivals.offline(session, [row.id for row in present if row.id not in unknown], _GONE)

    def revisit(self, rooted: Callable[[Path], bool]) -> None:
        """Paths that a person gave, below no root: changed, back or gone?"""
        changed, back, gone = [], [], []
        for row in self._arrivals.standing(self._show):
            path = Path(row.path)
            if rooted(path):
                continue
            try:
                sighting = sight(Path(row.root), path)
            except OSError as error:
                self._log.info("file cannot be looked at", path=row.path, why=error.strerror or str(error))
                continue
            if sighting is None:
                gone.append(row)
            elif _changed(row, sighting):
                changed.append(sighting)
            elif row.offline:
                back.append(row.id)
        self.see(changed)
        self._back(back)
        self.gone(gone)

    def again(self, paths: Sequence[Path]) -> None:
        """What was refused is tried again when a person asks for it."""
        asked = set(map(str, paths))
        refused = self._arrivals.of(self._show, ArrivalState.QUARANTINED)
        with self._database.write() as session:
            ids = [id_of(row) for row in refused if row.path in asked]
            self._arrivals.move(session, ids, ArrivalState.SEEN, WAITING)

    def below(self, root: Path) -> list[Standing]:
        """The arrivals below a folder."""
        start = f"{root}".rstrip("/") + "/"
        return [row for row in self._arrivals.standing(self._show) if row.path.startswith(start)]

    def _back(self, ids: Sequence[int]) -> None:
        if ids:
            with self._database.write() as session:
                self._arrivals.back(session, ids)

    def _absorb(self, rows: dict[str, Standing], seen: Look) -> None:
        """Single pictures of the book that turn out to be frames of a sequence."""
        framed: dict[Path, list[int]] = {}
        for path, sequence in seen.frames.items():
            row = rows.get(path)
            if row is not None and (row.state in _SINGLE or row.clip_id is not None):
                framed.setdefault(sequence, []).append(row.id)
        if framed:
            with self._database.write() as session:
                for sequence, ids in framed.items():
                    self._arrivals.absorbed(session, ids, sequence)


def batches(rows: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Parts of *rows* that are written in one transaction each."""
    return (rows[start : start + _BATCH] for start in range(0, len(rows), _BATCH))


def _changed(row: Standing, sighting: Sighting) -> bool:
    return (row.size, row.mtime_ns) != (sighting.size, sighting.mtime_ns)
