"""Where is it? One note per task says so, and is edited in place: nobody's activity stream fills up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from sqlmodel import Session

from ...schema.job import Failure, Job, JobState, Lane, Order
from ...schema.ports import Progress
from ...schema.settings import ShowSettings
from ...schema.tracker import EntityRef, NoteDraft
from ..queue.kinds import JobKind
from ..store.database import Database
from ..store.jobs import Jobs
from ..store.ledger import Ledger
from ..store.standing import Standing, Standings
from ..store.tasks import Tasks, task_ref
from .answer import TrackerFor
from .standing_words import standing_words

STANDING = "standing"
LOOK_SECONDS = 5.0
MOST_AT_ONCE = 50
"""Edits of one show that are under way at once: a thousand tasks that move on together take their turns, news first."""

log = structlog.get_logger()


class WhereIsIt:
    """Looks every few seconds for tasks whose note is no longer true, and has it edited."""

    def __init__(
        self,
        shows: Mapping[str, ShowSettings],
        *,
        database: Database,
        jobs: Jobs,
        tasks: Tasks,
        ledger: Ledger,
        tracker_for: TrackerFor,
    ) -> None:
        """Notes of every show in *shows* whose settings want them."""
        self._shows, self._database = shows, database
        self._wanted = [name for name, show in shows.items() if show.notes.where]
        self._jobs, self._tasks, self._ledger, self._tracker_for = jobs, tasks, ledger, tracker_for
        self._standings = Standings(database)

    def order(self, queued: Callable[[], None]) -> None:
        """Queue edits of notes that are no longer true; *queued* is called where there were any.

        Of each show some at a time: what happened to a task before its moves in the queue, and those from the front.
        """
        untrue: dict[str, list[Standing]] = {}
        settled = []
        for one in self._standings.unsettled(self._wanted):
            if standing_words(one) != one.told:
                untrue.setdefault(one.show, []).append(one)
            elif one.job is None:
                settled.append(one)
        if not untrue and not settled:
            return
        with self._database.write() as session:
            self._standings.settle(session, settled)
            for found in untrue.values():
                for one in sorted(found, key=_turn_of)[:MOST_AT_ONCE]:
                    self._jobs.enqueue_or_find(session, _order(one))
        if untrue:
            queued()

    def kind(self) -> JobKind:
        """The job kind of these notes."""
        return JobKind(STANDING, Lane.TELL, self._run, self._record, self._failed)

    def _run(self, job: Job, _progress: Progress) -> dict[str, Any]:
        one = self._standings.of(int(job.payload["task_id"]))
        if one is None:
            return {}
        words = standing_words(one)
        task, show = self._tasks.get(one.task_id), self._shows[job.show]
        tracker = self._tracker_for(task.tracker)
        draft = NoteDraft(
            key=f"wetgate-where-{task.show}-{task.tracker_ref}",
            project=show.project_of(task.show),
            task=task_ref(task),
            subject="Wetgate: where this task stands",
            text=words,
        )
        written = False

        def write() -> str:
            nonlocal written
            written = True
            return tracker.note(draft).id

        note = self._ledger.step(draft.key, show=task.show, step="note", make=write)
        if not written or job.attempt > 1:  # an attempt before this one may have written it, in the words of its time
            tracker.edit_note(EntityRef(type="Note", id=note, name=draft.subject), words)
        return {"standing": one.model_dump(mode="json"), "words": words}

    def _record(self, session: Session, _job: Job, result: dict[str, Any]) -> None:
        if result:
            self._standings.told(session, Standing.model_validate(result["standing"]), str(result["words"]))

    def _failed(self, session: Session, job: Job, failure: Failure) -> None:
        # A note that a person deleted is not written again: they do not want it.
        one = self._standings.of(int(job.payload["task_id"]))
        if one is not None:
            self._standings.told(session, one, standing_words(one))
        log.warning("the task's standing could not be told", task=job.task_id, fault=failure.message)


def _turn_of(one: Standing) -> tuple[bool, int, float]:
    """The order in which notes are edited."""
    return _waits(one), one.place, one.changed_at


def _waits(one: Standing) -> bool:
    return one.job not in {None, JobState.RUNNING}


def _order(one: Standing) -> Order:
    return Order(
        show=one.show,
        kind=STANDING,
        lane=Lane.TELL,
        payload={"task_id": one.task_id},
        dedupe_key=f"{STANDING}:{one.task_id}",
        task_id=one.task_id,
        priority=50 if _waits(one) else 60,
        max_attempts=5,
    )
