"""The operations on the queue's table, one by one, on both databases."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlmodel import Session
from wetgate.daemon.store import Database
from wetgate.daemon.store.jobs import MOST_RUNS, Jobs
from wetgate.schema.errors import AlreadyQueued, LeaseLost, QueueError
from wetgate.schema.job import Failure, Job, JobState, Lane, Order

FAULT = Failure(type="RetryLater", message="the disk was full")


class Queue:
    """Jobs with a clock that a test moves."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = 1000.0
        self.jobs = Jobs(database, clock=lambda: self.now)

    def enqueue(self, **more: Any) -> int:
        with self.database.write() as session:
            return self.jobs.enqueue(session, order(**more))

    def claim(self, count: int = 1) -> list[Job]:
        return self.jobs.claim({Lane.INDEX: count}, 60.0)

    def finish(self, job: Job) -> None:
        with self.database.write() as session:
            self.jobs.finish(session, job, {"done": True})

    def fail(self, job: Job, retry_in: float | None = None) -> list[int]:
        with self.database.write() as session:
            return [ended.job.id for ended in self.jobs.fail(session, job, FAULT, retry_in)]

    def state(self, job_id: int) -> str:
        return self.jobs.get(job_id).state


def order(**more: Any) -> Order:
    """A small order."""
    return Order(**{"show": "PINE", "kind": "survey", "lane": Lane.INDEX, **more})


@pytest.fixture
def queue(database: Database) -> Queue:
    """An empty queue on each database."""
    return Queue(database)


def test_what_is_due_first_runs_first(queue: Queue) -> None:
    """Priority, then due date, then age; what has no date comes last, and a new place counts at once."""
    late = queue.enqueue(due="2026-12-24", task_id=1)
    never = queue.enqueue()
    soon = queue.enqueue(due="2026-11-26")
    urgent = queue.enqueue(priority=90)
    assert [job.id for job in queue.claim(1)] == [urgent]
    with queue.database.write() as session:
        assert queue.jobs.reorder(session, "survey", 1, 50, "2026-11-25") == 1
        assert queue.jobs.reorder(session, "survey", 1, 50, "2026-11-25") == 0
    assert [job.id for job in queue.claim(3)] == [late, soon, never]


def test_the_work_of_a_task_that_was_taken_back_is_dropped(queue: Queue) -> None:
    """Its open jobs of one kind are wished away, once; other tasks and kinds stay."""
    mine, running = queue.enqueue(task_id=1), queue.enqueue(task_id=1, priority=90)
    other, answer = queue.enqueue(task_id=2), queue.enqueue(task_id=1, kind="answer")
    queue.claim(1)
    with queue.database.write() as session:
        assert queue.jobs.drop(session, "survey", 1) == 2
        assert queue.jobs.drop(session, "survey", 1) == 0
    assert queue.jobs.cancel_wishes() == {mine, running}
    assert {queue.state(other), queue.state(answer)} == {"queued"}


def test_open_work_is_queued_once(queue: Queue) -> None:
    """A second order with the key of an open job is refused with that job's id, and taken when it is over."""
    first = queue.enqueue(dedupe_key="A001")
    with pytest.raises(AlreadyQueued) as refused:
        queue.enqueue(dedupe_key="A001")
    assert refused.value.data["job_id"] == first
    with queue.database.write() as session:
        assert queue.jobs.enqueue_or_find(session, order(dedupe_key="A001")) == first
    queue.finish(queue.claim()[0])
    assert queue.enqueue(dedupe_key="A001") > first


def test_burst_passes_over_what_is_open(queue: Queue) -> None:
    """Of a burst only the orders that are not open, nor twice in it, become jobs."""
    queue.enqueue(dedupe_key="A001")
    keys = ["A001", "A002", "A002", None, None]
    with queue.database.write() as session:
        made = queue.jobs.enqueue_many(session, [order(dedupe_key=key, payload={"key": key}) for key in keys])
    assert sorted(str(queue.jobs.get(job_id).payload["key"]) for job_id in made) == ["A002", "None", "None"]
    assert queue.jobs.count_open() == 4


def test_enqueueing_is_part_of_the_callers_transaction(queue: Queue) -> None:
    """What rolls back leaves no job."""
    with pytest.raises(ZeroDivisionError), queue.database.write() as session:
        queue.jobs.enqueue(session, order())
        raise ZeroDivisionError
    assert queue.jobs.count_open() == 0


def test_report_of_an_older_run_is_dropped(queue: Queue) -> None:
    """After a lease ran out and another run began, the first run can neither finish, fail nor report."""
    job_id = queue.enqueue()
    stale = queue.claim()[0]
    queue.now += 61
    with queue.database.write() as session:
        assert queue.jobs.expire_leases(session) == []
    fresh = queue.claim()[0]
    assert (fresh.id, fresh.fence) == (job_id, stale.fence + 1)
    for report in (queue.finish, queue.fail):
        with pytest.raises(LeaseLost):
            report(stale)
    assert not queue.jobs.progress(stale, 0.5, "late")
    assert queue.jobs.renew([stale, fresh], 60.0) == {job_id}
    queue.finish(fresh)
    assert queue.state(job_id) == "done"


