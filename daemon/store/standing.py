"""Where the tasks of ours stand, against what their notes in the tracker say.

Most tasks are over, and their notes say so for good: `settled_at` marks those, and a look reads only the others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from ...schema import tables
from ...schema.job import JobState, Lane
from ...schema.model import Value
from .database import Database
from .job_statements import QUEUED, TURN
from .job_table import JOB, OPEN, paused_shows

_TASK = tables.TaskRow.metadata.tables["task"]
_TASK_COLUMNS = tuple(_TASK.c[name] for name in ("id", "show", "state", "reason", "told", "changed_at"))
_JOB_COLUMNS = tuple(
    JOB.c[name] for name in ("id", "show", "task_id", "state", "progress", "error", "priority", "due", "cancel")
)
_PROCESS = JOB.c.lane == Lane.PROCESS.value
_BEGUN = tuple(state for state in OPEN if state != JobState.QUEUED.value)
_BATCH = 500

_UNSETTLED = sa.and_(_TASK.c.state != sa.literal_column("'new'"), _TASK.c.settled_at != _TASK.c.changed_at)
"""As written in the partial index, so that it is used."""

_SETTLE = sa.update(_TASK).where(_TASK.c.id == sa.bindparam("is_id")).values(settled_at=sa.bindparam("is_at"))


class Standing(Value):
    """One task: its state with the reason, and its processor's job, where one is open.

    `place` is the job's turn in the queue, from 1; `held`: a person paused it, or its show; `fault` is why a run of
    it before gave no result. `told` is what the task's note says now.
    """

    task_id: int
    show: str
    state: str
    reason: str
    told: str
    changed_at: float
    job: JobState | None = None
    progress: float = 0.0
    place: int = 0
    held: bool = False
    fault: str = ""


class Standings:
    """Reads standings, and keeps what was told."""

    def __init__(self, database: Database) -> None:
        """Tasks in *database*."""
        self._database = database

    def unsettled(self, shows: Collection[str]) -> list[Standing]:
        """The tasks of *shows* whose notes need not be true: changed since they were written, or being worked on."""
        with self._database.read() as session:
            paused = paused_shows(session)
            queued = session.execute(sa.select(*_JOB_COLUMNS).where(_PROCESS, QUEUED).order_by(*TURN)).all()
            begun = session.execute(sa.select(*_JOB_COLUMNS).where(_PROCESS, JOB.c.state.in_(_BEGUN))).all()
            turns = [job.id for job in queued if not job.cancel and not _held(job, paused)]
            places = {job_id: place for place, job_id in enumerate(turns, 1)}
            jobs = {job.task_id: job for job in (*queued, *begun)}
            changed = sa.select(*_TASK_COLUMNS).where(_TASK.c.show.in_(shows), _UNSETTLED)
            tasks = {task.id: task for task in session.execute(changed)}
            # A job that was tried again by hand is open though its task is settled.
            more = _tasks(session, jobs.keys() - tasks.keys() - {None})
            tasks |= {task.id: task for task in more if task.show in shows}
        return [_standing(task, jobs.get(task.id), places, paused) for task in tasks.values()]

    def of(self, task_id: int) -> Standing | None:
        """Where one task stands; None where it is not known, or nothing happened to it yet."""
        with self._database.read() as session:
            task = next(iter(_tasks(session, [task_id])), None)
            if task is None:
                return None
            paused = paused_shows(session)
            open_job = sa.select(*_JOB_COLUMNS).where(_PROCESS, JOB.c.task_id == task_id, JOB.c.state.in_(OPEN))
            job = session.execute(open_job).first()
            places = {job.id: _place(session, job, paused)} if job is not None else {}
            return _standing(task, job, places, paused)

    def told(self, session: Session, one: Standing, words: str) -> None:
        """The note of *one* says *words* now, which is how it stood."""
        session.execute(sa.update(_TASK).where(_TASK.c.id == one.task_id).values(told=words))
        if one.job is None:
            self.settle(session, [one])

    def settle(self, session: Session, standings: Iterable[Standing]) -> None:
        """The notes of these, none of which has an open job, say all there is until their tasks change again."""
        rows = [{"is_id": one.task_id, "is_at": one.changed_at} for one in standings]
        if rows:
            session.execute(_SETTLE, rows)


def _tasks(session: Session, ids: Collection[int]) -> list[Any]:
    wanted = sorted(ids)
    rows: list[Any] = []
    for start in range(0, len(wanted), _BATCH):
        some = _TASK.c.id.in_(wanted[start : start + _BATCH])
        rows += session.execute(sa.select(*_TASK_COLUMNS).where(some, _TASK.c.state != "new")).all()
    return rows


def _place(session: Session, job: Any, paused: Collection[str]) -> int:
    """How many are taken before *job*, and itself: for one task the others need not be read."""
    if job.state != JobState.QUEUED.value or "*" in paused:
        return 0
    later = sa.and_(JOB.c.due == job.due, JOB.c.id <= job.id)
    before = sa.or_(
        JOB.c.priority > job.priority, sa.and_(JOB.c.priority == job.priority, sa.or_(JOB.c.due < job.due, later))
    )
    taken = sa.and_(_PROCESS, QUEUED, sa.not_(JOB.c.cancel), JOB.c.show.not_in(paused), before)
    return int(session.execute(sa.select(sa.func.count()).where(taken)).scalar_one())


def _held(job: Any, paused: Collection[str]) -> bool:
    return "*" in paused or job.show in paused


def _standing(task: Any, job: Any, places: Mapping[int, int], paused: Collection[str]) -> Standing:
    more: dict[str, Any] = {}
    if job is not None:
        state = JobState(job.state)
        held = state is JobState.PAUSED or (state is JobState.QUEUED and _held(job, paused))
        more = {"job": state, "progress": job.progress, "place": places.get(job.id, 0), "held": held}
        more["fault"] = job.error or ""
    return Standing(
        task_id=task.id,
        show=task.show,
        state=task.state,
        reason=task.reason,
        told=task.told,
        changed_at=task.changed_at,
        **more,
    )
