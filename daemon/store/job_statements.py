"""The statements that run for every job, built once: building costs more than running them.

Parameters: `is_lane`, `is_now`, `is_until` (the lease's end); `is_id`, `is_fence`, `is_result`.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ...schema.job import JobState
from .job_table import CONTROL, JOB, NEED, OPEN, OUTWARD, PAUSED, RETURNED, UNFIT


def turn(job: Any) -> tuple[sa.ColumnElement[Any], ...]:
    """The order in which jobs of one lane are taken."""
    return job.c.priority.desc(), job.c.due, job.c.id


TURN = turn(JOB)


def queued(job: Any) -> sa.ColumnElement[bool]:
    """The job has not begun; as written in the partial index, so that it is used."""
    return sa.and_(job.c.state == sa.literal_column("'queued'"))


QUEUED = queued(JOB)


def _next() -> sa.Select[tuple[int]]:
    """The id of the job that a lane should do next."""
    job = JOB.alias("next")
    pauses = sa.select(CONTROL.c.name).where(
        sa.or_(CONTROL.c.name == f"{PAUSED}*", CONTROL.c.name == sa.literal(PAUSED).concat(job.c.show))
    )
    unfit = sa.select(CONTROL.c.name).where(
        job.c.lane.in_(OUTWARD), CONTROL.c.name == sa.literal(UNFIT).concat(job.c.show)
    )
    return (
        sa.select(job.c.id)
        .where(
            queued(job),
            job.c.lane == sa.bindparam("is_lane"),
            job.c.run_after <= sa.bindparam("is_now"),
            sa.not_(job.c.cancel),
            ~pauses.exists(),
            ~unfit.exists(),
        )
        .order_by(*turn(job))
        .limit(1)
    )


LOOK = _next()

CLAIM = (
    sa.update(JOB)
    .where(JOB.c.id == _next().with_for_update(skip_locked=True).scalar_subquery())
    .values(
        state=JobState.RUNNING.value,
        fence=JOB.c.fence + 1,
        attempts=JOB.c.attempts + 1,
        lease_until=sa.bindparam("is_until"),
        started_at=sa.bindparam("is_now"),
        progress=0.0,
        doing="",
    )
    .returning(*RETURNED)
)
"""SQLAlchemy leaves the lock clause out on SQLite, where the transaction itself holds the lock."""

FINISH = (
    sa.update(JOB)
    .where(
        JOB.c.id == sa.bindparam("is_id"),
        JOB.c.fence == sa.bindparam("is_fence"),
        JOB.c.state == JobState.RUNNING.value,
    )
    .values(
        state=JobState.DONE.value,
        result=sa.bindparam("is_result"),
        progress=1.0,
        doing="",
        cancel=False,
        lease_until=None,
        finished_at=sa.bindparam("is_now"),
        error=None,
        error_type=None,
    )
    .returning(JOB.c.id)
)

FREE = (
    sa.update(JOB)
    .where(
        JOB.c.id.in_(sa.select(NEED.c.job_id).where(NEED.c.needs_id == sa.bindparam("is_id"))),
        JOB.c.state.in_(OPEN),
    )
    .values(
        unmet=JOB.c.unmet - 1,
        state=sa.case(
            (sa.and_(JOB.c.unmet <= 1, JOB.c.state == JobState.WAITING.value), JobState.QUEUED.value),
            else_=JOB.c.state,
        ),
    )
)
"""Frees the jobs that waited for `is_id`, where it was the last that they needed."""
