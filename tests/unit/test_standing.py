"""Where a task stands, in words that change only when there is something to say."""

from __future__ import annotations

import time

from sqlmodel import Session
from wetgate.daemon.publish.standing import standing_words
from wetgate.daemon.store import Database
from wetgate.daemon.store.jobs import Jobs
from wetgate.daemon.store.standing import Standing, Standings
from wetgate.schema.job import JobState, Lane, Order
from wetgate.schema.tables import TaskRow


def at(state: str = "queued", job: JobState | None = None, **more: object) -> str:
    """The words of a standing."""
    return standing_words(Standing.model_validate({
        "task_id": 1, "show": "PINE", "state": state, "reason": "", "told": "", "job": job, **more,
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


def test_a_reason_is_said_and_kept_short() -> None:
    """What a task waits for stands in its note; a page of it does not."""
    assert at("waiting", reason="Needs a pull.") == "Waiting: Needs a pull."
    assert len(at("refused", reason="word " * 500)) < 400


def task(session: Session, name: str) -> int:
    """A task of the show."""
    row = TaskRow(show="PINE", tracker="main", tracker_ref=name, name=name, state="queued", changed_at=time.time())
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def test_places_follow_the_order_in_which_jobs_are_taken(database: Database) -> None:
    """Higher priority first, then the older; what was told is kept with the task."""
    jobs, standings = Jobs(database), Standings(database)
    with database.write() as session:
        ids = {}
        for name, priority in (("late", 50), ("urgent", 90), ("later", 50)):
            ids[name] = task(session, name)
            order = Order(show="PINE", kind="process", lane=Lane.PROCESS, priority=priority, task_id=ids[name])
            jobs.enqueue(session, order)
        standings.told(session, ids["late"], "In the queue, number 2.")
    found = {one.task_id: one for one in standings.all()}
    assert {name: found[number].place for name, number in ids.items()} == {"urgent": 1, "late": 2, "later": 3}
    assert found[ids["late"]].told == "In the queue, number 2."
    assert [one.task_id for one in standings.all(task_id=ids["later"])] == [ids["later"]]
