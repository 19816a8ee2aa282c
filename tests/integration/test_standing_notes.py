"""The note that says where a task stands, in the practice tracker: one for each task, edited in place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from practice import PROJECT, Practice, SandboxBench, practice
from wetgate.daemon.publish.standing import STANDING, WhereIsIt
from wetgate.daemon.sandbox import Fault
from wetgate.daemon.store import Database
from wetgate.daemon.store.jobs import Jobs
from wetgate.daemon.store.ledger import Ledger
from wetgate.daemon.store.tasks import Tasks
from wetgate.schema.job import Job, Lane
from wetgate.schema.settings import ShowSettings
from wetgate.schema.tables import LedgerRow
from wetgate.schema.tracker import EntityRef


class Told:
    """One task in the practice tracker, and the daemon's way of telling where it stands."""

    def __init__(self, database: Database, site: Practice) -> None:
        self.database, self.bench = database, SandboxBench(site, Fault())
        self.tasks = Tasks(database)
        self.where = WhereIsIt(
            {PROJECT: ShowSettings()}, database=database, jobs=Jobs(database), tasks=self.tasks,
            ledger=Ledger(database), tracker_for=lambda _name: self.bench.tracker,
        )  # fmt: skip
        self.task = self.bench.make_task("cleanup")
        with database.write() as session:
            row = self.tasks.seen(session, PROJECT, "main", self.bench.tracker.task(self.task))
        assert row.id is not None
        self.id = row.id
        self.key = f"wetgate-where-{PROJECT}-{self.task.id}"

    def move(self, state: str, reason: str) -> None:
        """The task goes on."""
        with self.database.write() as session:
            self.tasks.move(session, self.id, state, reason)

    def run(self, attempt: int = 1) -> tuple[Job, dict[str, Any]]:
        """The job, without what follows from its end."""
        job = Job(
            id=1, show=PROJECT, kind=STANDING, lane=Lane.TELL, payload={"task_id": self.id}, attempt=attempt,
            fence=1, task_id=self.id,
        )  # fmt: skip
        run = self.where.kind().run
        assert callable(run)
        return job, run(job, lambda _share, _doing: None)

    def tell(self, attempt: int = 1) -> None:
        """The whole job."""
        job, result = self.run(attempt)
        with self.database.write() as session:
            self.where.kind().record(session, job, result)

    def note(self) -> str:
        """What the one note says."""
        assert self.bench.notes(self.key) == 1
        found = self.bench.tracker.find_note(self.key)
        assert isinstance(found, EntityRef)
        return self.bench.text_of(found)


@pytest.fixture
def told(sqlite: Database, tmp_path: Path) -> Iterator[Told]:
    with practice(tmp_path / "sandbox") as site:
        made = Told(sqlite, site)
        yield made
        made.bench.close()


def test_one_note_is_edited_in_place(told: Told) -> None:
    """Written once, and edited from then on."""
    told.move("waiting", "Needs a pull.")
    told.tell()
    assert told.note() == "Waiting: Needs a pull."
    told.move("done", "SH010_v001 is in the tracker.")
    told.tell()
    assert told.note() == "Done: SH010_v001 is in the tracker."


def test_a_note_that_a_broken_off_run_wrote_says_what_holds_now(told: Told) -> None:
    """The daemon died after the note was written and before that was kept; meanwhile the task went on."""
    told.move("waiting", "Needs a pull.")
    told.run()
    told.move("done", "SH010_v001 is in the tracker.")
    told.tell(attempt=2)
    assert told.note() == "Done: SH010_v001 is in the tracker."
    assert told.tasks.get(told.id).told == told.note()


def test_a_note_that_was_written_before_its_answer_came_says_what_holds_now(told: Told) -> None:
    """As above, but even the ledger does not know that the note is there."""
    told.move("waiting", "Needs a pull.")
    told.run()
    with told.database.write() as session:
        row = session.get_one(LedgerRow, told.key)
        row.result = row.done_at = None
    told.move("done", "SH010_v001 is in the tracker.")
    told.tell(attempt=2)
    assert told.note() == "Done: SH010_v001 is in the tracker."
