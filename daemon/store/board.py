"""What stands where: the read-only queries of the status page and the command line.

One reading is a handful of indexed queries with limits; the database counts. 100,000 arrivals and
jobs take some 50 ms on SQLite (tests/unit/test_board.py holds a bound).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from ...schema import tables
from ...schema.arrival import ArrivalState
from ...schema.job import JobState, Lane
from .board_attention import attention, mend_of_task, unserved
from .board_values import (
    ArrivalGroup,
    ArrivalLine,
    Board,
    FindingLine,
    JobLine,
    ShowLine,
    TaskLine,
    TrackerLine,
    VersionLine,
)
from .board_words import ARRIVAL_WORDS, TASK_WORDS, finding_line, job_line, version_line
from .database import Database
from .job_table import OUTWARD, paused_shows
from .unfit import unfit_shows

_TABLES = tables.ArrivalRow.metadata.tables
_ARRIVAL, _CLIP, _JOB, _NEED = (_TABLES[name] for name in ("arrival", "clip", "job", "job_need"))
_TASK, _FINDING, _VERSION = (_TABLES[name] for name in ("task", "finding", "version"))
_CURSOR = _TABLES["cursor"]

_JOB_COLUMNS = [column for column in _JOB.c if column.name != "result"]
_JOB_LIMITS = {
    JobState.RUNNING: 20,
    JobState.FAILED: 20,
    JobState.PAUSED: 10,
    JobState.WAITING: 10,
    JobState.QUEUED: 15,
    JobState.DONE: 100,
    JobState.CANCELLED: 4,
}
_DONE_TOLD = 8
_LATEST = 12
"""Rows of a list."""
_MOST_FILES = 100_000


class BoardReader:
    """Reads the board from a database."""

    def __init__(self, database: Database, first_frames: Mapping[str, int] | None = None) -> None:
        """*first_frames* is each show's shot frame of a plate's first frame (1001)."""
        self._database = database
        self._first_frames = dict(first_frames or {})

    def read(self, show: str | None = None) -> Board:
        """The board of one show, or of all. A show without rows is an empty board."""
        now = time.time()
        with self._database.read() as session:
            paused = paused_shows(session)
            jobs = self._jobs(session, show, paused, now)
            tasks = self._tasks(session, show, jobs)
            arrivals = self._arrivals(session, show)
            return Board(
                at=now,
                show=show,
                shows=self._shows(session, paused),
                all_paused="*" in paused,
                trackers=self._trackers(session),
                attention=(*unserved(session, show), *attention(arrivals, jobs, tasks, now)),
                arrivals=arrivals,
                job_counts=_counts(session, _JOB, show),
                jobs=jobs,
                task_counts=_counts(session, _TASK, show),
                tasks=tasks,
                finding_count=_total(session, _FINDING, show),
                findings=self._findings(session, show),
                version_counts=_counts(session, _VERSION, show),
                versions=self._versions(session, show),
            )

    def arrivals(self, state: ArrivalState, show: str | None) -> Iterator[ArrivalLine]:
        """Every file of a state, the latest first: for a list that somebody sends to the set."""
        with self._database.read() as session:
            rows = session.execute(
                _of(_ARRIVAL, _ARRIVAL.c, show, state, _MOST_FILES).execution_options(yield_per=1000)
            )
            yield from map(_arrival_line, rows)

    def _shows(self, session: Session, paused: set[str]) -> tuple[ShowLine, ...]:
        found = set(self._first_frames)
        for table in (_ARRIVAL, _CLIP, _JOB, _TASK):
            found |= _distinct_shows(session, table)
        return tuple(ShowLine(name=name, paused=name in paused) for name in sorted(found))

    def _trackers(self, session: Session) -> tuple[TrackerLine, ...]:
        rows = session.execute(sa.select(_CURSOR.c.tracker, _CURSOR.c.read_at).order_by(_CURSOR.c.tracker))
        return tuple(TrackerLine(name=row.tracker, read_at=row.read_at) for row in rows)

    def _arrivals(self, session: Session, show: str | None) -> tuple[ArrivalGroup, ...]:
        counts = _counts(session, _ARRIVAL, show)
        groups = []
        for state, (title, meaning) in ARRIVAL_WORDS.items():
            if not counts.get(state):
                continue
            rows = session.execute(_of(_ARRIVAL, _ARRIVAL.c, show, state, _LATEST))
            latest = tuple(_arrival_line(row) for row in rows)
            groups.append(ArrivalGroup(state=state, title=title, meaning=meaning, count=counts[state], latest=latest))
        return tuple(groups)

    def _jobs(self, session: Session, show: str | None, paused: set[str], now: float) -> tuple[JobLine, ...]:
        rows: list[Any] = []
        for state, limit in _JOB_LIMITS.items():
            found = list(session.execute(_of(_JOB, _JOB_COLUMNS, show, state, limit, newest=state.over)))
            rows += _worth_telling(found) if state is JobState.DONE else found
        names = _task_names(session, {row.task_id for row in rows if row.task_id is not None})
        needs = _needs(session, [row.id for row in rows if row.state == JobState.WAITING])
        unfit = {one.show: one.what for one in unfit_shows(session)}
        return tuple(
            job_line(
                row,
                task=names.get(row.task_id, ""),
                needs=needs.get(row.id, ()),
                paused=bool(paused & {"*", row.show}),
                held=unfit.get(row.show, "") if row.lane in OUTWARD else "",
                now=now,
            )
            for row in rows
        )

    def _tasks(self, session: Session, show: str | None, jobs: Sequence[JobLine]) -> tuple[TaskLine, ...]:
        rows: list[Any] = []
        for state in TASK_WORDS:
            rows += session.execute(_of(_TASK, _TASK.c, show, state, _LATEST))
        open_jobs = {job.task_id: job for job in jobs if job.task_id and not JobState(job.state).over}
        return tuple(_task_line(row, open_jobs.get(row.id), mend_of_task(row, jobs)) for row in rows)

    def _findings(self, session: Session, show: str | None) -> tuple[FindingLine, ...]:
        statement = sa.select(_FINDING, _CLIP.c.name, _CLIP.c.timecode, _CLIP.c.rate)
        statement = statement.join(_CLIP, _CLIP.c.id == _FINDING.c.clip_id)
        rows = session.execute(_latest(statement, _FINDING, show, _LATEST))
        lines = (finding_line(row, row, self._first_frames.get(row.show, 1001)) for row in rows)
        return tuple(line for line in lines if line is not None)

    def _versions(self, session: Session, show: str | None) -> tuple[VersionLine, ...]:
        statement = sa.select(_VERSION, _CLIP.c.name.label("plate"))
        statement = statement.outerjoin(_CLIP, _CLIP.c.id == _VERSION.c.plate_clip_id)
        rows = session.execute(_latest(statement, _VERSION, show, _LATEST))
        return tuple(version_line(row, row.plate or "") for row in rows)


def _of(
    table: sa.Table, columns: Any, show: str | None, state: str, limit: int, *, newest: bool = True
) -> sa.Select[Any]:
    """The newest (or oldest) rows of one state: the index on state gives them in the order of their ids."""
    statement = sa.select(*columns).where(table.c.state == str(state))
    if show is not None:
        statement = statement.where(table.c.show == show)
    return statement.order_by(table.c.id.desc() if newest else table.c.id).limit(limit)


def _latest(statement: sa.Select[Any], table: sa.Table, show: str | None, limit: int) -> sa.Select[Any]:
    if show is not None:
        statement = statement.where(table.c.show == show)
    return statement.order_by(table.c.id.desc()).limit(limit)


def _worth_telling(done: list[Any]) -> list[Any]:
    """Of the latest jobs that ended well those that people asked for; a file indexed is no news."""
    asked = [row for row in done if row.lane != Lane.INDEX]
    return (asked or done[:3])[:_DONE_TOLD]


def _counts(session: Session, table: sa.Table, show: str | None) -> dict[str, int]:
    statement = sa.select(table.c.state, sa.func.count()).group_by(table.c.state)
    if show is not None:
        statement = statement.where(table.c.show == show)
    return {str(state): int(count) for state, count in session.execute(statement)}


def _total(session: Session, table: sa.Table, show: str | None) -> int:
    statement = sa.select(sa.func.count()).select_from(table)
    if show is not None:
        statement = statement.where(table.c.show == show)
    return int(session.execute(statement).scalar_one())


def _distinct_shows(session: Session, table: sa.Table) -> set[str]:
    """The shows in a table by hopping along its index: DISTINCT would read every entry."""
    found: set[str] = set()
    name = session.execute(sa.select(sa.func.min(table.c.show))).scalar()
    while name is not None:
        found.add(str(name))
        name = session.execute(sa.select(sa.func.min(table.c.show)).where(table.c.show > name)).scalar()
    return found


def _task_names(session: Session, ids: set[int]) -> dict[int, str]:
    if not ids:
        return {}
    rows = session.execute(sa.select(_TASK.c.id, _TASK.c.name, _TASK.c.entity_name).where(_TASK.c.id.in_(ids)))
    return {row.id: f"{row.entity_name} {row.name}".strip() for row in rows}


def _needs(session: Session, ids: Sequence[int]) -> dict[int, list[int]]:
    if not ids:
        return {}
    open_needs = (
        sa.select(_NEED.c.job_id, _NEED.c.needs_id)
        .join(_JOB, _JOB.c.id == _NEED.c.needs_id)
        .where(_NEED.c.job_id.in_(ids), _JOB.c.state != JobState.DONE.value)
        .order_by(_NEED.c.needs_id)
    )
    found: dict[int, list[int]] = {}
    for row in session.execute(open_needs):
        found.setdefault(row.job_id, []).append(row.needs_id)
    return found


def _arrival_line(row: Any) -> ArrivalLine:
    path = PurePath(row.path)
    return ArrivalLine(
        id=row.id,
        show=row.show,
        name=path.name,
        folder=str(path.parent),
        state=row.state,
        reason=row.reason,
        size=row.size,
        changed_at=row.changed_at,
        clip_id=row.clip_id,
    )


def _task_line(row: Any, job: JobLine | None, mend: str) -> TaskLine:
    return TaskLine(
        id=row.id,
        show=row.show,
        name=row.name,
        entity=row.entity_name,
        processor=row.processor,
        state=row.state,
        title=TASK_WORDS.get(row.state, row.state),
        reason=row.reason,
        mend=mend,
        due=row.due,
        changed_at=row.changed_at,
        job_id=job.id if job else None,
        progress=job.progress if job and job.state == JobState.RUNNING else None,
        doing=(job.doing or job.why) if job else "",
    )
