"""Considers one task: hears what people said, plans, asks, puts work into the queue."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import structlog

from ...schema.arrival import ArrivalState
from ...schema.errors import AlreadyQueued, BriefIncomplete, EntityNotFound
from ...schema.job import JobState
from ...schema.ports import Processor, Tracker
from ...schema.tables import TaskRow
from ...schema.tracker import Ability, BriefSource, EntityRef, TrackerTask
from ..publish.answer import Answers
from ..steps import Step, passed
from ..store import Database
from ..store.index import Index
from ..store.jobs import Jobs
from ..store.pulls import Pulls
from ..store.rows import id_of
from ..store.tasks import Tasks
from .attached import Attached
from .drawings import Drawings
from .hearing import Drawn, Heard, listen
from .landing import Landed
from .orders import PROCESS
from .planning import Plan
from .rules import processor_for
from .shows import ShowDesk
from .telling import Faults, Telling, remembered, wished
from .twins import digest_of
from .vocabulary import Vocabulary
from .wishes import WishKind

log = structlog.get_logger()

ARRIVING_SECONDS = 600.0
"""A file that has been on its way for longer does not hold a task up."""

REST_SECONDS = 4.0
"""What is said in a review player comes in pieces, a note and then its drawing: so long nothing new must have come."""

ON_THEIR_WAY = (ArrivalState.SEEN, ArrivalState.SETTLED, ArrivalState.VERIFIED)
UNDER_WAY = frozenset({"queued", "running"})
QUIET = frozenset({"done", "refused", "failed", "rejected", "approved"})
"""States in which nothing happens until people say something."""


class Clerk:
    """Decides for one task at a time. A reply is acted on in the transaction that queues its job, and so once."""

    def __init__(
        self,
        tracker: str,
        *,
        database: Database,
        index: Index,
        tasks: Tasks,
        jobs: Jobs,
        answers: Answers,
        telling: Telling,
        pulls: Pulls,
        drawings: Drawings,
        processors: Mapping[str, Processor],
        queued: Callable[[], None],
    ) -> None:
        """Tasks of the tracker that the settings call *tracker*; *queued* is called after jobs were added."""
        self._tracker_name = tracker
        self._database, self._index, self._jobs = database, index, jobs
        self._tasks, self._answers, self._telling, self._pulls = tasks, answers, telling, pulls
        self._drawings, self._processors, self._queued = drawings, processors, queued
        self._resting: dict[str, tuple[tuple[str, ...], float]] = {}

    def consider(self, tracker: Tracker, show: ShowDesk, task: TrackerTask, row: TaskRow | None, *, look: bool) -> bool:
        """Do what *task* needs now; *row* is what was known of it, *look* asks to read what people said.

        True asks to be called again soon.
        """
        row = self._seen(show, task, row)
        passed(Step.TASK_READ)
        if row.state in UNDER_WAY or not self._calls(show, task, row, look=look):
            return False
        asked = task.status in show.settings.statuses.ready
        if asked and row.state in QUIET:
            # The list may have been read before our own answer changed the status.
            asked = tracker.task(task.ref).status in show.settings.statuses.ready and self._asked_again(row)
            if not asked and not look:
                return False
        if row.digest and look:
            before, row = row.state, show.reviews.look(tracker, row)
            asked = asked and row.state == before
        return self._hear(tracker, show, task, row, asked=asked)

    def gone(self, tracker: Tracker, show: ShowDesk, row: TaskRow) -> None:
        """A task that is not in the list of open tasks of ours: it was taken back, finished, or deleted."""
        statuses = show.settings.statuses
        try:
            task = tracker.task(EntityRef(type="Task", id=row.tracker_ref, name=row.name))
        except EntityNotFound:
            why = "Taken back: the tracker has no such task any more."
        else:
            if task.assigned_to_us and row.state in QUIET:
                if row.digest:
                    show.reviews.look(tracker, row)
                return
            if task.assigned_to_us and task.status in {
                *statuses.ready,
                statuses.running,
                statuses.waiting,
                statuses.done,
            }:
                return  # it came into the list since
            why = f"Taken back: its status is `{task.status}`."
            if not task.assigned_to_us:
                why = "Taken back: it is not assigned to Wetgate any more."
        if row.state in QUIET or row.state == "dropped":
            return
        with self._database.write() as session:
            self._tasks.move(session, id_of(row), "dropped", why)
            self._jobs.drop(session, PROCESS, id_of(row))
        log.info("task taken back", why=why)
        self._queued()

    def _seen(self, show: ShowDesk, task: TrackerTask, row: TaskRow | None) -> TaskRow:
        """The task's row, brought up to date; its waiting job takes the place that priority and due date give it."""
        if row is not None and _is(row, task):
            return row
        with self._database.write() as session:
            row = self._tasks.seen(session, show.name, self._tracker_name, task)
            if row.state in UNDER_WAY and self._jobs.reorder(session, PROCESS, id_of(row), task.priority, task.due):
                log.info("task has another place in the queue", priority=task.priority, due=task.due)
        return row

    def _asked_again(self, row: TaskRow) -> bool:
        """Whether a person set the task to ready again: since its last job the status was another for a while.

        A site that does not take our statuses leaves it at ready: that is no wish, or it would be made for ever.
        """
        if not row.digest:
            return True
        since = self._jobs.since_last(PROCESS, id_of(row))
        if any((job.result or {}).get("status") not in {None, "refused"} for job in since):
            return True
        if all(JobState(job.state).over for job in since):
            self._telling.stuck(row, since[0].id if since else 0)
        return False

    def _calls(self, show: ShowDesk, task: TrackerTask, row: TaskRow, *, look: bool) -> bool:
        """Whether the task's state and status call for a closer look; a closer look costs requests."""
        statuses = show.settings.statuses
        if task.status in statuses.ready:
            return look or row.state != "waiting"
        ours = task.status in {statuses.waiting, statuses.done, statuses.running}
        return look and (row.state in QUIET or (row.state == "waiting" and (ours or not row.digest)))

    def _hear(self, tracker: Tracker, show: ShowDesk, task: TrackerTask, row: TaskRow, *, asked: bool) -> bool:
        source = tracker.brief(task.ref)
        attached = Attached(tracker, source.attachments, show.folder / "attachments" / task.ref.id)
        heard: Heard | None = None
        try:
            processor = processor_for(show.settings.rules, self._processors, source.task)
            vocabulary = Vocabulary(processor)
            heard, faults = self._listen(row, source, attached, vocabulary)
            if self._rests(tracker, row, heard):
                return True
            if row.digest:
                closed = show.reviews.approve(row, heard)
                row = self._tasks.get(id_of(row))
                if closed:
                    return False
                row = self._telling.answer(row, heard, faults, asked=asked)
            landed = show.landing.of_task(id_of(row))
            if not self._due(row, heard, landed, asked=asked):
                self._remember(row, heard)
                return False
            if processor.needs_takes and not vocabulary.names_takes(heard.brief) and self._await_arrivals(show, row):
                return False
            plan = self._plan(show, source, processor, heard, attached, landed)
            digest = self._not_twice(row, plan, heard)
        except BriefIncomplete as error:
            self._telling.ask(show, row, error, heard)
            return False
        self._place(show, row, plan, processor, heard, landed, digest)
        return False

    def _listen(
        self, row: TaskRow, source: BriefSource, attached: Attached, vocabulary: Vocabulary
    ) -> tuple[Heard, Faults]:
        """What people said, and the drawings that cannot be used: (id, sentence)."""
        replying = bool(row.digest)
        drawn: list[Drawn] = []
        faults: Faults = []
        if replying and "box" in vocabulary.options:
            drawn, faults = self._drawings.of_task(row, source, attached, heard=row.heard, acted=row.acted)
        said = listen(source, vocabulary, heard=row.heard, acted=row.acted, drawn=drawn, replying=replying)
        return said, faults

    def _plan(
        self,
        show: ShowDesk,
        source: BriefSource,
        processor: Processor,
        heard: Heard,
        attached: Attached,
        landed: Landed,
    ) -> Plan:
        if source.task.entity is None:
            raise BriefIncomplete("This task belongs to no shot. Link it to a shot, and set it to ready again.")
        return show.planner.plan(processor, heard.brief, attached.path, landed.pulled)

    def _rests(self, tracker: Tracker, row: TaskRow, heard: Heard) -> bool:
        """Whether more of what is said in the review player may still come."""
        new = (*(said.key for said in heard.fresh), *(one.id for one in heard.drawn), *sorted(heard.files))
        if not new or not heard.about_versions or Ability.ANNOTATIONS not in tracker.abilities:
            self._resting.pop(row.tracker_ref, None)
            return False
        before, since = self._resting.get(row.tracker_ref, ((), 0.0))
        if new != before:
            self._resting[row.tracker_ref] = new, time.monotonic()
            return True
        if time.monotonic() - since < REST_SECONDS:
            return True
        del self._resting[row.tracker_ref]
        return False

    def _due(self, row: TaskRow, heard: Heard, landed: Landed, *, asked: bool) -> bool:
        """Whether there is work to plan."""
        if row.state == "approved" and not asked:
            return False
        if row.state == "waiting":
            landing = bool(landed.fresh) and not landed.missing
            files = bool(heard.files) and not landed.missing
            return asked or heard.wants or landing or files or heard.brief.values != row.brief
        return asked or heard.wants

    def _remember(self, row: TaskRow, heard: Heard) -> None:
        """People talked among themselves: it is not read as a reply later."""
        if row.digest and not set(heard.heard) <= set(row.heard):
            with self._database.write() as session:
                self._tasks.move(session, id_of(row), row.state, row.reason, heard=remembered(row, heard))

    def _await_arrivals(self, show: ShowDesk, row: TaskRow) -> bool:
        """Whether files are on their way among which another take may be; old ones do not hold a task up."""
        since = time.time() - ARRIVING_SECONDS
        coming = sum(arrival.seen_at > since for arrival in self._index.arrivals.of(show.name, *ON_THEIR_WAY))
        if coming:
            with self._database.write() as session:
                self._tasks.move(session, id_of(row), row.state, f"Begins when {coming} arriving files are indexed.")
        return bool(coming)

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
            f"there it stands: {stands} To have it made here too, reply `redo`, or ask for something else."
        )

    def _place(
        self,
        show: ShowDesk,
        row: TaskRow,
        plan: Plan,
        processor: Processor,
        heard: Heard,
        landed: Landed,
        digest: str,
    ) -> None:
        asked = wished(row, heard)
        passed(Step.TASK_PLANNED)
        try:
            with self._database.write() as session:
                task = self._tasks.move(
                    session,
                    id_of(row),
                    "queued",
                    "",
                    processor=plan.processor,
                    brief=heard.brief.values,
                    heard=remembered(row, heard),
                    acted=list(heard.acted),
                    asked="",
                    digest=digest,
                )
                job = show.orders.place(session, task, plan, processor, asked=asked)
                self._pulls.settle(session, id_of(row), landed.fresh)
                self._answers.queue(session, task, f"started job {job}", status=show.settings.statuses.running)
        except AlreadyQueued:
            return
        log.info("task queued", job=job, processor=plan.processor, plate=plan.plate.name, asked=asked)
        passed(Step.TASK_QUEUED)
        self._queued()


def _is(row: TaskRow, task: TrackerTask) -> bool:
    entity = (task.entity.type, task.entity.id, task.entity.name) if task.entity else None
    known = (row.entity_type, row.entity_ref, row.entity_name)
    return (row.name, row.priority, row.due) == (task.name, task.priority, task.due) and entity in {None, known}
