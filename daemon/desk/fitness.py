"""Whether a show's site is set up for it: looked at when the desk begins, and again while it is not.

A show that its site would not let us serve is left alone, and says why; the others go on.
"""

from __future__ import annotations

import logging
import time

import structlog

from ...schema.ports import Tracker
from ..doctor import site_problems
from ..store.database import Database
from ..store.unfit import Unfit
from .shows import ShowDesk

AGAIN_SECONDS = 60.0

log = structlog.get_logger()


class Fitness:
    """The check of one tracker's shows."""

    def __init__(self, database: Database) -> None:
        """What is wrong is kept in *database*, where the page finds it."""
        self._unfit = Unfit(database)
        self._next: dict[str, float] = {}
        self._broken: set[str] = set()

    def fit(self, tracker: Tracker, show: ShowDesk) -> bool:
        """Whether *show* can be served now."""
        if time.monotonic() >= self._next.get(show.name, 0.0):
            self._look(tracker, show)
        return show.name not in self._broken

    def _look(self, tracker: Tracker, show: ShowDesk) -> None:
        problems = site_problems(tracker, show.name, show.settings)
        for problem in problems:
            level = logging.ERROR if problem.stops else logging.WARNING
            log.log(level, "site", show=show.name, what=problem.what, mend=problem.mend)
        stopping = [problem for problem in problems if problem.stops]
        self._unfit.set(show.name, " ".join(one.what for one in stopping), stopping[0].mend if stopping else "")
        if stopping:
            self._broken.add(show.name)
            self._next[show.name] = time.monotonic() + AGAIN_SECONDS
        else:
            self._broken.discard(show.name)
            self._next[show.name] = float("inf")
