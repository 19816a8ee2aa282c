"""Reads one tracker: its events wake the desk, its open tasks are the truth."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import structlog

from ...schema.errors import AmbiguousResult, ConnectorError, TrackerUnavailable
from ...schema.ports import Push, Tracker
from ...schema.settings import TrackerSettings
from ...schema.tables import EventRow, TaskRow
from ..queue.failures import left_alone
from ..steps import Step, passed
from ..store import Database
from ..store.inbox import Inbox
from ..store.rows import id_of
from ..store.tasks import QUIET, Tasks
from .clerk import Clerk
from .fitness import Fitness
from .shows import ShowDesk

log = structlog.get_logger()

CONCERNED = frozenset({"Task", "Note", "Reply", "Attachment", "Version"})
"""Events about other entities cannot change what a task of ours asks for."""

WAITING_LOOKED_AT, QUIET_LOOKED_AT = 5, 2
"""How many tasks of a show are read again at every timed sweep though no event named them, in turn: repairs lost
events at the price of a few requests."""

GATHER_SECONDS = 0.2
"""Pause after a push, in which those that follow at once are gathered: a burst is read in one go."""

FOOTAGE_SECONDS = 10.0
"""How long indexed clips gather before waiting tasks are looked at: a night's ingest asks the site for little."""

RESTS_SECONDS = 1.0
"""Pause before a task is looked at again of which more may still be said."""


@contextmanager
def _alone(what: str, **subject: str) -> Iterator[None]:
    """One show or task by itself: what is wrong with it is logged with its subject, and the others get their turn.

    A tracker that is away ends the round.
    """
    with structlog.contextvars.bound_contextvars(**subject):
        try:
            yield
        except (TrackerUnavailable, AmbiguousResult):
            raise
        except ConnectorError as error:
            log.error(f"{what} refused", fault=str(error))
        except Exception:  # the boundary that isolates a show or task: one that stumbles must not stop the others
            log.exception(f"{what} could not be considered")


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
        tasks: Tasks,
        clerk: Clerk,
        shows: Mapping[str, ShowDesk],
        queued: Callable[[], None],
        beat: Callable[[], None],
    ) -> None:
        """Desk of the tracker *name*; *queued* is called after jobs were added, *beat* at every round."""
        self.name = f"desk {name}"
        self._tracker_name, self._settings, self._connect = name, settings, connect
        self._tasks, self._clerk, self._shows = tasks, clerk, shows
        self._queued, self._beat = queued, beat
        self._inbox = Inbox(database, name)
        self._fitness = Fitness(database)
        self._tracker: Tracker | None = None
        self._push: Push | None = None
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._next_sweep = 0.0
        self._footage_moved = True
        self._resting: set[str] = set()
        self._looked: dict[str, float] = {}
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
        events = self._inbox.unhandled()
        timed = time.monotonic() >= self._next_sweep
        if not events and not timed and not self._resting:
            return
        touched = self._touched(events) | self._resting
        moved, self._footage_moved = self._footage_moved, False
        if timed:
            # Set before the sweep: what changes while it runs is looked at again.
            self._next_sweep = time.monotonic() + self._settings.sweep_seconds
        left = set(self._shows)
        try:
            for show in self._shows.values():
                with _alone("show", show=show.name):
                    if self._fitness.fit(self._tracker, show):
                        self._sweep(self._tracker, show, touched, timed=timed, moved=moved)
                    left.discard(show.name)
        finally:
            # What a broken-off round did not look at is looked at in the next.
            self._footage_moved |= moved and bool(left)
        if left:
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
                pause = min(pause, RESTS_SECONDS) if self._resting else pause
            except (TrackerUnavailable, AmbiguousResult) as error:
                self._faults += 1
                pause = min(60.0, pause * 2 ** min(self._faults, 5)) * random.uniform(0.7, 1.3)  # jitter
                asked = left_alone(error.retry_after)
                pause = max(pause, asked)
                log.warning("tracker away", tracker=self._tracker_name, fault=str(error), next_try_s=round(pause, 1))
                self._reconnect()
                # Whatever happens here meanwhile: the site asked for it.
                self._stop.wait(asked)
                pause -= asked
            except ConnectorError as error:
                log.error("tracker refused", tracker=self._tracker_name, fault=str(error))
                self._reconnect()
            except Exception:  # the one boundary of this room: a fault in a round must not end the reading
                log.exception("desk stumbled", tracker=self._tracker_name)
                self._reconnect()
            if self._wake.wait(pause):
                self._stop.wait(GATHER_SECONDS)
            self._wake.clear()
        self._reconnect()

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

    def _sweep(self, tracker: Tracker, show: ShowDesk, touched: set[str], *, timed: bool, moved: bool) -> None:
        if show.repulls.mark():
            self._queued()
        known = self._tasks.of_show(self._tracker_name, show.name)
        looks = touched | (self._turn(known) if timed else set())
        if moved:
            looks |= {ref for ref, row in known.items() if row.state == "waiting"}
        listed = set()
        for task in tracker.tasks_for_us(show.project):
            if self._stop.is_set():
                return
            ref = task.ref.id
            listed.add(ref)
            with _alone("task", task=ref):
                self._resting.discard(ref)
                if self._clerk.consider(tracker, show, task, known.get(ref), look=ref in looks):
                    self._resting.add(ref)
        for ref in known.keys() - listed:
            self._resting.discard(ref)
            if ref in touched or (timed and known[ref].state not in {*QUIET, "dropped"}):
                with _alone("task", task=ref):
                    self._clerk.gone(tracker, show, known[ref])

    def _turn(self, known: Mapping[str, TaskRow]) -> set[str]:
        """The tasks whose turn it is to be read though nothing is known to have changed."""
        turn: set[str] = set()
        for states, count in ((frozenset({"waiting"}), WAITING_LOOKED_AT), (QUIET, QUIET_LOOKED_AT)):
            refs = sorted(
                (ref for ref, row in known.items() if row.state in states), key=lambda ref: self._looked.get(ref, 0)
            )
            turn |= set(refs[:count])
        self._looked |= dict.fromkeys(turn, time.monotonic())
        return turn
