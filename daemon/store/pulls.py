"""Pulls that tasks wait for, and the clips that brought them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlmodel import Session, col, select

from ...schema.pull import Pull
from ...schema.tables import PullRow
from .database import Database


class Pulls:
    """The pulls of every show."""

    def __init__(self, database: Database) -> None:
        """Pulls in *database*."""
        self._database = database

    def ask(self, session: Session, show: str, task_id: int, pulls: Sequence[Pull]) -> None:
        """The task waits for these from now on."""
        rows = (pull.model_dump(mode="json") for pull in pulls)
        session.add_all(PullRow(show=show, task_id=task_id, pull=row, asked_at=time.time()) for row in rows)

    def of_task(self, task_id: int) -> list[PullRow]:
        """Everything that a task asked for, oldest first."""
        with self._database.read() as session:
            return list(session.exec(select(PullRow).where(PullRow.task_id == task_id).order_by(col(PullRow.id))))

    def settle(self, session: Session, task_id: int, landed: Mapping[int, int]) -> None:
        """The task goes on with *landed* (pull's id to clip's id); what else it asked for is no longer waited for."""
        for pull_id, clip_id in landed.items():
            session.execute(sa.update(PullRow).where(col(PullRow.id) == pull_id).values(clip_id=clip_id))
        session.execute(sa.delete(PullRow).where(col(PullRow.task_id) == task_id, col(PullRow.clip_id).is_(None)))
