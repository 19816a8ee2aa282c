"""The queue's table: every change of a job's state is one operation, here or in `job_wishes`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from ...schema.errors import AlreadyQueued, LeaseLost, QueueError
from ...schema.job import NO_DUE, Failure, Job, JobState, Lane, Order
from .job_statements import CLAIM, FINISH, FREE, LOOK
from .job_table import JOB, NEED, NEED_FAILED, OPEN, RETURNED, Ended, count, ending, job_of, ours
from .job_wishes import JobWishes

__all__ = ["MOST_RUNS", "Ended", "Jobs"]

MOST_RUNS = 100
"""Runs after which a job is given up even if only the daemon's own end broke each of them off."""


class Jobs(JobWishes):
    """Jobs in the database.

    Methods that take a session belong to their caller's transaction; the others are one each. A
    claim raises the job's fence; `finish` and `fail` with an older fence raise LeaseLost.
    """

    # -- orders ------------------------------------------------------------------------------

    def enqueue(self, session: Session, order: Order) -> int:
        """Queue *order* and return the job's id.

        Raises AlreadyQueued (with `job_id`) when an open job has its dedupe key, QueueError when it
        needs a job that does not exist or did not end well.
        """
        job_id, new = self._enqueue(session, order)
        if not new:
            raise AlreadyQueued(f"{order.kind} {order.dedupe_key} is queued already as job {job_id}.", job_id=job_id)
        return job_id

    def enqueue_or_find(self, session: Session, order: Order) -> int:
        """Queue *order*; where an open job has its dedupe key, that job's id is returned."""
        return self._enqueue(session, order)[0]

    def enqueue_many(self, session: Session, orders: Iterable[Order]) -> list[int]:
        """Queue a burst without needs; returns the new jobs' ids. What is open already is passed over."""
        now = self._clock()
        rows = []
        for order in orders:
            if order.needs:
                raise QueueError(f"A {order.kind} job that needs others must be queued by itself.")
            rows.append(_row(order, now, JobState.QUEUED, 0))
        if not rows:
            return []
        statement = self._insert(JOB).on_conflict_do_nothing().returning(JOB.c.id)
        return list(session.execute(statement, rows).scalars())

    def _enqueue(self, session: Session, order: Order) -> tuple[int, bool]:
        unmet = self._unmet(session, order)
        state = JobState.WAITING if unmet else JobState.QUEUED
        values = _row(order, self._clock(), state, unmet)
        for _ in range(3):
            statement = self._insert(JOB).values(values).on_conflict_do_nothing().returning(JOB.c.id)
            job_id = session.execute(statement).scalar()
            if job_id is not None:
                for need in dict.fromkeys(order.needs):
                    session.execute(sa.insert(NEED).values(job_id=job_id, needs_id=need))
                return int(job_id), True
            same = sa.select(JOB.c.id).where(JOB.c.dedupe_key == order.dedupe_key, JOB.c.state.in_(OPEN))
            job_id = session.execute(same).scalar()
            if job_id is not None:
                return int(job_id), False
        raise QueueError(f"{order.kind} {order.dedupe_key} could not be queued: its twin comes and goes.")

    def _unmet(self, session: Session, order: Order) -> int:
        needs = set(order.needs)
        if not needs:
            return 0
        # The lock keeps a needed job from ending between this look and our insert, which it would not see.
        look = sa.select(JOB.c.id, JOB.c.state).where(JOB.c.id.in_(needs)).order_by(JOB.c.id)
        states = {row.id: JobState(row.state) for row in session.execute(look.with_for_update(read=True))}
        for need in sorted(needs):
            if need not in states:
                raise QueueError(f"A {order.kind} job needs job {need}, which does not exist.", job_id=need)
            if states[need] in {JobState.FAILED, JobState.CANCELLED}:
                raise QueueError(f"A {order.kind} job needs job {need}, which did not end well.", job_id=need)
        return sum(state is not JobState.DONE for state in states.values())

    def reorder(self, session: Session, kind: str, task_id: int, priority: int, due: str | None) -> int:
        """Give the jobs of *kind* of a task, as far as they have not started, their new place; how many moved."""
        waits = (JobState.QUEUED.value, JobState.WAITING.value, JobState.PAUSED.value)
        new = {"priority": priority, "due": due or NO_DUE}
        moved = sa.update(JOB).where(JOB.c.kind == kind, JOB.c.task_id == task_id, JOB.c.state.in_(waits))
        differs = sa.or_(JOB.c.priority != new["priority"], JOB.c.due != new["due"])
        return count(session, moved.where(differs).values(**new))

    def drop(self, session: Session, kind: str, task_id: int) -> int:
        """Have the open jobs of *kind* of a task not start, or end where they run; how many there were."""
        of_task = sa.and_(JOB.c.kind == kind, JOB.c.task_id == task_id, JOB.c.state.in_(OPEN))
        return count(session, sa.update(JOB).where(of_task, sa.not_(JOB.c.cancel)).values(cancel=True))

    # -- runs --------------------------------------------------------------------------------

    def claim(self, free: Mapping[Lane, int], lease_seconds: float) -> list[Job]:
        """Take up to *free* jobs of each lane: the highest priority first, then what is due first, then the oldest."""
        now = self._clock()
        lanes = [lane for lane, places in free.items() if places > 0]
        with self._database.read() as session:
            # A look first: an idle daemon must not take turns as a writer.
            lanes = [one for one in lanes if session.execute(LOOK, {"is_lane": one.value, "is_now": now}).first()]
        if not lanes:
            return []
        until = now + lease_seconds
        with self._database.write() as session:
            rows = (
                session.execute(CLAIM, {"is_lane": lane.value, "is_now": now, "is_until": until}).one_or_none()
                for lane in lanes
                for _ in range(free[lane])
            )
            return [job_of(row) for row in rows if row]

    def renew(self, jobs: Sequence[Job], lease_seconds: float) -> set[int]:
        """Prolong the leases of *jobs*; returns the ids of those that are still ours."""
        if not jobs:
            return set()
        statement = sa.update(JOB).where(sa.or_(*(ours(job) for job in jobs)))
        with self._database.write() as session:
            found = session.execute(statement.values(lease_until=self._clock() + lease_seconds).returning(JOB.c.id))
            return set(found.scalars())

    def progress(self, job: Job, share: float, doing: str) -> bool:
        """Write down how far *job* is; False when it is not ours any more."""
        with self._database.write() as session:
            return self._update(session, job, progress=min(max(share, 0.0), 1.0), doing=doing[:200])

    def finish(self, session: Session, job: Job, result: dict[str, Any]) -> None:
        """End *job* well and free the jobs that waited for it. Raises LeaseLost."""
        values = {"is_id": job.id, "is_fence": job.fence, "is_result": result, "is_now": self._clock()}
        if session.execute(FINISH, values).first() is None:
            raise LeaseLost(f"Job {job.id} ({job.kind}) is not held by run {job.fence} any more.", job_id=job.id)
        session.execute(FREE, {"is_id": job.id})

    def fail(
        self,
        session: Session,
        job: Job,
        failure: Failure,
        retry_in: float | None = None,
        *,
        outage: bool = False,
    ) -> list[Ended]:
        """End a run of *job* that gave no result; with *retry_in* seconds it is queued again.

        It is not when its attempts are used up; an *outage* (the tracker or a storage is away) uses
        none up. Returns the jobs that are over for good: this one and those that waited for it.
        Raises LeaseLost.
        """
        if retry_in is not None:
            left = sa.true() if outage else JOB.c.attempts < JOB.c.max_attempts
            again = {
                "state": JobState.QUEUED.value,
                "run_after": self._clock() + retry_in,
                "lease_until": None,
                "max_attempts": JOB.c.max_attempts + int(outage),
                "error_type": failure.type,
                "error": failure.message,
            }
            if self._update(session, job, left, **again):
                return []
        return self._end(session, job, JobState.FAILED, failure)

    def end_cancelled(self, session: Session, job: Job, failure: Failure) -> list[Ended]:
        """End a running *job* that a person cancelled. Returns as `fail` does; raises LeaseLost."""
        return self._end(session, job, JobState.CANCELLED, failure)

    def minutes(self, job_id: int) -> int:
        """How long a job that ended took, in minutes, rounded up."""
        with self._database.read() as session:
            times = session.execute(sa.select(JOB.c.started_at, JOB.c.finished_at).where(JOB.c.id == job_id)).one()
        if times.started_at is None or times.finished_at is None:
            return 0
        return max(1, math.ceil(float(times.finished_at - times.started_at) / 60))

    def crashed(self, session: Session, job: Job) -> int:
        """Count that a worker did not survive *job*; returns how often that happened. Raises LeaseLost."""
        statement = sa.update(JOB).where(ours(job)).values(crashes=JOB.c.crashes + 1).returning(JOB.c.crashes)
        count = session.execute(statement).scalar()
        if count is None:
            raise LeaseLost(f"Job {job.id} ({job.kind}) is not held by run {job.fence} any more.", job_id=job.id)
        return int(count)

    def give_back(self, jobs: Sequence[Job]) -> None:
        """Queue *jobs* again as if they had not been claimed: the daemon is being stopped."""
        with self._database.write() as session:
            for job in jobs:
                self._update(
                    session,
                    job,
                    state=JobState.QUEUED.value,
                    attempts=JOB.c.attempts - 1,
                    lease_until=None,
                    doing="",
                )

    def expire_leases(self, session: Session, *, everything: bool = False) -> list[Ended]:
        """Queue the running jobs whose lease ran out; with *everything* all of them (their daemon is dead).

        The broken run does not count as an attempt, up to MOST_RUNS. Returns the jobs given up.
        """
        look = sa.select(*RETURNED).where(JOB.c.state == JobState.RUNNING.value).order_by(JOB.c.id)
        if not everything:
            look = look.where(JOB.c.lease_until < self._clock())
        ended: list[Ended] = []
        for job in map(job_of, session.execute(look).all()):
            failure = Failure(type="LeaseLost", message=f"The run of {job.kind} job {job.id} was broken off.")
            if job.attempt < MOST_RUNS:
                self.fail(session, job, failure, retry_in=0.0, outage=True)
            else:
                ended += self._end(session, job, JobState.FAILED, failure)
        return ended

    def cancel_wishes(self) -> set[int]:
        """The ids of open jobs that should be cancelled."""
        with self._database.read() as session:
            return set(session.execute(sa.select(JOB.c.id).where(JOB.c.cancel, JOB.c.state.in_(OPEN))).scalars())

    def drop_cancelled(self, session: Session, failure: Failure) -> list[Ended]:
        """End every job that should be cancelled and is not running. Returns as `fail` does."""
        look = sa.select(*RETURNED).where(JOB.c.cancel, JOB.c.state.in_(OPEN), JOB.c.state != JobState.RUNNING.value)
        ended: list[Ended] = []
        for job in map(job_of, session.execute(look.order_by(JOB.c.id)).all()):
            statement = ending(JobState.CANCELLED, failure, self._clock())
            if count(session, statement.where(JOB.c.id == job.id, JOB.c.state.in_(OPEN))):
                ended += [Ended(job, failure), *self._fail_dependants(session, job, failure)]
        return ended

    # -- shared --------------------------------------------------------------------------------

    def _update(self, session: Session, job: Job, *conditions: sa.ColumnElement[bool], **values: Any) -> bool:
        return count(session, sa.update(JOB).where(ours(job), *conditions).values(**values)) == 1

    def _end(self, session: Session, job: Job, state: JobState, failure: Failure) -> list[Ended]:
        if count(session, ending(state, failure, self._clock()).where(ours(job))) != 1:
            raise LeaseLost(f"Job {job.id} ({job.kind}) is not held by run {job.fence} any more.", job_id=job.id)
        return [Ended(job, failure), *self._fail_dependants(session, job, failure)]

    def _fail_dependants(self, session: Session, job: Job, failure: Failure) -> list[Ended]:
        ended: list[Ended] = []
        front = [(job, failure)]
        while front:
            needed, why = front.pop(0)
            words = f"It needs {needed.kind} job {needed.id}, which did not end well: {why.message}"
            reason = Failure(type=NEED_FAILED, message=words)
            dependants = sa.select(NEED.c.job_id).where(NEED.c.needs_id == needed.id)
            statement = ending(JobState.FAILED, reason, self._clock())
            rows = session.execute(
                statement.where(JOB.c.id.in_(dependants), JOB.c.state.in_(OPEN)).returning(*RETURNED)
            ).all()
            for dependant in map(job_of, rows):
                ended.append(Ended(dependant, reason))
                front.append((dependant, failure))
        return ended


def _row(order: Order, now: float, state: JobState, unmet: int) -> dict[str, Any]:
    return {
        "show": order.show,
        "kind": order.kind,
        "lane": order.lane.value,
        "state": state.value,
        "priority": order.priority,
        "due": order.due or NO_DUE,
        "payload": order.payload,
        "dedupe_key": order.dedupe_key,
        "task_id": order.task_id,
        "attempts": 0,
        "max_attempts": order.max_attempts,
        "crashes": 0,
        "run_after": 0.0,
        "fence": 0,
        "unmet": unmet,
        "progress": 0.0,
        "doing": "",
        "cancel": False,
        "created_at": now,
    }
