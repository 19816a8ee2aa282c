"""From what was heard to a job in the queue: planned, not made twice, and told."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from ...schema.errors import AlreadyQueued, BriefIncomplete
from ...schema.ports import Processor
from ...schema.tables import TaskRow
from ...schema.tracker import BriefSource
from ..publish.answer import Answers
from ..steps import Step, passed
from ..store import Database
from ..store.index import Index
from ..store.pulls import Pulls
from ..store.rows import id_of
from ..store.tasks import Tasks
from .attached import Attached
from .hearing import Heard
from .landing import Landed
from .planning import Plan
from .rules import AGAIN
from .shows import ShowDesk
from .telling import remembered, wished
from .twins import digest_of, work_of
from .vocabulary import Vocabulary
from .wishes import WishKind

log = structlog.get_logger()

ARRIVING_SECONDS = 600.0
"""A file that has been on its way for longer does not hold a task up."""
_ARRIVING = "Begins when the files that are arriving have been indexed."


class Placing:
    """Puts the work of tasks into the queue. A reply is acted on in the transaction that queues its job, so once."""

    def __init__(
        self,
        *,
        database: Database,
        index: Index,
        tasks: Tasks,
        pulls: Pulls,
        answers: Answers,
        queued: Callable[[], None],
    ) -> None:
        """*queued* is called after a job was added."""
        self._database, self._index, self._tasks, self._pulls = database, index, tasks, pulls
        self._answers, self._queued = answers, queued

    def place(
        self,
        show: ShowDesk,
        row: TaskRow,
        source: BriefSource,
        processor: Processor,
        heard: Heard,
        attached: Attached,
        landed: Landed,
    ) -> None:
        """Queue the job that the task asks for, unless it must wait for files that are on their way.

        Raises BriefIncomplete where the brief lacks something, or another task of the shot asks for the very same.
        """
        if processor.needs_takes and not Vocabulary(processor).names_takes(heard.brief) and self._awaits(show, row):
            return
        if source.task.entity is None:
            raise BriefIncomplete("This task belongs to no shot.", mend=f"Link it to a shot. {AGAIN}")
        plan = show.planner.plan(processor, heard.brief, attached.path, landed.pulled)
        digest = self._not_twice(row, plan, heard)
        asked, words = wished(row, heard), heard.brief.values
        work = work_of(plan, words)
        passed(Step.TASK_PLANNED)
        try:
            with self._database.write() as session:
                task = self._tasks.move(
                    session,
                    id_of(row),
                    "queued",
                    "",
                    processor=plan.processor,
                    brief=words,
                    heard=remembered(row, heard),
                    acted=list(heard.acted),
                    asked="",
                    digest=digest,
                )
                job = show.orders.place(session, task, plan, processor, work=work, asked=asked)
                self._pulls.settle(session, id_of(row), landed.fresh)
                self._answers.queue(session, task, f"started job {job}", status=show.settings.statuses.running)
        except AlreadyQueued:
            return
        log.info("task queued", job=job, processor=plan.processor, plate=plan.plate.name, asked=asked)
        passed(Step.TASK_QUEUED)
        self._queued()

    def _awaits(self, show: ShowDesk, row: TaskRow) -> bool:
        """Whether files are on their way among which another take may be; old ones do not hold a task up."""
        coming = self._index.arrivals.coming(show.name, time.time() - ARRIVING_SECONDS)
        if coming and row.reason != _ARRIVING:
            with self._database.write() as session:
                self._tasks.move(session, id_of(row), row.state, _ARRIVING)
        return coming

    def _not_twice(self, row: TaskRow, plan: Plan, heard: Heard) -> str:
        """The plan's digest. Raises BriefIncomplete where another task of the shot asks for the very same."""
        digest = digest_of(plan)
        if any(wish.kind is WishKind.REDO for wish in heard.wishes):
            return digest
        twin = self._tasks.twin(row, digest)
        if twin is None:
            return digest
        with self._database.write() as session:
            self._tasks.move(session, id_of(row), row.state, row.reason, digest=digest, heard=remembered(row, heard))
        stands = twin.reason or "it is being worked on."
        raise BriefIncomplete(
            f"Task {twin.tracker_ref} ({twin.name}) of this shot asks for the very same, so nothing is made twice; "
            f"there it stands: {stands}",
            mend="To have it made here too, reply `redo`, or ask for something else.",
        )
