"""Reads one tracker: its events wake the desk, its open tasks are the truth."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping

import structlog

from ...schema.errors import AmbiguousResult, ConnectorError, TrackerUnavailable
from ...schema.ports import Push, Tracker
from ...schema.settings import TrackerSettings
from ...schema.tables import EventRow
from ..queue.failures import left_alone
from ..steps import Step, passed
from ..store import Database
from ..store.inbox import Inbox
from ..store.rows import id_of
from ..store.tasks import Tasks
from .clerk import Clerk
from .fitness import Fitness
from .shows import ShowDesk
from .sweep import Sweep

log = structlog.get_logger()

CONCERNED = frozenset({"Task", "Note", "Reply", "Attachment", "Version"})
"""Events about other entities cannot change what a task of ours asks for."""

GATHER_SECONDS = 0.2
"""Pause after a push, in which those that follow at once are gathered: a burst is read in one go."""

FOOTAGE_SECONDS = 10.0
"""How long indexed clips gather before waiting tasks are looked at: a night's ingest asks the site for little."""

RESTS_SECONDS = 1.0
"""Pause before a task is looked at again of which more may still be said."""


class Desk:
    """One tracker's reader: a thread that polls, sweeps and queues.

    Events only name the tasks that are read at once; how those stand is what decides, and an event that
    never came is repaired by the next timed sweep over all of them.
    """

    def __init__(
        self,
        name: str,
        settings: TrackerSettings,
        *,
        connect: Callable[[], Tracker],
        database: Database,
        tasks: Tasks,
        clerk: Clerk,
        shows: Mapping[str, ShowDesk],
        queued: Callable[[], None],
        beat: Callable[[], None],
    ) -> None:
        """Desk of the tracker *name*; *queued* is called after jobs were added, *beat* at every round."""
        self.name = f"desk {name}"
        self._tracker_name, self._settings, self._connect = name, settings, connect
        self._tasks, self._beat, self._shows = tasks, beat, tuple(shows.values())
        self._inbox = Inbox(database, name)
        self._fitness = Fitness(database)
        self._sweep = Sweep(name, tasks=tasks, clerk=clerk, fitness=self._fitness, shows=self._shows, queued=queued)
        self._tracker: Tracker | None = None
        self._push: Push | None = None
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._next_sweep = 0.0
        self._footage_moved = True
        self._faults = 0

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """End after the call that is under way."""
        self._stop.set()
        self._wake.set()
        self._thread.join(timeout=self._settings.timeout_seconds)

    def footage(self) -> None:
        """A clip was indexed: look soon at the tasks that wait for one. From any thread."""
        self._footage_moved = True
        self._next_sweep = min(self._next_sweep, time.monotonic() + FOOTAGE_SECONDS)
        self._wake.set()

    def round(self) -> None:
        """One look at the tracker: events, then the tasks if there is reason to."""
        if self._tracker is None:
            self._tracker = self._connect()
            self._push = self._tracker.push(self._pushed)
        self._read_events(self._tracker)
        self._fitness.notice(self._shows)
        events = self._inbox.unhandled()
        timed = time.monotonic() >= self._next_sweep
        if not (events or timed or self._sweep.resting or self._fitness.due):
            return
        touched = self._touched(events) | self._sweep.resting
        moved, self._footage_moved = self._footage_moved, False
        if timed:
            # Set before the sweep: what changes while it runs is looked at again.
            self._next_sweep = time.monotonic() + self._settings.sweep_seconds
        whole = False
        try:
            whole = self._sweep.run(self._tracker, touched, timed=timed, moved=moved, stopped=self._stop.is_set)
        finally:
            # What a broken-off round did not look at is looked at in the next.
            self._footage_moved |= moved and not whole
        if not whole:
            self._reconnect()
        if events:
            self._inbox.handled(id_of(events[-1]))

    def _run(self) -> None:
        while not self._stop.is_set():
            self._beat()
            pause = self._settings.poll_seconds
            try:
                self.round()
                self._faults = 0
                pause = min(pause, max(GATHER_SECONDS, self._next_sweep - time.monotonic()))
                pause = min(pause, RESTS_SECONDS) if self._sweep.resting else pause
            except (TrackerUnavailable, AmbiguousResult) as error:
                asked = left_alone(error.retry_after)
                pause = max(self._later(), asked)
                log.warning("tracker away", tracker=self._tracker_name, fault=str(error), next_try_s=round(pause, 1))
                self._reconnect()
                # Whatever happens here meanwhile: the site asked for it.
                self._stop.wait(asked)
                pause -= asked
            except ConnectorError as error:
                # A key that ran out, a right that was taken away: people read it, and it is not asked for all the time.
                pause = self._later()
                log.error("tracker refused", tracker=self._tracker_name, fault=str(error), next_try_s=round(pause, 1))
                self._fitness.refused(self._shows, str(error))
                self._reconnect()
            except Exception:  # the one boundary of this room: a fault in a round must not end the reading
                log.exception("desk stumbled", tracker=self._tracker_name)
                self._reconnect()
            if self._wake.wait(pause):
                self._stop.wait(GATHER_SECONDS)
            self._wake.clear()
        self._reconnect()

    def _later(self) -> float:
        """The pause after another round that failed: it grows, and is never the same for two daemons."""
        self._faults += 1
        return min(60.0, self._settings.poll_seconds * (1 << min(self._faults, 5))) * random.uniform(0.7, 1.3)

    def _pushed(self) -> None:
        """The tracker says that something may have changed: read its events now, and not after the pause."""
        self._wake.set()

    def _reconnect(self) -> None:
        if self._push is not None:
            self._push.close()
            self._push = None
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

    def _touched(self, events: list[EventRow]) -> set[str]:
        """The tracker's ids of the tasks that *events* are about."""
        ids: dict[str, set[str]] = {"Task": set(), "Version": set()}
        for event in events:
            if event.entity_type in ids and event.entity_id:
                ids[event.entity_type].add(event.entity_id)
        return ids["Task"] | (
            self._tasks.refs_of_versions(self._tracker_name, ids["Version"]) if ids["Version"] else set()
        )
