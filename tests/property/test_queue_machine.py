"""The queue's operations against a model, in any order: nothing lost, nothing twice, fences and needs hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test
from sqlmodel import Session, select
from wetgate.daemon.store import Database
from wetgate.daemon.store.jobs import Ended, Jobs
from wetgate.schema.errors import AlreadyQueued, LeaseLost, QueueError
from wetgate.schema.job import Failure, Job, JobState, Lane, Order
from wetgate.schema.tables import JobRow

LEASE = 10.0
SHOWS = ("PINE", "FIR")
FAULT = Failure(type="RetryLater", message="not now")


@dataclass
class Model:
    """What one job should look like."""

    id: int
    show: str
    lane: Lane
    priority: int
    key: str | None
    needs: frozenset[int]
    state: JobState
    max_attempts: int
    attempts: int = 0
    fence: int = 0
    run_after: float = 0.0
    lease_until: float = 0.0
    cancel: bool = False

    @property
    def open(self) -> bool:
        return not self.state.over


class Queue(RuleBasedStateMachine):
    """Random use of one queue; `database` is set by the test."""

    database: Database
    jobs_made = Bundle("jobs_made")
    runs = Bundle("runs")

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.jobs = Jobs(self.database, clock=lambda: self.now)
        self.model: dict[int, Model] = {}
        self.paused: set[str] = set()
        with self.database.write() as session:
            for table in ("job_need", "job", "control"):
                session.execute(sa.text(f"DELETE FROM {table}"))

    # -- orders ------------------------------------------------------------------------------

    @rule(
        target=jobs_made,
        show=st.sampled_from(SHOWS),
        lane=st.sampled_from([Lane.INDEX, Lane.PROCESS]),
        priority=st.integers(0, 3),
        key=st.none() | st.sampled_from("abc"),
        attempts=st.integers(1, 3),
        needs=st.lists(jobs_made, max_size=2),
    )
    def enqueue(self, show: str, lane: Lane, priority: int, key: str | None, attempts: int, needs: list[int]) -> Any:
        order = Order(
            show=show,
            kind="k",
            lane=lane,
            priority=priority,
            dedupe_key=key,
            max_attempts=attempts,
            needs=tuple(needs),
        )
        twin = next((one.id for one in self.model.values() if one.key == key and one.open), None) if key else None
        try:
            with self.database.write() as session:
                job_id = self.jobs.enqueue(session, order)
        except AlreadyQueued as error:
            assert error.data["job_id"] == twin
            return multiple()
        except QueueError:
            assert any(self.model[one].state in {JobState.FAILED, JobState.CANCELLED} for one in needs)
            return multiple()
        assert twin is None
        unmet = any(self.model[one].state is not JobState.DONE for one in needs)
        state = JobState.WAITING if unmet else JobState.QUEUED
        self.model[job_id] = Model(job_id, show, lane, priority, key, frozenset(needs), state, attempts)
        return job_id

    @rule(target=jobs_made, keys=st.lists(st.none() | st.sampled_from("abcd"), max_size=5))
    def burst(self, keys: list[str | None]) -> Any:
        orders = [Order(show="PINE", kind="k", lane=Lane.INDEX, dedupe_key=key) for key in keys]
        taken = {one.key for one in self.model.values() if one.open and one.key}
        wanted = sorted({key for key in keys if key} - taken) + [None] * keys.count(None)
        with self.database.write() as session:
            made = self.jobs.enqueue_many(session, orders)
            rows = [session.get_one(JobRow, job_id) for job_id in made]
        assert sorted(str(row.dedupe_key) for row in rows) == sorted(map(str, wanted))
        for row in rows:
            assert row.id is not None
            none: frozenset[int] = frozenset()
            self.model[row.id] = Model(row.id, "PINE", Lane.INDEX, 50, row.dedupe_key, none, JobState.QUEUED, 5)
        return multiple(*made)

    # -- runs --------------------------------------------------------------------------------

    @rule(target=runs, run=runs)
    def run_again(self, run: Job) -> Any:
        """A shortcut to a stale run, which random steps alone seldom come to."""
        self.give_back(run)
        return self._claim(run.lane, 3)

    @rule(target=runs, lane=st.sampled_from([Lane.INDEX, Lane.PROCESS]), count=st.integers(1, 3))
    def claim(self, lane: Lane, count: int) -> Any:
        return self._claim(lane, count)

    def _claim(self, lane: Lane, count: int) -> Any:
        claimable = [
            one
            for one in self.model.values()
            if one.state is JobState.QUEUED
            and one.lane is lane
            and one.run_after <= self.now
            and not one.cancel
            and not self.paused & {"*", one.show}
        ]
        expected = sorted(claimable, key=lambda one: (-one.priority, one.id))[:count]
        claimed = self.jobs.claim({lane: count}, LEASE)
        assert [job.id for job in claimed] == [one.id for one in expected]
        for job, one in zip(claimed, expected, strict=True):
            assert all(self.model[need].state is JobState.DONE for need in one.needs)
            one.state, one.lease_until = JobState.RUNNING, self.now + LEASE
            one.attempts, one.fence = one.attempts + 1, one.fence + 1
            assert (job.attempt, job.fence) == (one.attempts, one.fence)
        return multiple(*claimed)

    def _held(self, run: Job) -> bool:
        one = self.model[run.id]
        return one.state is JobState.RUNNING and one.fence == run.fence

    @rule(run=runs)
    def finish(self, run: Job) -> None:
        try:
            with self.database.write() as session:
                self.jobs.finish(session, run, {"fence": run.fence})
        except LeaseLost:
            assert not self._held(run)
            return
        assert self._held(run)
        self.model[run.id].state = JobState.DONE
        self.model[run.id].cancel = False
        for one in self.model.values():
            if run.id in one.needs and one.state is JobState.WAITING and not self._unmet(one):
                one.state = JobState.QUEUED

    @rule(run=runs, retry_in=st.none() | st.sampled_from([0.0, 5.0]), outage=st.booleans())
    def fail(self, run: Job, retry_in: float | None, outage: bool) -> None:
        one = self.model[run.id]
        try:
            with self.database.write() as session:
                over = self.jobs.fail(session, run, FAULT, retry_in, outage=outage)
        except LeaseLost:
            assert not self._held(run)
            return
        assert self._held(run)
        if retry_in is not None and (outage or one.attempts < one.max_attempts):
            assert not over
            one.state, one.run_after = JobState.QUEUED, self.now + retry_in
            one.max_attempts += outage
        else:
            self._take_down(one, JobState.FAILED, over)

    @rule(run=runs)
    def renew(self, run: Job) -> None:
        assert self.jobs.renew([run], LEASE) == ({run.id} if self._held(run) else set())
        if self._held(run):
            self.model[run.id].lease_until = self.now + LEASE

    @rule(run=runs)
    def give_back(self, run: Job) -> None:
        held = self._held(run)
        self.jobs.give_back([run])
        if held:
            self.model[run.id].state = JobState.QUEUED
            self.model[run.id].attempts -= 1

    @rule(seconds=st.sampled_from([1.0, 6.0, 11.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(everything=st.booleans())
    def expire(self, everything: bool) -> None:
        with self.database.write() as session:
            assert self.jobs.expire_leases(session, everything=everything) == []
        for one in self.model.values():
            if one.state is JobState.RUNNING and (everything or one.lease_until < self.now):
                one.state, one.run_after = JobState.QUEUED, self.now
                one.max_attempts += 1

    # -- wishes ------------------------------------------------------------------------------

    @rule(job_id=jobs_made)
    def cancel(self, job_id: int) -> None:
        one = self.model[job_id]
        try:
            at_once = self.jobs.cancel(job_id)
        except QueueError:
            assert not one.open
            return
        assert one.open
        assert at_once == (one.state is not JobState.RUNNING)
        one.cancel = True

    @rule()
    def fulfil_cancellations(self) -> None:
        assert self.jobs.cancel_wishes() == {one.id for one in self.model.values() if one.cancel}
        with self.database.write() as session:
            over = self.jobs.drop_cancelled(session, FAULT)
        gone: list[int] = []
        for one in sorted(self.model.values(), key=lambda each: each.id):
            if one.cancel and one.state is not JobState.RUNNING and one.open:
                gone += self._take_down(one, JobState.CANCELLED)
        assert sorted(ended.job.id for ended in over) == sorted(gone)

    @rule(job_id=jobs_made)
    def retry(self, job_id: int) -> None:
        one = self.model[job_id]
        try:
            self.jobs.retry(job_id)
        except QueueError:
            # Not failed, or some of what would come to life again is queued by another job already.
            assert one.state not in {JobState.FAILED, JobState.CANCELLED} or any(
                other.open and other.key for other in self.model.values()
            )
            return
        assert one.state in {JobState.FAILED, JobState.CANCELLED}
        self._revive(one)

    @rule(job_id=jobs_made, hold=st.booleans())
    def hold_or_let_go(self, job_id: int, hold: bool) -> None:
        one = self.model[job_id]
        if hold:
            waits = one.state in {JobState.QUEUED, JobState.WAITING}
            assert self.jobs.hold(job_id) == waits
            one.state = JobState.PAUSED if waits else one.state
        else:
            held = one.state is JobState.PAUSED
            assert self.jobs.let_go(job_id) == held
            if held:
                one.state = JobState.WAITING if self._unmet(one) else JobState.QUEUED

    @rule(show=st.sampled_from(["*", "FIR", "FIR"]), pause=st.sampled_from([True, False, False]))
    def pause_or_resume(self, show: str, pause: bool) -> None:
        if pause:
            self.jobs.pause(show)
            self.paused.add(show)
        else:
            self.jobs.resume(show)
            self.paused.discard(show)
        assert set(self.jobs.paused()) == self.paused

    # -- what always holds ---------------------------------------------------------------------

    @invariant()
    def table_and_model_agree(self) -> None:
        with self.database.read() as session:
            rows = {row.id: row for row in _rows(session)}
        assert rows.keys() == self.model.keys()
        for job_id, one in self.model.items():
            row = rows[job_id]
            assert (row.state, row.attempts, row.fence, row.max_attempts, row.cancel) == (
                one.state,
                one.attempts,
                one.fence,
                one.max_attempts,
                one.cancel,
            )
            assert (row.lease_until is not None) == (one.state is JobState.RUNNING)
            assert (row.finished_at is not None) == one.state.over
            if one.open:
                assert row.unmet == self._unmet(one)

    def _unmet(self, one: Model) -> int:
        return sum(self.model[need].state is not JobState.DONE for need in one.needs)

    def _take_down(self, one: Model, state: JobState, over: list[Ended] | None = None) -> list[int]:
        one.state, one.cancel = state, False
        gone = [one.id]
        front = [one.id]
        while front:
            needed = front.pop()
            for other in self.model.values():
                if needed in other.needs and other.open:
                    other.state, other.cancel = JobState.FAILED, False
                    gone.append(other.id)
                    front.append(other.id)
        if over is not None:
            assert sorted(ended.job.id for ended in over) == sorted(gone)
        return gone

    def _revive(self, one: Model) -> None:
        one.state = JobState.WAITING if self._unmet(one) else JobState.QUEUED
        one.attempts, one.run_after, one.cancel = 0, 0.0, False
        for other in self.model.values():
            if one.id in other.needs and other.state is JobState.FAILED:
                self._revive(other)


def _rows(session: Session) -> list[JobRow]:
    return list(session.exec(select(JobRow)).all())


@pytest.mark.timeout(200)
def test_queue_agrees_with_its_model(database: Database) -> None:
    """Any order of operations leaves the table as the model says."""

    class Here(Queue):
        pass

    Here.database = database
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=40 if database.is_sqlite else 12,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
