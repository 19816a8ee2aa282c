"""Hears what people said about one task: its brief, notes and drawings, once they have finished speaking."""

from __future__ import annotations

import time

from ...schema.ports import Tracker
from ...schema.tables import TaskRow
from ...schema.tracker import Ability, BriefSource
from ..store import Database
from ..store.rows import id_of
from ..store.tasks import Tasks
from .attached import Attached
from .drawings import Drawings
from .hearing import Drawn, Heard, listen
from .telling import Faults, remembered
from .vocabulary import Vocabulary

REST_SECONDS = 4.0
"""What is said in a review player comes in pieces, a note and then its drawing: so long nothing new must have come."""


class Ears:
    """One tracker's: remembers which tasks somebody is still speaking about."""

    def __init__(self, *, database: Database, tasks: Tasks, drawings: Drawings) -> None:
        """Nobody speaks yet."""
        self._database, self._tasks, self._drawings = database, tasks, drawings
        self._resting: dict[str, tuple[tuple[str, ...], float]] = {}

    def hear(
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

    def more_may_come(self, tracker: Tracker, row: TaskRow, heard: Heard) -> bool:
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

    def remember(self, row: TaskRow, heard: Heard) -> None:
        """People talked among themselves: it is not read as a reply later."""
        if row.digest and not set(heard.heard) <= set(row.heard):
            with self._database.write() as session:
                self._tasks.move(session, id_of(row), row.state, row.reason, heard=remembered(row, heard))
