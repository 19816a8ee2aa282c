"""What the operations on the queue's table share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from ...schema.job import Failure, Job, JobState, Lane
from ...schema.tables import ControlRow, JobNeedRow, JobRow

JOB = SQLModel.metadata.tables[str(JobRow.__tablename__)]
NEED = SQLModel.metadata.tables[str(JobNeedRow.__tablename__)]
CONTROL = SQLModel.metadata.tables[str(ControlRow.__tablename__)]
OPEN = tuple(state.value for state in JobState if not state.over)

RETURNED = (JOB.c.id, JOB.c.show, JOB.c.kind, JOB.c.lane, JOB.c.payload, JOB.c.attempts, JOB.c.fence, JOB.c.task_id)
"""The columns that `job_of` reads."""

PAUSED = "paused:"
"""What the switch of a paused show is called, before its name."""

UNFIT = "unfit:"
"""What the row is called, before its name, that says why a show is not served."""

OUTWARD = tuple(lane.value for lane in Lane if lane.threaded)
"""The lanes whose jobs speak to trackers."""

NEED_FAILED = "NeedFailed"
"""The error type of a job that another one took down with it."""


@dataclass(frozen=True)
class Ended:
    """A job that will not run again by itself, and why."""

    job: Job
    failure: Failure


def ending(state: JobState, failure: Failure, now: float) -> sa.Update:
    """The update that ends jobs badly; its caller says which."""
    return sa.update(JOB).values(
        state=state.value,
        lease_until=None,
        finished_at=now,
        cancel=False,
        doing="",
        error_type=failure.type,
        error=failure.message,
    )


def ours(job: Job) -> sa.ColumnElement[bool]:
    """The condition that the run which claimed *job* still holds it."""
    return sa.and_(JOB.c.id == job.id, JOB.c.fence == job.fence, JOB.c.state == JobState.RUNNING.value)


def count(session: Session, statement: sa.Update) -> int:
    """Execute *statement* and tell how many rows it changed."""
    return int(session.execute(statement).rowcount)  # type: ignore[attr-defined]  # an UPDATE's result is a CursorResult


def paused_shows(session: Session) -> set[str]:
    """The shows that a person paused; `*` stands for all."""
    names = session.execute(sa.select(CONTROL.c.name).where(CONTROL.c.name.startswith(PAUSED))).scalars()
    return {str(name).removeprefix(PAUSED) for name in names}


def job_of(row: Any) -> Job:
    """The job in a row of the columns RETURNED."""
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
