"""Tasks that are ours, and what became of them."""

from __future__ import annotations

import time
from typing import Any

from sqlmodel import Session, select

from ...schema.tables import TaskRow
from ...schema.tracker import TrackerTask
from .database import Database

OPEN = ("new", "waiting", "queued", "running")


class Tasks:
    """The tasks of every tracker."""

    def __init__(self, database: Database) -> None:
        """Tasks in *database*."""
        self._database = database

    def seen(self, session: Session, show: str, tracker: str, task: TrackerTask) -> TaskRow:
        """The row of *task*, made or brought up to date."""
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

    def in_state(self, tracker: str, show: str, *states: str) -> list[TaskRow]:
        """The show's tasks on *tracker* that stand in one of *states*."""
        with self._database.read() as session:
            rows = session.exec(select(TaskRow).where(TaskRow.tracker == tracker, TaskRow.show == show)).all()
        return [row for row in rows if row.state in states]
