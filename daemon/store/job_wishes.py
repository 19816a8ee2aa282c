"""The queue as people see and steer it: what the command line and the daemon's rooms may ask."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from ...schema.errors import AlreadyQueued, QueueError
from ...schema.job import JobState
from ...schema.tables import JobRow
from .database import Database
from .job_table import CONTROL, JOB, NEED, OPEN, PAUSED, count, paused_shows


class JobWishes:
    """Wishes are rows; the daemon acts on them. Each method is a transaction of its own."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        """Jobs in *database*; *clock* gives seconds since the epoch."""
        self._database = database
        self._clock = clock
        self._insert = sqlite.insert if database.is_sqlite else postgresql.insert

    def cancel(self, job_id: int) -> bool:
        """Have a job not start, or end where it runs; the daemon sees to it.

        True when it had not started (it never will), False when it runs and is being ended. Raises
        QueueError when it is over already.
        """
        wish = sa.update(JOB).where(JOB.c.id == job_id, JOB.c.state.in_(OPEN)).values(cancel=True)
        with self._database.write() as session:
            state = session.execute(wish.returning(JOB.c.state)).scalar()
            if state is None:
                raise QueueError(f"Job {job_id} is {self._known(session, job_id).state} already.", job_id=job_id)
            return JobState(state) is not JobState.RUNNING

    def retry(self, job_id: int) -> None:
        """Queue a failed or cancelled job afresh, and with it the jobs that failed only because it did.

        Raises QueueError when it is neither, AlreadyQueued when the same work was queued since.
        """
        with self._database.write() as session:
            row = self._known(session, job_id)
            if JobState(row.state) not in {JobState.FAILED, JobState.CANCELLED}:
                raise QueueError(f"Job {job_id} is {row.state}; only a failed or cancelled job can be retried.")
            self._revive(session, job_id)

    def _revive(self, session: Session, job_id: int) -> None:
        row = session.get_one(JobRow, job_id, populate_existing=True)
        same = sa.select(JOB.c.id).where(JOB.c.dedupe_key == row.dedupe_key, JOB.c.state.in_(OPEN))
        twin = session.execute(same).scalar() if row.dedupe_key else None
        if twin is not None:
            raise AlreadyQueued(f"The work of job {job_id} is queued already as job {twin}.", job_id=twin)
        needs = sa.select(NEED.c.needs_id).where(NEED.c.job_id == job_id)
        unmet = session.execute(
            sa.select(sa.func.count()).where(JOB.c.id.in_(needs), JOB.c.state != JobState.DONE.value)
        ).scalar_one()
        row.state = (JobState.WAITING if unmet else JobState.QUEUED).value
        row.unmet, row.attempts, row.crashes, row.run_after, row.cancel = unmet, 0, 0, 0.0, False
        row.error_type = row.error = row.finished_at = None
        session.flush()
        # A job that waited for this one can have failed for no reason but this one's.
        blocked = sa.select(JOB.c.id).where(
            JOB.c.id.in_(sa.select(NEED.c.job_id).where(NEED.c.needs_id == job_id)),
            JOB.c.state == JobState.FAILED.value,
        )
        for dependant in list(session.execute(blocked).scalars()):
            self._revive(session, dependant)

    def hold(self, job_id: int) -> bool:
        """Keep one job from starting. False when it runs or is over."""
        waits = (JobState.QUEUED.value, JobState.WAITING.value)
        with self._database.write() as session:
            self._known(session, job_id)
            held = sa.update(JOB).where(JOB.c.id == job_id, JOB.c.state.in_(waits))
            return count(session, held.values(state=JobState.PAUSED.value)) == 1

    def let_go(self, job_id: int) -> bool:
        """Let a held job start again. False when it was not held."""
        state = sa.case((JOB.c.unmet > 0, JobState.WAITING.value), else_=JobState.QUEUED.value)
        with self._database.write() as session:
            self._known(session, job_id)
            held = sa.update(JOB).where(JOB.c.id == job_id, JOB.c.state == JobState.PAUSED.value)
            return count(session, held.values(state=state)) == 1

    def pause(self, show: str = "*") -> None:
        """Start no further job of *show* (`*`: of any); running ones go on."""
        statement = self._insert(CONTROL).values(name=f"{PAUSED}{show}", value="1", changed_at=self._clock())
        with self._database.write() as session:
            session.execute(statement.on_conflict_do_nothing())

    def resume(self, show: str = "*") -> None:
        """Take a pause back."""
        with self._database.write() as session:
            session.execute(sa.delete(CONTROL).where(CONTROL.c.name == f"{PAUSED}{show}"))

    def paused(self) -> list[str]:
        """The shows that are paused; `*` stands for all."""
        with self._database.read() as session:
            return sorted(paused_shows(session))

    def get(self, job_id: int) -> JobRow:
        """One job. Raises QueueError when there is none of that id."""
        with self._database.read() as session:
            return self._known(session, job_id)

    def count_open(self, show: str | None = None, kind: str | None = None) -> int:
        """How many jobs are not over."""
        look = sa.select(sa.func.count()).where(JOB.c.state.in_(OPEN))
        if show:
            look = look.where(JOB.c.show == show)
        if kind:
            look = look.where(JOB.c.kind == kind)
        with self._database.read() as session:
            return int(session.execute(look).scalar_one())

    def since_last(self, kind: str, task_id: int) -> list[JobRow]:
        """The jobs of a task that were queued after its last one of *kind*, oldest first."""
        last = (
            select(sa.func.max(col(JobRow.id))).where(JobRow.kind == kind, JobRow.task_id == task_id).scalar_subquery()
        )
        statement = select(JobRow).where(JobRow.task_id == task_id, col(JobRow.id) > last)
        with self._database.read() as session:
            return list(session.exec(statement.order_by(col(JobRow.id))))

    def _known(self, session: Session, job_id: int) -> JobRow:
        row = session.get(JobRow, job_id)
        if row is None:
            raise QueueError(f"There is no job {job_id}.", job_id=job_id)
        return row

    def list(
        self,
        show: str | None = None,
        states: Sequence[JobState] | None = None,
        kind: str | None = None,
        task_id: int | None = None,
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
        if task_id is not None:
            look = look.where(JobRow.task_id == task_id)
        with self._database.read() as session:
            return session.exec(look).all()
