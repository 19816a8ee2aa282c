"""The show's way from a file on its storage to a row in its index."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlmodel import Session

from ...schema.arrival import ArrivalState
from ...schema.errors import ConfigError
from ...schema.settings import IngestSettings
from ..steps import Step, passed
from ..store.arrivals import Sighting, Standing
from ..store.database import Database
from ..store.index import Index
from ..store.jobs import Jobs
from .book import Book, batches
from .kind import survey_order
from .look import Look, look, sight
from .settle import Settling
from .watch import Watcher

log = structlog.get_logger(__name__)

_TURN = 1.0


class Ingest:
    """Watches a show's roots, and brings every file on them to an answer.

    Events are hints, the sweep is the truth; rows in the database are all that is remembered, so
    that a kill at any moment loses nothing. Nothing is ever written below the roots.
    """

    def __init__(
        self,
        database: Database,
        show: str,
        roots: Sequence[Path],
        settings: IngestSettings,
        *,
        jobs: Jobs,
        index: Index,
        folder: Path,
        queued: Callable[[], None],
    ) -> None:
        """Surveys put their pictures below *folder*, the show's own; *queued* is called after jobs were queued."""
        self._database = database
        self._show = show
        self._roots = tuple(Path(os.path.abspath(root)) for root in roots)  # noqa: PTH100 - Path.absolute keeps `..`
        self._settings = settings
        self._jobs = jobs
        self._folder = Path(os.path.abspath(folder))  # noqa: PTH100 - as above
        self._arrivals = index.arrivals
        self._book = Book(database, show, index.arrivals)
        self._queued = queued
        self._settling = Settling(settings.settle_seconds)
        self._lock = threading.Lock()
        self._dirty: dict[Path, bool] = {}
        self._sweep_at = 0.0
        self._turns = threading.RLock()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._watcher = Watcher(self._roots, self._hint, self._lost) if settings.watch else None
        self._log = log.bind(show=show)

    # -- life --------------------------------------------------------------------------------

    def start(self) -> None:
        """Watch and sweep on a thread of our own until `stop`."""
        if self._watcher:
            self._watcher.start()
        self._over.clear()
        self._thread = threading.Thread(target=self._run, name=f"ingest-{self._show}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop after the turn that is under way."""
        self._over.set()
        if self._thread:
            self._thread.join()
            self._thread = None
        if self._watcher:
            self._watcher.stop()

    def _run(self) -> None:
        wait = min(_TURN, max(0.05, self._settings.settle_seconds / 4))
        while not self._over.wait(wait):
            try:
                self.turn()
            except (OperationalError, InterfaceError) as error:
                self._lost()  # the hints of this turn are used up: everything is looked at when it is back
                self._log.warning("database does not answer; ingest waits", why=str(error.orig))
            # The boundary that keeps one fault of the storage or of a file from ending all ingest.
            except Exception:  # noqa: BLE001 - see above; the trace is logged
                self._lost()
                self._log.exception("ingest turn failed; it will be taken again")

    # -- what others ask ---------------------------------------------------------------------

    def add(self, paths: Iterable[Path]) -> list[Path]:
        """Take files, folders or sequence patterns wherever they lie; returns the arrivals' paths.

        Raises ConfigError for a path that is not there.
        """
        added: list[Path] = []
        with self._turns:
            for given in paths:
                path = Path(os.path.abspath(given))  # noqa: PTH100 - Path.absolute keeps `..`
                root = self._root_of(path) or (path if path.is_dir() else path.parent)
                if path.is_dir():
                    seen = look(root, [path], self._settings.ignore, deep=True)
                    self._book.apply(root, seen)
                    added += [sighting.path for sighting in seen.sightings.values()]
                elif sighting := self._given(root, path):
                    self._book.apply(root, Look(sightings={str(sighting.path): sighting}))
                    added.append(sighting.path)
                else:
                    raise ConfigError(f"{given} is not there. Check the path.", path=str(given))
            self._book.again(added)
        return added

    def _given(self, root: Path, path: Path) -> Sighting | None:
        """A path that a person gave; one frame stands for its sequence."""
        near = look(root, [path.parent], self._settings.ignore, deep=False)
        return sight(root, near.frames.get(str(path), path))

    def pending(self) -> int:
        """How many of the show's files are not answered yet."""
        return self._arrivals.pending(self._show)

    def sweep(self) -> None:
        """Look at everything: the roots and below, and the single paths that were given outside of them."""
        with self._turns:
            self._sweep_at = time.monotonic() + self._settings.sweep_seconds
            with self._lock:
                self._dirty.clear()
            for root in self._roots:
                self._sweep_root(root)
            self._book.revisit(lambda path: self._root_of(path) is not None)
            self._order_again()

    def turn(self) -> None:
        """One turn of the loop: a sweep when it is due, else the paths that were hinted at; then what settled."""
        with self._turns:
            if self._watcher and self._thread:
                self._watcher.ensure()
            if time.monotonic() >= self._sweep_at:
                self.sweep()
            else:
                self._hinted()
            self._settle()

    # -- hints -------------------------------------------------------------------------------

    def _hint(self, path: Path, is_folder: bool) -> None:
        with self._lock:
            self._dirty[path] = self._dirty.get(path, False) or is_folder

    def _lost(self) -> None:
        self._sweep_at = 0.0

    def _hinted(self) -> None:
        with self._lock:
            dirty, self._dirty = self._dirty, {}
        for root in self._roots:
            mine = {path: folder for path, folder in dirty.items() if path.is_relative_to(root)}
            if not mine:
                continue
            if not self._book.alive(root):
                self._sweep_root(root)
                continue
            shallow = {path.parent if path != root else root for path in mine}
            deep = {path for path, is_folder in mine.items() if is_folder and path != root}
            self._book.apply(root, look(root, _outermost(deep), self._settings.ignore, deep=True))
            self._book.apply(root, look(root, shallow, self._settings.ignore, deep=False))

    def _sweep_root(self, root: Path) -> None:
        if self._book.alive(root):
            self._book.apply(root, look(root, [root], self._settings.ignore, deep=True))
        else:
            self._book.away(root)

    def _root_of(self, path: Path) -> Path | None:
        return next((root for root in self._roots if path.is_relative_to(root)), None)

    # -- settling ----------------------------------------------------------------------------

    def _settle(self) -> None:
        """Queue the survey of every file that has rested; a file that still changes begins its rest again."""
        ready, changed, gone = [], [], []
        for row in self._arrivals.standing(self._show, ArrivalState.SEEN):
            path = Path(row.path)
            try:
                sighting = sight(Path(row.root), path)
            except OSError as error:
                self._log.info("file cannot be looked at", path=row.path, why=error.strerror or str(error))
                continue
            if sighting is None:
                gone.append(row)
                continue
            rested = self._settling.settled(row.path, sighting.size, sighting.mtime_ns, time.monotonic())
            if (sighting.size, sighting.mtime_ns) != (row.size, row.mtime_ns):
                changed.append(sighting)
            elif rested:
                ready.append(row)
        self._book.see(changed)
        self._book.gone([row for row in gone if self._book.alive(Path(row.root))])
        for row in (*gone, *ready):
            self._settling.forget(row.path)
        for some in batches(ready):
            with self._database.write() as session:
                mine = self._arrivals.settle(session, [row.id for row in some])
                self._order(session, [row for row in some if row.id in mine])
            self._queued()
            passed(Step.ARRIVAL_SETTLED)

    def _order_again(self) -> None:
        """A settled file always has its job; one whose job was lost with a restored database gets another."""
        rows = self._arrivals.standing(self._show, ArrivalState.SETTLED, ArrivalState.VERIFIED)
        for some in batches(rows):
            with self._database.write() as session:
                self._order(session, some)

    def _order(self, session: Session, rows: Iterable[Standing]) -> None:
        self._jobs.enqueue_many(session, (survey_order(self._show, row, self._folder) for row in rows))


def _outermost(folders: set[Path]) -> list[Path]:
    return [folder for folder in folders if not any(parent in folders for parent in folder.parents)]
