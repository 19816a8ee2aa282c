"""The ingest room with its queue, for tests: real parts, surveys run in this process or in real workers."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from wetgate.daemon.ingest.classes import SourceClasses
from wetgate.daemon.ingest.ingest import Ingest
from wetgate.daemon.ingest.kind import survey_kind
from wetgate.daemon.ingest.work import survey
from wetgate.daemon.queue.dispatcher import Dispatcher
from wetgate.daemon.queue.endings import Endings
from wetgate.daemon.queue.lanes import LanePlan
from wetgate.daemon.queue.limits import Limits
from wetgate.daemon.store import Database
from wetgate.daemon.store.index import Index
from wetgate.daemon.store.jobs import Jobs
from wetgate.schema.job import Job, Lane
from wetgate.schema.settings import IngestSettings

SHOW = "PINE"


class House:
    """One show with a root `roll` and a work folder beside it."""

    def __init__(self, database: Database, folder: Path, *, settle: float = 0.05, watch: bool = False) -> None:
        self.database, self.roll, self.work = database, folder / "roll", folder / "work"
        self.roll.mkdir(exist_ok=True)
        self.index, self.jobs = Index(database), Jobs(database)
        self.settings = IngestSettings(settle_seconds=settle, watch=watch, sweep_seconds=1e-9 if not watch else 600)
        self.kind = survey_kind(self.index, SourceClasses({}), lambda: None)
        self.endings = Endings(database, self.jobs, {self.kind.name: self.kind})
        self.ingest = self.open()

    def open(self, queued: Callable[[], None] = lambda: None) -> Ingest:
        """Another run of the same room: what only memory knew is gone."""
        return Ingest(
            self.database,
            SHOW,
            [self.roll],
            self.settings,
            jobs=self.jobs,
            index=self.index,
            folder=self.work / SHOW,
            queued=queued,
        )

    def claim(self) -> list[Job]:
        """The surveys that are queued."""
        found: list[Job] = []
        while some := self.jobs.claim({Lane.INDEX: 2}, 60):
            found += some
        return found

    def answer(self) -> int:
        """Run every queued survey here and record it; returns how many there were."""
        jobs = self.claim()
        for job in jobs:
            self.endings.done(job, survey(job.payload, lambda _share, _doing: None))
        return len(jobs)

    def settle(self) -> None:
        """Turns until everything that rests is answered."""
        self.ingest.turn()
        time.sleep(self.settings.settle_seconds + 0.02)
        self.ingest.turn()
        self.answer()

    def states(self) -> dict[str, str]:
        """State by path below the root."""
        return {os.path.relpath(row.path, self.roll): row.state for row in self.index.arrivals.of(SHOW)}

    def reason(self, name: str) -> str:
        """The reason of one path's state."""
        row = self.index.arrivals.at(SHOW, self.roll / name)
        assert row is not None
        return row.reason

    @contextmanager
    def workers(self, count: int = 1, **limits: int) -> Iterator[Dispatcher]:
        """A dispatcher with real worker processes, and the room's own thread, while the block runs."""
        plan = LanePlan(count, Limits.model_validate({"threads": 1, **limits}))
        dispatcher = Dispatcher(self.database, self.jobs, [self.kind], {Lane.INDEX: plan})
        self.ingest = self.open(dispatcher.wake)
        dispatcher.start()
        self.ingest.start()
        try:
            yield dispatcher
        finally:
            self.ingest.stop()
            dispatcher.stop()

    def wait(self, files: int, seconds: float) -> None:
        """Wait until *files* arrivals are there and all are answered."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.index.arrivals.count(SHOW) >= files and not self.ingest.pending():
                return
            time.sleep(0.25)
        raise AssertionError(
            f"after {seconds} s: {len(self.states())} of {files} seen, {self.ingest.pending()} waiting"
        )


def fingerprint(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Every name below a folder with its size, modification time and content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path.relative_to(folder))] = (status.st_size, status.st_mtime_ns, content)
    return found


def access_times(folder: Path) -> dict[str, int]:
    """When each file was last read, as the file system tells."""
    return {str(path): path.stat().st_atime_ns for path in sorted(folder.rglob("*")) if path.is_file()}