def test_job_waits_for_all_that_it_needs(queue: Queue) -> None:
    """A job with two needs starts after the second one is done, however it was held meanwhile."""
    needs = (queue.enqueue(), queue.enqueue())
    job_id, held = queue.enqueue(needs=needs), queue.enqueue(needs=needs)
    assert queue.jobs.hold(held)
    first, second = queue.claim(9)
    queue.finish(first)
    assert [queue.state(job_id), queue.state(held)] == ["waiting", "paused"]
    assert queue.jobs.let_go(held)
    assert queue.state(held) == "waiting"
    assert queue.jobs.hold(held)
    queue.finish(second)
    assert [queue.state(job_id), queue.state(held)] == ["queued", "paused"]
    assert [job.id for job in queue.claim(9)] == [job_id]


def test_failure_takes_dependants_down_and_retry_brings_them_back(queue: Queue) -> None:
    """Jobs that wait for a failed one fail with its words; its retry revives them, but not what else failed."""
    first = queue.enqueue()
    second = queue.enqueue(needs=(first,))
    third = queue.enqueue(needs=(second,))
    broken = queue.enqueue(kind="broken")
    for job in queue.claim(9):
        assert queue.fail(job) == ([first, second, third] if job.id == first else [broken])
    assert "the disk was full" in str(queue.jobs.get(third).error)
    with pytest.raises(QueueError, match="did not end well"):
        queue.enqueue(needs=(second,))
    queue.jobs.retry(first)
    assert [queue.state(one) for one in (first, second, third, broken)] == ["queued", "waiting", "waiting", "failed"]
    with pytest.raises(QueueError, match="is queued"):
        queue.jobs.retry(first)


def test_attempts_and_waits_are_counted(queue: Queue) -> None:
    """A retried job waits for its time and fails for good after its attempts."""
    job_id = queue.enqueue(max_attempts=2)
    assert queue.fail(queue.claim()[0], retry_in=5.0) == []
    assert queue.claim() == []
    queue.now += 5
    assert queue.fail(queue.claim()[0], retry_in=0.0) == [job_id]
    assert queue.jobs.get(job_id).attempts == 2


def test_outage_uses_no_attempt_up(queue: Queue) -> None:
    """A job with one attempt is tried again after each outage."""
    queue.enqueue(max_attempts=1)
    for _ in range(5):
        job = queue.claim()[0]
        with queue.database.write() as session:
            assert queue.jobs.fail(session, job, FAULT, 0.0, outage=True) == []
    assert queue.fail(queue.claim()[0], retry_in=0.0)


def test_broken_runs_are_given_up_in_the_end(queue: Queue) -> None:
    """A job whose daemon dies every time it runs is given up after MOST_RUNS."""
    job_id = queue.enqueue(max_attempts=1)
    for _ in range(MOST_RUNS - 1):
        queue.claim()
        with queue.database.write() as session:
            assert queue.jobs.expire_leases(session, everything=True) == []
    queue.claim()
    with queue.database.write() as session:
        assert [ended.job.id for ended in queue.jobs.expire_leases(session, everything=True)] == [job_id]


def test_failure_and_its_consequence_are_one_transaction(queue: Queue) -> None:
    """Where the consequence of an end breaks, the end did not happen either."""

    def consequence(session: Session) -> None:
        raise ZeroDivisionError

    job_id = queue.enqueue()
    job = queue.claim()[0]
    with pytest.raises(ZeroDivisionError), queue.database.write() as session:
        queue.jobs.finish(session, job, {})
        consequence(session)
    assert queue.state(job_id) == "running"


def test_cancelled_jobs_never_start(queue: Queue) -> None:
    """A cancelled job is not claimed, ends with its dependants, and cannot be cancelled again."""
    job_id = queue.enqueue()
    waits = queue.enqueue(needs=(job_id,))
    assert queue.jobs.cancel(job_id)
    assert queue.claim() == []
    assert queue.jobs.cancel_wishes() == {job_id}
    with queue.database.write() as session:
        ended = queue.jobs.drop_cancelled(session, FAULT)
    assert [one.job.id for one in ended] == [job_id, waits]
    assert [queue.state(job_id), queue.state(waits)] == ["cancelled", "failed"]
    with pytest.raises(QueueError, match="cancelled already"):
        queue.jobs.cancel(job_id)
    with pytest.raises(QueueError, match="no job 4711"):
        queue.jobs.cancel(4711)


def test_claimers_in_parallel_never_share_a_job(queue: Queue) -> None:
    """Four threads that claim at once get every job exactly once."""
    with queue.database.write() as session:
        ids = queue.jobs.enqueue_many(session, [order() for _ in range(60)])
    got: list[int] = []

    def work() -> None:
        while jobs := queue.claim():
            got.extend(job.id for job in jobs)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # One that found every claimable row locked stopped early; the rest is still there, and nothing is twice.
    got.extend(job.id for job in queue.claim(60))
    assert sorted(got) == sorted(ids)


def test_listing_filters(queue: Queue) -> None:
    """Jobs are listed the newest first, by show, state and kind."""
    first, second = queue.enqueue(), queue.enqueue(show="FIR", kind="process")
    queue.claim()
    assert [row.id for row in queue.jobs.list()] == [second, first]
    assert [row.id for row in queue.jobs.list(show="FIR")] == [second]
    assert [row.id for row in queue.jobs.list(states=[JobState.RUNNING])] == [first]
    assert [row.id for row in queue.jobs.list(kind="process", limit=1)] == [second]
    assert queue.jobs.count_open(show="PINE") == queue.jobs.count_open(kind="survey") == 1
