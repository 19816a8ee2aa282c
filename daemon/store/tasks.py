"""Tasks that are ours, and what became of them."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

from sqlmodel import Session, col, select

from ...schema.tables import TaskRow, VersionRow
from ...schema.tracker import EntityRef, TrackerTask
from .database import Database

UNDER_WAY = frozenset({"queued", "running"})
QUIET = frozenset({"done", "refused", "failed", "rejected", "approved"})
"""States in which nothing happens until people say something."""


def task_ref(row: TaskRow) -> EntityRef:
    """The task in its tracker."""
    return EntityRef(type="Task", id=row.tracker_ref, name=row.name)


class Tasks:
    """The tasks of every tracker."""

    def __init__(self, database: Database) -> None:
        """Tasks in *database*."""
        self._database = database

    def seen(self, session: Session, show: str, tracker: str, task: TrackerTask) -> TaskRow:
        """The row of *task*, made or brought up to date; two tasks of one id are one."""
        row = session.exec(
            select(TaskRow).where(TaskRow.tracker == tracker, TaskRow.tracker_ref == task.ref.id)
        ).one_or_none()
        if row is None:
            row = TaskRow(show=show, tracker=tracker, tracker_ref=task.ref.id, name=task.name, changed_at=time.time())
        row.name, row.priority, row.due = task.name, task.priority, task.due
        if task.entity:
            row.entity_type, row.entity_ref, row.entity_name = task.entity.type, task.entity.id, task.entity.name
        session.add(row)
        session.flush()
        return row

    def move(self, session: Session, task_id: int, state: str, reason: str = "", **more: Any) -> TaskRow:
        """Set a task's state with its reason (and *more* columns)."""
        row = session.get_one(TaskRow, task_id)
        row.state, row.reason, row.changed_at = state, reason, time.time()
        for name, value in more.items():
            setattr(row, name, value)
        session.add(row)
        return row

    def get(self, task_id: int) -> TaskRow:
        """One task."""
        with self._database.read() as session:
            return session.get_one(TaskRow, task_id)

    def called(self, tracker_ref: str) -> list[TaskRow]:
        """The tasks that a tracker knows by this id; several where there are several trackers."""
        with self._database.read() as session:
            return list(
                session.exec(select(TaskRow).where(TaskRow.tracker_ref == tracker_ref).order_by(col(TaskRow.id)))
            )

    def of_show(self, tracker: str, show: str, refs: Collection[str] | None = None) -> dict[str, TaskRow]:
        """The show's tasks on *tracker* by the tracker's id, or of those the ones in *refs*."""
        statement = select(TaskRow).where(TaskRow.tracker == tracker, TaskRow.show == show)
        if refs is not None:
            statement = statement.where(col(TaskRow.tracker_ref).in_(refs))
        with self._database.read() as session:
            return {row.tracker_ref: row for row in session.exec(statement)}

    def refs_of_versions(self, tracker: str, versions: Collection[str]) -> set[str]:
        """The tracker's ids of the tasks whose versions it knows under *versions*."""
        statement = select(TaskRow.tracker_ref).join(VersionRow, col(VersionRow.task_id) == col(TaskRow.id))
        statement = statement.where(TaskRow.tracker == tracker, col(VersionRow.tracker_ref).in_(versions))
        with self._database.read() as session:
            return set(session.exec(statement))

    def twin(self, task: TaskRow, digest: str) -> TaskRow | None:
        """Another task of the same shot for which the same was queued or made."""
        statement = select(TaskRow).where(
            TaskRow.digest == digest,
            TaskRow.show == task.show,
            TaskRow.entity_ref == task.entity_ref,
            TaskRow.tracker == task.tracker,
            TaskRow.id != task.id,
            col(TaskRow.state).in_(("queued", "running", "done", "approved")),
        )
        with self._database.read() as session:
            return session.exec(statement.order_by(col(TaskRow.id))).first()
