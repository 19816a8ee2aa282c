"""Reads one tracker: its events wake the desk, its open tasks are the truth."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from fnmatch import fnmatch
from pathlib import Path

import structlog

from ...schema.arrival import ArrivalState
from ...schema.brief import Brief, parse_brief
from ...schema.errors import AlreadyQueued, AmbiguousResult, BriefIncomplete, ConnectorError, TrackerUnavailable
from ...schema.ports import Processor, Tracker
from ...schema.settings import ShowSettings, TrackerSettings
from ...schema.tables import TaskRow
from ...schema.tracker import BriefSource, TrackerTask
from ..publish.answer import Answers
from ..steps import Step, passed
from ..store import Database
from ..store.inbox import Inbox
from ..store.index import Index
from ..store.pulls import Pulls
from ..store.tasks import Tasks
from .landing import Landed, Landing
from .orders import Orders
from .planning import Plan, Planner, names_takes
from .repulls import Repulls

log = structlog.get_logger()

CONCERNED = frozenset({"Task", "Note", "Reply", "Attachment"})
"""Events about other entities cannot change what a task of ours asks for."""

ARRIVING_SECONDS = 600.0
"""A file that has been on its way for longer does not hold a task up."""

ON_THEIR_WAY = (ArrivalState.SEEN, ArrivalState.SETTLED, ArrivalState.VERIFIED)


class ShowDesk:
    """What the desk needs for one show."""

    def __init__(
        self,
        name: str,
        settings: ShowSettings,
        *,
        planner: Planner,
        orders: Orders,
        landing: Landing,
        repulls: Repulls,
        folder: Path,
    ) -> None:
        """The show *name*; attachments are fetched below its *folder*."""
        self.name, self.settings = name, settings
        self.planner, self.orders, self.folder = planner, orders, folder
        self.landing, self.repulls = landing, repulls

    @property
    def project(self) -> str:
        """The project's name in the tracker."""
        return self.settings.project or self.name


