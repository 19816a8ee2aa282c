"""The queue's table: every change of a job's state is one of these operations."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, select

from ...schema.errors import AlreadyQueued, LeaseLost, QueueError
from ...schema.job import Job, JobState, Lane, Order
from ...schema.tables import JobRow
from ..queue.kinds import Failure
from .database import Database

MOST_RUNS = 100
"""Runs after which a job is given up even if only the daemon's own end broke each of them off."""

_JOB = SQLModel.metadata.tables["job"]
_NEED = SQLModel.metadata.tables["job_need"]
_CONTROL = SQLModel.metadata.tables["control"]
_OPEN = tuple(state.value for state in JobState if not state.over)
_RETURNED = (
    _JOB.c.id,
    _JOB.c.show,
    _JOB.c.kind,
    _JOB.c.lane,
    _JOB.c.payload,
    _JOB.c.attempts,
    _JOB.c.fence,
    _JOB.c.task_id,
)


@dataclass(frozen=True)
class Ended:
    """A job that will not run again by itself, and why."""

    job: Job
    failure: Failure


class Jobs:
    """Jobs in the database.

    Methods that take a session belong to their caller's transaction; the others are one each. A
    claim raises the job's fence; `finish` and `fail` with an older fence raise LeaseLost.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        """Jobs in *database*; *clock* gives seconds since the epoch."""
        self._database = database
        self._clock = clock
        self._insert = sqlite.insert if database.is_sqlite else postgresql.insert

    # -- orders ------------------------------------------------------------------------------

    def enqueue(self, session: Session, order: Order) -> int:
        """Queue *order* and return the job's id.

        Raises AlreadyQueued (with `job_id`) when an open job has its dedupe key, QueueError when it
        needs a job that does not exist or did not end well.
        """
        job_id, new = self._enqueue(session, order)
        if not new:
            raise AlreadyQueued(
                f"{order.kind} {order.dedupe_key} is queued already as job {job_id}.", job_id=job_id
            )
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
        statement = self._insert(_JOB).on_conflict_do_nothing().returning(_JOB.c.id)
        return list(session.execute(statement, rows).scalars())

    def _enqueue(self, session: Session, order: Order) -> tuple[int, bool]:
        unmet = self._unmet(session, order)
        state = JobState.WAITING if unmet else JobState.QUEUED
        values = _row(order, self._clock(), state, unmet)
        for _ in range(3):
            statement = self._insert(_JOB).values(values).on_conflict_do_nothing().returning(_JOB.c.id)
            job_id = session.execute(statement).scalar()
            if job_id is not None:
                for need in dict.fromkeys(order.needs):
                    session.execute(sa.insert(_NEED).values(job_id=job_id, needs_id=need))
                return int(job_id), True
            same = sa.select(_JOB.c.id).where(_JOB.c.dedupe_key == order.dedupe_key, _JOB.c.state.in_(_OPEN))
            job_id = session.execute(same).scalar()
            if job_id is not None:
                return int(job_id), False
        raise QueueError(f"{order.kind} {order.dedupe_key} could not be queued: its twin comes and goes.")

    def _unmet(self, session: Session, order: Order) -> int:
        needs = set(order.needs)
        if not needs:
            return 0
        # The lock keeps a needed job from ending between this look and our insert, which it would not see.
        look = sa.select(_JOB.c.id, _JOB.c.state).where(_JOB.c.id.in_(needs)).order_by(_JOB.c.id)
        states = {row.id: JobState(row.state) for row in session.execute(look.with_for_update(read=True))}
        for need in sorted(needs):
            if need not in states:
                raise QueueError(f"A {order.kind} job needs job {need}, which does not exist.", job_id=need)
            if states[need] in {JobState.FAILED, JobState.CANCELLED}:
                raise QueueError(f"A {order.kind} job needs job {need}, which {states[need]}.", job_id=need)
        return sum(state is not JobState.DONE for state in states.values())

    # -- runs --------------------------------------------------------------------------------

    def claim(self, free: Mapping[Lane, int], lease_seconds: float) -> list[Job]:
        """Take up to *free* jobs of each lane, the highest priority first, the oldest first within it."""
        now = self._clock()
        lanes = [lane for lane, count in free.items() if count > 0]
        with self._database.read() as session:
            # A look first: an idle daemon must not take turns as a writer.
            lanes = [lane for lane in lanes if session.execute(_next(lane, now)).first()]
        if not lanes:
            return []
        with self._database.write() as session:
            claimed = (
                self._claim(session, lane, lease_seconds, now) for lane in lanes for _ in range(free[lane])
            )
            return [job for job in claimed if job]

    def _claim(self, session: Session, lane: Lane, lease_seconds: float, now: float) -> Job | None:
        one = _next(lane, now).with_for_update(skip_locked=True).scalar_subquery()
        statement = (
            sa.update(_JOB)
            .where(_JOB.c.id == one)
            .values(
                state=JobState.RUNNING.value,
                fence=_JOB.c.fence + 1,
                attempts=_JOB.c.attempts + 1,
                lease_until=now + lease_seconds,
                started_at=now,
                progress=0.0,
                doing="",
            )
            .returning(*_RETURNED)
        )
        row = session.execute(statement).one_or_none()
        return _job(row) if row else None

    def renew(self, jobs: Sequence[Job], lease_seconds: float) -> set[int]:
        """Prolong the leases of *jobs*; returns the ids of those that are still ours."""
        if not jobs:
            return set()
        ours = sa.or_(*(sa.and_(_JOB.c.id == job.id, _JOB.c.fence == job.fence) for job in jobs))
        statement = sa.update(_JOB).where(ours, _JOB.c.state == JobState.RUNNING.value)
        with self._database.write() as session:
            found = session.execute(
                statement.values(lease_until=self._clock() + lease_seconds).returning(_JOB.c.id)
            )
            return set(found.scalars())

    def progress(self, job: Job, share: float, doing: str) -> bool:
        """Write down how far *job* is; False when it is not ours any more."""
        with self._database.write() as session:
            return self._update(session, job, progress=min(max(share, 0.0), 1.0), doing=doing[:200])

    def finish(self, session: Session, job: Job, result: dict[str, Any]) -> None:
        """End *job* well and free the jobs that waited for it. Raises LeaseLost."""
        if not self._update(
            session,
            job,
            state=JobState.DONE.value,
            result=result,
            progress=1.0,
            doing="",
            cancel=False,
            lease_until=None,
            finished_at=self._clock(),
            error=None,
            error_type=None,
        ):
            raise LeaseLost(
                f"Job {job.id} ({job.kind}) is not held by run {job.fence} any more.", job_id=job.id
            )
        dependants = sa.select(_NEED.c.job_id).where(_NEED.c.needs_id == job.id)
        free = sa.and_(_JOB.c.unmet <= 1, _JOB.c.state == JobState.WAITING.value)
        session.execute(
            sa.update(_JOB)
            .where(_JOB.c.id.in_(dependants), _JOB.c.state.in_(_OPEN))
            .values(unmet=_JOB.c.unmet - 1, state=sa.case((free, JobState.QUEUED.value), else_=_JOB.c.state))
        )

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
            left = sa.true() if outage else _JOB.c.attempts < _JOB.c.max_attempts
            again = {
                "state": JobState.QUEUED.value,
                "run_after": self._clock() + retry_in,
                "lease_until": None,
                "max_attempts": _JOB.c.max_attempts + int(outage),
                "error_type": failure.type,
                "error": failure.message,
            }
            if self._update(session, job, left, **again):
                return []
        return self._end(session, job, JobState.FAILED, failure)

    def end_cancelled(self, session: Session, job: Job, failure: Failure) -> list[Ended]:
        """End a running *job* that a person cancelled. Returns as `fail` does; raises LeaseLost."""
        return self._end(session, job, JobState.CANCELLED, failure)

    def crashed(self, session: Session, job: Job) -> int:
        """Count that a worker did not survive *job*; returns how often that happened. Raises LeaseLost."""
        statement = (
            sa.update(_JOB).where(_ours(job)).values(crashes=_JOB.c.crashes + 1).returning(_JOB.c.crashes)
        )
        count = session.execute(statement).scalar()
        if count is None:
            raise LeaseLost(
                f"Job {job.id} ({job.kind}) is not held by run {job.fence} any more.", job_id=job.id
            )
        return int(count)

    def give_back(self, jobs: Sequence[Job]) -> None:
        """Queue *jobs* again as if they had not been claimed: the daemon is being stopped."""
        with self._database.write() as session:
            for job in jobs:
                self._update(
                    session,
                    job,
                    state=JobState.QUEUED.value,
                    attempts=_JOB.c.attempts - 1,
                    lease_until=None,
                    doing="",
                )

    def expire_leases(self, session: Session, *, everything: bool = False) -> list[Ended]:
        """Queue the running jobs whose lease ran out; with *everything* all of them (their daemon is dead).

        The broken run does not count as an attempt, up to MOST_RUNS. Returns the jobs given up.
        """
        look = sa.select(*_RETURNED).where(_JOB.c.state == JobState.RUNNING.value).order_by(_JOB.c.id)
        if not everything:
            look = look.where(_JOB.c.lease_until < self._clock())
        ended: list[Ended] = []
        for job in map(_job, session.execute(look).all()):
            failure = Failure(type="LeaseLost", message=f"The run of {job.kind} job {job.id} was broken off.")
            if job.attempt < MOST_RUNS:
                self.fail(session, job, failure, retry_in=0.0, outage=True)
            else:
                ended += self._end(session, job, JobState.FAILED, failure)
        return ended

    # -- wishes of people ----------------------------------------------------------------------

    def cancel(self, job_id: int) -> bool:
        """Ask for the end of a job; the daemon fulfils it. False when it is over already."""
        with self._database.write() as session:
            self._known(session, job_id)
            wish = sa.update(_JOB).where(_JOB.c.id == job_id, _JOB.c.state.in_(_OPEN)).values(cancel=True)
            return _count(session, wish) == 1

    def cancel_wishes(self) -> set[int]:
        """The ids of open jobs that should be cancelled."""
        with self._database.read() as session:
            return set(
                session.execute(sa.select(_JOB.c.id).where(_JOB.c.cancel, _JOB.c.state.in_(_OPEN))).scalars()
            )

    def drop_cancelled(self, session: Session, failure: Failure) -> list[Ended]:
        """End every job that should be cancelled and is not running. Returns as `fail` does."""
        look = sa.select(*_RETURNED).where(
            _JOB.c.cancel, _JOB.c.state.in_(_OPEN), _JOB.c.state != JobState.RUNNING.value
        )
        ended: list[Ended] = []
        for job in map(_job, session.execute(look.order_by(_JOB.c.id)).all()):
            statement = _ending(JobState.CANCELLED, failure, self._clock())
            if _count(session, statement.where(_JOB.c.id == job.id, _JOB.c.state.in_(_OPEN))):
                ended += [Ended(job, failure), *self._fail_dependants(session, job, failure)]
        return ended

    def retry(self, job_id: int) -> None:
        """Queue a failed or cancelled job afresh, and with it the jobs that failed only because it did.

        Raises QueueError when it is neither, AlreadyQueued when the same work was queued since.
        """
        with self._database.write() as session:
            row = self._known(session, job_id)
            if JobState(row.state) not in {JobState.FAILED, JobState.CANCELLED}:
                raise QueueError(
                    f"Job {job_id} is {row.state}; only a failed or cancelled job can be retried."
                )
            self._revive(session, job_id)

    def _revive(self, session: Session, job_id: int) -> None:
        row = session.get_one(JobRow, job_id, populate_existing=True)
        same = sa.select(_JOB.c.id).where(_JOB.c.dedupe_key == row.dedupe_key, _JOB.c.state.in_(_OPEN))
        twin = session.execute(same).scalar() if row.dedupe_key else None
        if twin is not None:
            raise AlreadyQueued(f"The work of job {job_id} is queued already as job {twin}.", job_id=twin)
        needs = sa.select(_NEED.c.needs_id).where(_NEED.c.job_id == job_id)
        unmet = session.execute(
            sa.select(sa.func.count()).where(_JOB.c.id.in_(needs), _JOB.c.state != JobState.DONE.value)
        ).scalar_one()
        row.state = (JobState.WAITING if unmet else JobState.QUEUED).value
        row.unmet, row.attempts, row.crashes, row.run_after, row.cancel = unmet, 0, 0, 0.0, False
        row.error_type = row.error = row.finished_at = None
        session.flush()
        blocked = sa.select(_JOB.c.id).where(
            _JOB.c.id.in_(sa.select(_NEED.c.job_id).where(_NEED.c.needs_id == job_id)),
            _JOB.c.state == JobState.FAILED.value,
            _JOB.c.error_type == NEED_FAILED,
        )
        for dependant in list(session.execute(blocked).scalars()):
            self._revive(session, dependant)

    def hold(self, job_id: int) -> bool:
        """Keep one job from starting. False when it runs or is over."""
        waits = (JobState.QUEUED.value, JobState.WAITING.value)
        with self._database.write() as session:
            self._known(session, job_id)
            held = sa.update(_JOB).where(_JOB.c.id == job_id, _JOB.c.state.in_(waits))
            return _count(session, held.values(state=JobState.PAUSED.value)) == 1

    def let_go(self, job_id: int) -> bool:
        """Let a held job start again. False when it was not held."""
        state = sa.case((_JOB.c.unmet > 0, JobState.WAITING.value), else_=JobState.QUEUED.value)
        with self._database.write() as session:
            self._known(session, job_id)
            held = sa.update(_JOB).where(_JOB.c.id == job_id, _JOB.c.state == JobState.PAUSED.value)
            return _count(session, held.values(state=state)) == 1

    def pause(self, show: str = "*") -> None:
        """Start no further job of *show* (`*`: of any); running ones go on."""
        statement = self._insert(_CONTROL).values(name=f"paused:{show}", value="1", changed_at=self._clock())
        with self._database.write() as session:
            session.execute(statement.on_conflict_do_nothing())

    def resume(self, show: str = "*") -> None:
        """Take a pause back."""
        with self._database.write() as session:
            session.execute(sa.delete(_CONTROL).where(_CONTROL.c.name == f"paused:{show}"))

    def paused(self) -> list[str]:
        """The shows that are paused; `*` stands for all."""
        look = sa.select(_CONTROL.c.name).where(_CONTROL.c.name.like("paused:%")).order_by(_CONTROL.c.name)
        with self._database.read() as session:
            return [name.removeprefix("paused:") for name in session.execute(look).scalars()]

    # -- looks ---------------------------------------------------------------------------------

    def get(self, job_id: int) -> JobRow:
        """One job. Raises QueueError when there is none of that id."""
        with self._database.read() as session:
            return self._known(session, job_id)

    def count_open(self, show: str | None = None, kind: str | None = None) -> int:
        """How many jobs are not over."""
        look = sa.select(sa.func.count()).where(_JOB.c.state.in_(_OPEN))
        if show:
            look = look.where(_JOB.c.show == show)
        if kind:
            look = look.where(_JOB.c.kind == kind)
        with self._database.read() as session:
            return int(session.execute(look).scalar_one())

    # -- shared --------------------------------------------------------------------------------

    def _update(self, session: Session, job: Job, *conditions: sa.ColumnElement[bool], **values: Any) -> bool:
        return _count(session, sa.update(_JOB).where(_ours(job), *conditions).values(**values)) == 1

    def _end(self, session: Session, job: Job, state: JobState, failure: Failure) -> list[Ended]:
        if _count(session, _ending(state, failure, self._clock()).where(_ours(job))) != 1:
            raise LeaseLost(
                f"Job {job.id} ({job.kind}) is not held by run {job.fence} any more.", job_id=job.id
            )
        return [Ended(job, failure), *self._fail_dependants(session, job, failure)]

    def _fail_dependants(self, session: Session, job: Job, failure: Failure) -> list[Ended]:
        ended: list[Ended] = []
        front = [(job, failure)]
        while front:
            needed, why = front.pop(0)
            words = f"It needs {needed.kind} job {needed.id}, which did not end well: {why.message}"
            reason = Failure(type=NEED_FAILED, message=words)
            dependants = sa.select(_NEED.c.job_id).where(_NEED.c.needs_id == needed.id)
            statement = _ending(JobState.FAILED, reason, self._clock())
            rows = session.execute(
                statement.where(_JOB.c.id.in_(dependants), _JOB.c.state.in_(_OPEN)).returning(*_RETURNED)
            ).all()
            for dependant in map(_job, rows):
                ended.append(Ended(dependant, reason))
                front.append((dependant, failure))
        return ended

    def _known(self, session: Session, job_id: int) -> JobRow:
        row = session.get(JobRow, job_id)
        if row is None:
            raise QueueError(f"There is no job {job_id}.", job_id=job_id)
        return row

    def list(
        self,
        show: str | None = None,
        states: Sequence[JobState] = (),
        kind: str | None = None,
        limit: int = 200,
    ) -> Sequence[JobRow]:
        """Jobs, the newest first."""
        look = select(JobRow).order_by(col(JobRow.id).desc()).limit(limit)
        if show:
            look = look.where(JobRow.show == show)
        if states:
            look = look.where(col(JobRow.state).in_([state.value for state in states]))
        if kind:
            look = look.where(JobRow.kind == kind)
        with self._database.read() as session:
            return session.exec(look).all()


NEED_FAILED = "NeedFailed"
"""The error type of a job that another one took down with it."""


def _row(order: Order, now: float, state: JobState, unmet: int) -> dict[str, Any]:
    return {
        "show": order.show,
        "kind": order.kind,
        "lane": order.lane.value,
        "state": state.value,
        "priority": order.priority,
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


def _next(lane: Lane, now: float) -> sa.Select[tuple[int]]:
    job = _JOB.alias("next")
    pauses = sa.select(_CONTROL.c.name).where(
        sa.or_(_CONTROL.c.name == "paused:*", _CONTROL.c.name == sa.literal("paused:").concat(job.c.show))
    )
    return (
        sa.select(job.c.id)
        .where(
            job.c.state
            == sa.literal_column("'queued'"),  # as written in the partial index, so that it is used
            job.c.lane == lane.value,
            job.c.run_after <= now,
            sa.not_(job.c.cancel),
            ~pauses.exists(),
        )
        .order_by(job.c.priority.desc(), job.c.id)
        .limit(1)
    )


def _ending(state: JobState, failure: Failure, now: float) -> sa.Update:
    return sa.update(_JOB).values(
        state=state.value,
        lease_until=None,
        finished_at=now,
        cancel=False,
        doing="",
        error_type=failure.type,
        error=failure.message,
    )


def _ours(job: Job) -> sa.ColumnElement[bool]:
    return sa.and_(_JOB.c.id == job.id, _JOB.c.fence == job.fence, _JOB.c.state == JobState.RUNNING.value)


def _count(session: Session, statement: sa.Update) -> int:
    return int(session.execute(statement).rowcount)  # type: ignore[attr-defined]  # an UPDATE's result is a CursorResult


def _job(row: Any) -> Job:
    return Job(
        id=row.id,
        show=row.show,
        kind=row.kind,
        lane=Lane(row.lane),
        payload=row.payload,
        attempt=row.attempts,
        fence=row.fence,
        task_id=row.task_id,
    )
