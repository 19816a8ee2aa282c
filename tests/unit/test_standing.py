"""Where a task stands, in words that change only when there is something to say."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session
from wetgate.daemon.publish.standing import MOST_AT_ONCE, STANDING, WhereIsIt
from wetgate.daemon.publish.standing_words import standing_words
from wetgate.daemon.store import Database
from wetgate.daemon.store.jobs import Jobs
from wetgate.daemon.store.ledger import Ledger
from wetgate.daemon.store.standing import Standing, Standings
from wetgate.daemon.store.tasks import Tasks
from wetgate.schema.job import Failure, Job, JobState, Lane, Order
from wetgate.schema.settings import NoteSettings, ShowSettings
from wetgate.schema.tables import JobRow, TaskRow
from wetgate.schema.tracker import EntityRef, TrackerTask


def at(state: str = "queued", job: JobState | None = None, **more: object) -> str:
    """The words of a standing."""
    return standing_words(Standing.model_validate({
        "task_id": 1, "show": "PINE", "state": state, "reason": "", "told": "", "changed_at": 1.0, "job": job, **more,
    }))  # fmt: skip


def test_progress_is_told_in_steps() -> None:
    """A whole job makes a handful of edits, however often it reports."""
    told = {at(job=JobState.RUNNING, progress=share / 1000) for share in range(1000)}
    assert len(told) == 5
    assert "Being worked on: 40%." in told


def test_the_queue_is_told_exactly_only_near_its_front() -> None:
    """A hundred waiting tasks are not all edited whenever one ends."""
    assert at(job=JobState.QUEUED, place=1) == "In the queue, next."
    assert at(job=JobState.QUEUED, place=4) == "In the queue, number 4."
    assert len({at(job=JobState.QUEUED, place=place) for place in range(51, 101)}) == 1


def test_what_keeps_a_job_from_its_turn_is_said() -> None:
    """A pause, and what the run before failed of: the same words while it is tried again, so no edit each time."""
    assert at(job=JobState.QUEUED, place=3, held=True) == "Paused by a person."
    away = "Tried again by itself: /mnt/pine is away."
    assert at(job=JobState.QUEUED, place=1, fault="/mnt/pine is away.") == away
    assert at(job=JobState.RUNNING, progress=0.1, fault="/mnt/pine is away.") == away
    assert at(job=JobState.RUNNING, progress=0.3, fault="/mnt/pine is away.") == "Being worked on: 20%."


def test_a_reason_is_said_and_kept_short() -> None:
    """What a task waits for stands in its note; a page of it does not."""
    assert at("waiting", reason="Needs a pull.") == "Waiting: Needs a pull."
    assert len(at("refused", reason="word " * 500)) < 400


class Site:
    """A show's tasks and their jobs, and the notes as they are ordered; nobody carries them out."""

    def __init__(self, database: Database) -> None:
        self.database, self.jobs, self.tasks = database, Jobs(database), Tasks(database)
        self.standings = Standings(database)
        self.shows = {"PINE": ShowSettings(), "QUIET": ShowSettings(notes=NoteSettings(where=False))}
        self.where = WhereIsIt(
            self.shows, database=database, jobs=self.jobs, tasks=self.tasks, ledger=Ledger(database),
            tracker_for=lambda name: pytest.fail(f"{name} is not spoken to"),
        )  # fmt: skip
        self.made = 0

    def task(self, state: str = "queued", *, show: str = "PINE", priority: int | None = None, reason: str = "") -> int:
        """A task, with a processor's job where it has a *priority*."""
        with self.database.write() as session:
            return self._add(session, state, show, priority, reason)

    def queue(self, count: int) -> list[int]:
        """So many tasks that wait for their turn, in its order."""
        with self.database.write() as session:
            return [self._add(session, "queued", "PINE", 50, "") for _ in range(count)]

    def _add(self, session: Session, state: str, show: str, priority: int | None, reason: str) -> int:
        self.made += 1
        ref = EntityRef(type="Task", id=str(self.made), name="cleanup")
        task = TrackerTask(ref=ref, project=show, name="cleanup", entity=None, status="rdy", assigned_to_us=True)
        row = self.tasks.seen(session, show, "main", task)
        assert row.id is not None
        self.tasks.move(session, row.id, state, reason)
        if priority is not None:
            self.jobs.enqueue(session, self.order(row.id, show, priority))
        return row.id

    def order(self, task: int, show: str = "PINE", priority: int = 50) -> Order:
        """The job that a processor does for a task."""
        return Order(
            show=show, kind="process", lane=Lane.PROCESS, priority=priority, task_id=task, dedupe_key=f"task:{task}"
        )  # fmt: skip

    def ordered(self) -> list[int]:
        """The tasks whose notes are ordered to be edited, in the order in which the orders are taken."""
        self.where.order(lambda: None)
        taken = [job for job in self.jobs.list(states=[JobState.QUEUED], limit=10_000) if job.kind == STANDING]
        return [job.task_id for job in sorted(taken, key=lambda job: (-job.priority, job.id)) if job.task_id]

    def edited(self) -> int:
        """Order edits, and carry them out until all notes are true; how many there were."""
        count = 0
        while tasks := self.ordered():
            count += len(tasks)
            with self.database.write() as session:
                for one in filter(None, map(self.standings.of, tasks)):
                    self.standings.told(session, one, standing_words(one))
                session.execute(sa.delete(JobRow).where(sa.column("kind") == STANDING))
        return count

    def told(self, task: int) -> str:
        """What the task's note says."""
        return self.tasks.get(task).told

    def begin(self) -> Job:
        """Claim the next job."""
        return self.jobs.claim({Lane.PROCESS: 1}, 60.0)[0]

    def end(self, job: Job, state: str) -> None:
        """The job ends, and its task moves to *state*; empty where it does not move."""
        with self.database.write() as session:
            self.jobs.finish(session, job, {})
            if state:
                self.tasks.move(session, job.task_id or 0, state, "It is in the tracker.")