class Desk:
    """One tracker's reader: a thread that polls, sweeps and queues.

    Events only wake the sweep over our open tasks; the sweep is what decides, so that an event
    that never came is repaired by the next timed sweep.
    """

    def __init__(
        self,
        name: str,
        settings: TrackerSettings,
        *,
        connect: Callable[[], Tracker],
        database: Database,
        index: Index,
        tasks: Tasks,
        answers: Answers,
        pulls: Pulls,
        shows: Mapping[str, ShowDesk],
        processors: Mapping[str, Processor],
        queued: Callable[[], None],
        beat: Callable[[], None],
    ) -> None:
        """Desk of the tracker *name*; *queued* is called after jobs were added, *beat* at every round."""
        self.name = f"desk {name}"
        self._tracker_name, self._settings, self._connect = name, settings, connect
        self._database, self._index = database, index
        self._tasks, self._answers, self._pulls = tasks, answers, pulls
        self._shows, self._processors = shows, processors
        self._queued, self._beat = queued, beat
        self._inbox = Inbox(database, name)
        self._tracker: Tracker | None = None
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._next_sweep = 0.0
        self._faults = 0

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """End after the call that is under way."""
        self._stop.set()
        self._wake.set()
        self._thread.join(timeout=self._settings.timeout_seconds)

    def wake(self) -> None:
        """Look again now: a clip was indexed, or a person asked."""
        self._next_sweep = 0.0
        self._wake.set()

    def round(self) -> None:
        """One look at the tracker: events, then the tasks if there is reason to."""
        if self._tracker is None:
            self._tracker = self._connect()
        self._read_events(self._tracker)
        waiting = self._inbox.unhandled()
        if not waiting and time.monotonic() < self._next_sweep:
            return
        # Set before the sweep: what changes while it runs is looked at again.
        self._next_sweep = time.monotonic() + self._settings.sweep_seconds
        for show in self._shows.values():
            self._sweep(self._tracker, show)
        if waiting:
            self._inbox.handled(waiting[-1])

    def _run(self) -> None:
        while not self._stop.is_set():
            self._beat()
            pause = self._settings.poll_seconds
            try:
                self.round()
                self._faults = 0
            except (TrackerUnavailable, AmbiguousResult) as error:
                self._faults += 1
                pause = min(60.0, pause * 2 ** min(self._faults, 5)) * random.uniform(0.7, 1.3)  # jitter
                log.warning("tracker away", tracker=self._tracker_name, fault=str(error), next_try_s=round(pause, 1))
                self._reconnect()
            except ConnectorError as error:
                log.error("tracker refused", tracker=self._tracker_name, fault=str(error))
                self._reconnect()
            except Exception:  # the one boundary of this room: a fault in a round must not end the reading
                log.exception("desk stumbled", tracker=self._tracker_name)
                self._reconnect()
            self._wake.wait(pause)
            self._wake.clear()
        self._reconnect()

    def _reconnect(self) -> None:
        if self._tracker is not None:
            self._tracker.close()
            self._tracker = None

    def _read_events(self, tracker: Tracker) -> None:
        more = True
        while more and not self._stop.is_set():
            page = tracker.events(self._inbox.cursor())
            passed(Step.EVENTS_READ)
            concerned = tuple(e for e in page.events if e.entity is not None and e.entity.type in CONCERNED)
            if self._inbox.receive(page.model_copy(update={"events": concerned})):
                passed(Step.EVENTS_STORED)
            more = page.more

    def _sweep(self, tracker: Tracker, show: ShowDesk) -> None:
        if show.repulls.mark():
            self._queued()
        for task in tracker.tasks_for_us(show.project):
            if self._stop.is_set():
                return
            with structlog.contextvars.bound_contextvars(show=show.name, task=task.ref.id):
                self._consider(tracker, show, task)

    def _consider(self, tracker: Tracker, show: ShowDesk, task: TrackerTask) -> None:
        with self._database.write() as session:
            row = self._tasks.seen(session, show.name, self._tracker_name, task)
        passed(Step.TASK_READ)
        statuses = show.settings.statuses
        asked = task.status in statuses.ready
        if row.state == "queued" or not (asked or (row.state == "waiting" and task.status == statuses.waiting)):
            return
        if row.state not in {"new", "waiting"} and tracker.task(task.ref).status not in statuses.ready:
            return  # the list was read before our own answer changed the status
        source = tracker.brief(task.ref)
        try:
            processor = self._processor_for(show.settings, task)
            brief = parse_brief([source.description, *(note.text for note in source.notes if not note.by_us)])
            landed = show.landing.of_task(_id(row))
            if not asked and brief.values == row.brief and (landed.missing or not landed.fresh):
                return  # its job said what it waits for, and neither brief nor index has it yet
            if processor.needs_takes and not names_takes(processor, brief) and self._await_arrivals(show, row):
                return
            plan = self._plan(tracker, show, source, processor, brief, landed)
        except BriefIncomplete as error:
            self._ask(show, row, str(error))
            return
        self._place(show, row, plan, processor, brief, landed)

    def _await_arrivals(self, show: ShowDesk, row: TaskRow) -> bool:
        """Whether files are on their way among which another take may be; old ones do not hold a task up."""
        since = time.time() - ARRIVING_SECONDS
        coming = sum(arrival.seen_at > since for arrival in self._index.arrivals.of(show.name, *ON_THEIR_WAY))
        if coming:
            with self._database.write() as session:
                self._tasks.move(session, _id(row), row.state, f"Begins when {coming} arriving files are indexed.")
        return bool(coming)

    def _processor_for(self, show: ShowSettings, task: TrackerTask) -> Processor:
        for rule in show.rules:
            if any(fnmatch(text.lower(), rule.task.lower()) for text in (task.name, task.step) if text):
                if rule.processor in self._processors:
                    return self._processors[rule.processor]
                raise BriefIncomplete(f"This task needs the processor {rule.processor!r}, which is not installed.")
        known = ", ".join(f"`{rule.task}`" for rule in show.rules)
        raise BriefIncomplete(f"Nothing is set up for a task called {task.name!r}. Names that are answered: {known}.")

    def _plan(
        self,
        tracker: Tracker,
        show: ShowDesk,
        source: BriefSource,
        processor: Processor,
        brief: Brief,
        landed: Landed,
    ) -> Plan:
        def attached(name: str) -> Path | None:
            for attachment in source.attachments:
                if attachment.name.lower() == name.strip().lower():
                    return tracker.download(attachment, show.folder / "attachments" / source.task.ref.id)
            return None

        if source.task.entity is None:
            raise BriefIncomplete("This task belongs to no shot. Link it to a shot, and set it to ready again.")
        return show.planner.plan(processor, brief, attached, landed.pulled)

    def _ask(self, show: ShowDesk, row: TaskRow, lacks: str) -> None:
        """Say once what the brief lacks; the same words are not said twice."""
        if row.state == "waiting" and row.reason == lacks:
            return
        with self._database.write() as session:
            task = self._tasks.move(session, _id(row), "waiting", lacks, brief={})
            self._answers.queue(
                session,
                task,
                show.project,
                f"asked: {lacks}",
                subject="This brief needs a word more",
                text=f"{lacks}\nReply with the missing line, or correct the description; the work starts by itself.",
                status=show.settings.statuses.waiting,
                while_states=("waiting",),
            )
        log.info("brief incomplete", lacks=lacks)
        passed(Step.TASK_TOLD)
        self._queued()

    def _place(
        self, show: ShowDesk, row: TaskRow, plan: Plan, processor: Processor, brief: Brief, landed: Landed
    ) -> None:
        try:
            with self._database.write() as session:
                task = self._tasks.move(session, _id(row), "queued", "", processor=plan.processor, brief=brief.values)
                job = show.orders.place(session, task, plan, processor)
                self._pulls.settle(session, _id(row), landed.fresh)
                self._answers.queue(
                    session,
                    task,
                    show.project,
                    f"started job {job}",
                    status=show.settings.statuses.running,
                    while_states=("queued",),
                )
        except AlreadyQueued:
            return
        log.info("task queued", job=job, processor=plan.processor, plate=plan.plate.name)
        passed(Step.TASK_QUEUED)
        self._queued()


def _id(row: TaskRow) -> int:
    if row.id is None:
        raise ValueError("a task that was read has an id")
    return row.id
