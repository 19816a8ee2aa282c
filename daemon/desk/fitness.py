"""Whether a show's site is set up for it: looked at when the desk begins, and again while it is not.

A show that its site would not let us serve is left alone, and says why; the others go on.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

import structlog

from ...schema.ports import Tracker
from ..doctor import site_problems
from ..store.database import Database
from ..store.unfit import BY_ITSELF, Unfit
from .shows import ShowDesk

AGAIN_SECONDS = 60.0

log = structlog.get_logger()


class Fitness:
    """The check of one tracker's shows."""

    def __init__(self, database: Database) -> None:
        """What is wrong is kept in *database*, where the page finds it."""
        self._unfit = Unfit(database)
        self._next: dict[str, float] = {}
        self._looked: dict[str, float] = {}
        self._broken: set[str] = set()
        self._back: set[str] = set()
        self._refused: set[str] = set()
        """What is read of them is refused."""
        self._held: set[str] = set()
        """Something that went out of them was."""

    def fit(self, tracker: Tracker, show: ShowDesk) -> bool:
        """Whether *show* can be served now."""
        if time.monotonic() >= self._next.get(show.name, 0.0):
            self._look(tracker, show)
        return show.name not in self._broken

    @property
    def due(self) -> bool:
        """Whether it is time to look again at a show that could not be served."""
        return any(time.monotonic() >= at for at in self._next.values())

    def back(self, show: ShowDesk) -> bool:
        """Whether *show* could not be served until now; told once."""
        told = show.name in self._back
        self._back.discard(show.name)
        return told

    def doubt(self, show: ShowDesk, why: str) -> None:
        """*show*'s site refused it in the middle: look again, but no oftener than every AGAIN_SECONDS."""
        self._refuse(show, why, self._looked.get(show.name, 0.0) + AGAIN_SECONDS)

    def refused(self, shows: Sequence[ShowDesk], why: str) -> None:
        """The site refuses us altogether: each of *shows* is looked at as soon as it answers again."""
        for show in shows:
            if show.name not in self._broken | self._refused:
                self._refuse(show, why, 0.0)

    def notice(self, shows: Sequence[ShowDesk]) -> None:
        """Look at those of *shows* soon of which something was refused on its way out."""
        known = self._broken | self._refused | self._held
        new = (self._unfit.told().keys() & self._looked.keys()) - known
        for name in new & {show.name for show in shows}:
            self._held.add(name)
            self._next[name] = self._looked[name] + AGAIN_SECONDS

    def served(self, shows: Sequence[ShowDesk]) -> None:
        """The site gave the tasks of *shows*."""
        for show in shows:
            if show.name in self._refused:
                self._refused.discard(show.name)
                self._unfit.served(show.name, at_once=False)

    def _refuse(self, show: ShowDesk, why: str, until: float) -> None:
        """Why is said until the show's tasks were read again, or the look at it finds something else."""
        self._refused.add(show.name)
        self._back.add(show.name)  # once it is served again
        self._unfit.set(show.name, why, BY_ITSELF)
        self._next[show.name] = until

    def _look(self, tracker: Tracker, show: ShowDesk) -> None:
        self._looked[show.name] = time.monotonic()
        problems = site_problems(tracker, show.name, show.settings)
        for problem in problems:
            level = logging.ERROR if problem.stops else logging.WARNING
            log.log(level, "site", show=show.name, what=problem.what, mend=problem.mend)
        stopping = [problem for problem in problems if problem.stops]
        if stopping:
            self._unfit.set(show.name, " ".join(one.what for one in stopping), stopping[0].mend)
            self._broken.add(show.name)
            self._held.discard(show.name)
            self._refused.discard(show.name)
            self._next[show.name] = time.monotonic() + AGAIN_SECONDS
        else:
            if show.name in self._broken:
                self._back.add(show.name)
            if show.name not in self._refused:
                # Where the look found nothing, what was refused keeps its pause, and the rest need not wait for it.
                self._unfit.served(show.name, at_once=show.name not in self._held)
            self._broken.discard(show.name)
            self._held.discard(show.name)
            self._next[show.name] = float("inf")
