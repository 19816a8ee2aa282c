"""Where every task of ours stands, against what its note in the tracker says."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from ...schema import tables
from ...schema.job import JobState, Lane
from ...schema.model import Value
from .database import Database
from .job_statements import TURN

_TABLES = tables.TaskRow.metadata.tables
_TASK, _JOB = _TABLES["task"], _TABLES["job"]
_OPEN = tuple(state.value for state in JobState if not state.over)
_SILENT = ("new",)


class Standing(Value):
    """One task: its state with the reason, and its processor's job, where one is open.

    `place` is the job's turn in the queue, from 1; `told` is what its note says now.
    """

    task_id: int
    show: str
    state: str
    reason: str
    told: str
    job: JobState | None = None
    progress: float = 0.0
    place: int = 0


class Standings:
    """Reads standings, and keeps what was told."""

    def __init__(self, database: Database) -> None:
        """Tasks in *database*."""
        self._database = database

    def all(self, *, task_id: int | None = None) -> list[Standing]:
        """Every task that was ever worked on or asked about, or one of them."""
        with self._database.read() as session:
            places = self._places(session)
            statement = sa.select(_TASK).where(_TASK.c.state.not_in(_SILENT))
            if task_id is not None:
                statement = statement.where(_TASK.c.id == task_id)
            jobs = self._jobs(session, task_id)
            return [_standing(row, jobs.get(row.id), places) for row in session.execute(statement)]

    def told(self, session: Session, task_id: int, words: str) -> None:
        """The task's note says *words* now."""
        session.execute(sa.update(_TASK).where(_TASK.c.id == task_id).values(told=words))

    def _places(self, session: Session) -> dict[int, int]:
        waiting = (_JOB.c.state == JobState.QUEUED.value, _JOB.c.lane == Lane.PROCESS.value)
        ids = session.execute(sa.select(_JOB.c.id).where(*waiting).order_by(*TURN)).scalars()
        return {int(job_id): place for place, job_id in enumerate(ids, 1)}

    def _jobs(self, session: Session, task_id: int | None) -> dict[int, Any]:
        columns = (_JOB.c.id, _JOB.c.task_id, _JOB.c.state, _JOB.c.progress)
        statement = sa.select(*columns).where(_JOB.c.lane == Lane.PROCESS.value, _JOB.c.state.in_(_OPEN))
        if task_id is not None:
            statement = statement.where(_JOB.c.task_id == task_id)
        return {row.task_id: row for row in session.execute(statement) if row.task_id is not None}


def _standing(task: Any, job: Any, places: dict[int, int]) -> Standing:
    more = {"job": JobState(job.state), "progress": job.progress, "place": places.get(job.id, 0)} if job else {}
    return Standing(
        task_id=task.id,
        show=task.show,
        state=task.state,
        reason=task.reason,
        told=task.told,
        **more,
    )
