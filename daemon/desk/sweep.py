"""Our open tasks of every show of one tracker, read in a few requests, and each considered by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

import structlog

from ...schema.errors import (
    AmbiguousResult,
    ConnectorError,
    EntityNotFound,
    TrackerRejected,
    TrackerUnavailable,
)
from ...schema.ports import Tracker
from ...schema.tables import TaskRow
from ...schema.tracker import TrackerTask
from ..store.tasks import QUIET, Tasks
from .clerk import Clerk
from .fitness import Fitness
from .shows import ShowDesk

log = structlog.get_logger()

LOOKED_AT = (frozenset({"waiting"}), QUIET)
"""Of each of these one task is read again at every timed sweep though no event named it, in turn: that repairs lost
events. It costs some requests, and so is no more for twenty shows than for one."""

NAMED = 200
"""Up to so many tasks are read by their ids; of more, all are read."""


class Sweep:
    """Reads what may have changed: all our open tasks when it is time, else those that events named."""

    def __init__(
        self,
        tracker: str,
        *,
        tasks: Tasks,
        clerk: Clerk,
        fitness: Fitness,
        shows: Sequence[ShowDesk],
        queued: Callable[[], None],
    ) -> None:
        """*shows* live on what the settings call *tracker*; *queued* is called after jobs were added."""
        self._tracker_name = tracker
        self._tasks, self._clerk, self._fitness, self._shows = tasks, clerk, fitness, shows
        self._queued = queued
        self._looked: dict[str, float] = {}
        self.resting: set[str] = set()
        """Tasks of which more may still be said: they are to be looked at again soon."""

    def run(
        self, tracker: Tracker, touched: set[str], *, timed: bool, moved: bool, stopped: Callable[[], bool]
    ) -> bool:
        """One sweep; whether every show had its turn.

        Events named the tasks *touched*; footage that *moved* lets waiting tasks be looked at.
        """
        left = {show.name for show in self._shows}
        fit = [show for show in self._shows if self._fit(tracker, show, left)]
        back = [show for show in fit if self._fitness.back(show)]
        whole = timed or moved or bool(back) or len(touched) > NAMED
        refs = None if whole else touched  # most rounds are about a task or two, of all that ever were
        known = {show.name: self._tasks.of_show(self._tracker_name, show.name, refs) for show in fit}
        looks = touched | self._worth_a_look(known, timed=timed, moved=moved)
        for show in back:  # what was set and said meanwhile went by unheard
            looks |= {ref for ref, row in known[show.name].items() if row.state in {"waiting", *QUIET}}
        only = None if timed or back or len(looks) > NAMED else looks
        listed: dict[str, list[TrackerTask]] = {show.project: [] for show in fit}
        if fit and only != set():
            listed = self._listed(tracker, fit, only)
            self._fitness.served([show for show in fit if show.project in listed])
        for show in fit:
            if show.project in listed:
                with alone("show", show=show.name):
                    tasks = listed[show.project]
                    self._consider(tracker, show, tasks, known[show.name], looks, stopped=stopped)
                    missing = known[show.name].keys() - {task.ref.id for task in tasks}
                    self._miss(tracker, show, {ref: known[show.name][ref] for ref in missing}, touched, timed=timed)
                    left.discard(show.name)
        return not left

    def _fit(self, tracker: Tracker, show: ShowDesk, left: set[str]) -> bool:
        """Whether *show* is served; one that is not has had its turn, one that stumbles has not."""
        with alone("show", show=show.name):
            if self._fitness.fit(tracker, show):
                if show.repulls.mark():
                    self._queued()
                return True
            left.discard(show.name)
        return False

    def _worth_a_look(self, known: Mapping[str, Mapping[str, TaskRow]], *, timed: bool, moved: bool) -> set[str]:
        rows = {ref: row for one in known.values() for ref, row in one.items()}
        looks = self._turn(rows) if timed else set()
        if moved:
            looks |= {ref for ref, row in rows.items() if row.state == "waiting"}
        return looks

    def _miss(
        self, tracker: Tracker, show: ShowDesk, missing: Mapping[str, TaskRow], touched: set[str], *, timed: bool
    ) -> None:
        """Tasks that are not in the list of our open ones, and so perhaps not ours any more."""
        for ref, row in missing.items():
            self.resting.discard(ref)
            if ref in touched or (timed and row.state not in {*QUIET, "dropped"}):
                with alone("task", task=ref):
                    self._clerk.gone(tracker, show, row)

    def _consider(
        self,
        tracker: Tracker,
        show: ShowDesk,
        listed: Sequence[TrackerTask],
        known: Mapping[str, TaskRow],
        looks: set[str],
        *,
        stopped: Callable[[], bool],
    ) -> None:
        for task in listed:
            if stopped():
                return
            ref = task.ref.id
            with alone("task", task=ref):
                self.resting.discard(ref)
                if self._clerk.consider(tracker, show, task, known.get(ref), look=ref in looks):
                    self.resting.add(ref)

    def _listed(
        self, tracker: Tracker, shows: Sequence[ShowDesk], only: Collection[str] | None
    ) -> dict[str, list[TrackerTask]]:
        """Our open tasks by project. A show that its site refuses is left out and examined, the others go on."""
        listed: dict[str, list[TrackerTask]] = {show.project: [] for show in shows}
        try:
            found = list(tracker.tasks_for_us(*listed, only=only))
        except (TrackerRejected, EntityNotFound) as error:
            if len(shows) == 1:
                self._fitness.doubt(shows[0], str(error))
                raise
            found = self._one_by_one(tracker, shows, listed, only)
        for task in found:
            listed.setdefault(task.project, []).append(task)
        return listed

    def _one_by_one(
        self,
        tracker: Tracker,
        shows: Sequence[ShowDesk],
        listed: dict[str, list[TrackerTask]],
        only: Collection[str] | None,
    ) -> list[TrackerTask]:
        found: list[TrackerTask] = []
        for show in shows:
            try:
                found += tracker.tasks_for_us(show.project, only=only)
            except (TrackerRejected, EntityNotFound) as error:
                log.error("show refused", show=show.name, fault=str(error))
                self._fitness.doubt(show, str(error))
                listed.pop(show.project, None)
                if not listed:  # the site refuses us altogether
                    raise
        return found

    def _turn(self, known: Mapping[str, TaskRow]) -> set[str]:
        """The tasks whose turn it is to be read though nothing is known to have changed."""
        turn: set[str] = set()
        for states in LOOKED_AT:
            refs = [ref for ref, row in known.items() if row.state in states]
            turn |= set(sorted(refs, key=lambda ref: self._looked.get(ref, 0))[:1])
        self._looked |= dict.fromkeys(turn, time.monotonic())
        return turn


@contextmanager
def alone(what: str, **subject: str) -> Iterator[None]:
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