@pytest.fixture
def site(database: Database) -> Site:
    """On each kind of database."""
    return Site(database)


def test_places_follow_the_order_in_which_jobs_are_taken(site: Site) -> None:
    """Higher priority first, then the older; what is paused takes nobody's place. One task's look says the same."""
    late, urgent, later = (site.task(priority=priority) for priority in (50, 90, 50))
    site.task(show="QUIET", priority=99)
    site.jobs.pause("QUIET")
    found = {one.task_id: one for one in site.standings.unsettled(["PINE", "QUIET"])}
    places = {urgent: 1, late: 2, later: 3}
    assert {task: found[task].place for task in places} == places
    for task, place in places.items():
        one = site.standings.of(task)
        assert one is not None
        assert (one, one.place) == (found[task], place)
    site.jobs.pause("PINE")
    one = site.standings.of(urgent)
    assert one is not None
    assert standing_words(one) == "Paused by a person."
    assert standing_words({one.task_id: one for one in site.standings.unsettled(["PINE"])}[late]) == standing_words(one)


def test_what_is_over_is_not_read_again(site: Site) -> None:
    """Of tasks that were told only those with an open job are looked at, and those that change."""
    over = [site.task("done", reason="It is in the tracker.") for _ in range(30)]
    waiting = site.task(priority=50)
    site.task("new")
    quiet = site.task("done", show="QUIET")
    assert site.edited() == 31
    assert [one.task_id for one in site.standings.unsettled(["PINE"])] == [waiting]
    assert site.told(quiet) == ""
    with site.database.write() as session:
        site.tasks.move(session, over[3], "rejected", "Waits for a reply.")
        site.tasks.move(session, over[4], "done", "It is in the tracker.")
    assert site.ordered() == [over[3]], "the other's note is as true as it was"
    assert site.edited() == 1
    assert [one.task_id for one in site.standings.unsettled(["PINE"])] == [waiting]


def test_a_job_that_begins_and_ends_without_its_task_is_told(site: Site) -> None:
    """A fix that is made goes to the tracker next, and a job that is tried again by hand is in the queue again."""
    made = site.task(priority=50)
    site.edited()
    job = site.begin()
    assert (site.edited(), site.told(made)) == (1, "Being worked on: 0%.")
    site.end(job, "")
    assert (site.edited(), site.told(made)) == (1, "Made, and on its way into the tracker.")
    failed = site.task(priority=50)
    job = site.begin()
    with site.database.write() as session:
        site.jobs.fail(session, job, Failure(type="ProcessorError", message="No room."))
        site.tasks.move(session, failed, "failed", "No room.")
    assert (site.edited(), site.told(failed)) == (1, "Could not be done: No room.")
    site.jobs.retry(job.id)
    assert (site.edited(), site.told(failed)) == (1, "In the queue, next.")


def test_a_job_that_ends_costs_a_dozen_edits_however_long_the_queue_is(site: Site) -> None:
    """Three hundred tasks move on by one place: those near the front are told, and one at each step behind."""
    tasks = site.queue(300)
    assert site.edited() == 300
    first = site.begin()
    assert site.edited() <= 12
    site.end(first, "done")
    assert site.edited() <= 12
    assert site.told(tasks[0]) == "Done: It is in the tracker."
    assert site.told(tasks[1]) == "In the queue, next."
    assert site.told(tasks[299]) == "In the queue, among the next 500."


def test_news_goes_before_places_and_no_show_floods_its_site(site: Site) -> None:
    """A look orders so many edits of a show, no more while they are under way: what happened first, then the front."""
    tasks = site.queue(MOST_AT_ONCE + 20)
    assert site.ordered() == tasks[:MOST_AT_ONCE]
    with site.database.write() as session:
        site.jobs.drop(session, "process", tasks[-1])
        site.jobs.drop_cancelled(session, Failure(type="Cancelled", message="Taken back."))
        site.tasks.move(session, tasks[-1], "dropped", "Taken back.")
    ordered = site.ordered()
    assert ordered[0] == tasks[-1]
    assert len(ordered) == MOST_AT_ONCE + 1, "what was ordered stays ordered, and nothing is ordered twice"
    assert site.edited() >= MOST_AT_ONCE + 20
    assert site.told(tasks[-1]) == "Taken back: Taken back."


def test_a_look_reads_off_its_indexes(sqlite: Database) -> None:
    """However many tasks are over and however many files wait to be indexed: neither table is read through."""
    looks: list[tuple[str, Any]] = []

    def heard(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if "FROM job" in statement or "FROM task" in statement:
            looks.append((statement, parameters))

    with sqlite.write() as session:
        session.add(TaskRow(id=1, show="PINE", tracker="main", tracker_ref="1", name="x", state="done", changed_at=1.0))
        Jobs(sqlite).enqueue(session, Order(show="PINE", kind="process", lane=Lane.PROCESS, task_id=1))
    sa.event.listen(sqlite.engine, "before_cursor_execute", heard)
    standings = Standings(sqlite)
    assert standings.unsettled(["PINE", "OAK"]) == [standings.of(1)]
    sa.event.remove(sqlite.engine, "before_cursor_execute", heard)
    assert len(looks) == 6
    with sqlite.engine.connect() as connection:
        for statement, parameters in looks:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            steps = [row.detail for row in plan]
            assert not [step for step in steps if step.startswith(("SCAN job", "SCAN task")) or "B-TREE" in step], steps
