"""What is known of the tracker's tasks: brought up to date as they are read, and let go where they are taken back."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from ...schema.tables import TaskRow
from ...schema.tracker import TrackerTask
from ..store import Database
from ..store.jobs import Jobs
from ..store.rows import id_of
from ..store.tasks import UNDER_WAY, Tasks
from .orders import PROCESS

log = structlog.get_logger()


class Known:
    """The rows of one tracker's tasks."""

    def __init__(
        self, tracker: str, *, database: Database, tasks: Tasks, jobs: Jobs, queued: Callable[[], None]
    ) -> None:
        """Tasks of the tracker that the settings call *tracker*; *queued* is called when a job must be ended."""
        self._tracker, self._database, self._tasks, self._jobs = tracker, database, tasks, jobs
        self._queued = queued

    def update(self, show: str, task: TrackerTask, row: TaskRow | None) -> TaskRow:
        """The task's row as *task* is now; its waiting job takes the place that priority and due date give it."""
        if row is not None and _is(row, task):
            return row
        with self._database.write() as session:
            row = self._tasks.seen(session, show, self._tracker, task)
            if row.state in UNDER_WAY and self._jobs.reorder(session, PROCESS, id_of(row), task.priority, task.due):
                log.info("task has another place in the queue", priority=task.priority, due=task.due)
        return row

    def drop(self, row: TaskRow, why: str) -> None:
        """The task was taken back: its job does not start, or ends."""
        with self._database.write() as session:
            self._tasks.move(session, id_of(row), "dropped", why)
            self._jobs.drop(session, PROCESS, id_of(row))
        log.info("task taken back", why=why)
        self._queued()


def _is(row: TaskRow, task: TrackerTask) -> bool:
    entity = (task.entity.type, task.entity.id, task.entity.name) if task.entity else None
    known = (row.entity_type, row.entity_ref, row.entity_name)
    return (row.name, row.priority, row.due) == (task.name, task.priority, task.due) and entity in {None, known}
