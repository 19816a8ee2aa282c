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
from ..store.tasks import Tasks
from .answer import TrackerFor

STANDING = "standing"
LOOK_SECONDS = 5.0
_STEP = 0.2
"""Progress is told in steps of this share: five edits for a job, however long it takes."""
_LONGEST = 300
_EXACT = 5

log = structlog.get_logger()


def standing_words(one: Standing) -> str:
    """Where a task stands, for its people; the same until there is something new to say."""
    reason = one.reason.strip()
    if len(reason) > _LONGEST:
        reason = f"{reason[:_LONGEST].rsplit(' ', 1)[0]} ..."
    if one.job is JobState.RUNNING:
        return f"Being worked on: {_STEP * int(one.progress / _STEP):.0%}."
    if one.job is JobState.QUEUED:
        return _turn(one.place)
    if one.job is JobState.PAUSED:
        return "Paused by a person."
    if one.job is JobState.WAITING:
        return "In the queue, after another job that it needs."
    heads = {
        "waiting": "Waiting",
        "queued": "Made, and on its way into the tracker",
        "done": "Done",
        "refused": "Refused: not good enough to be trusted",
        "failed": "Could not be done",
        "approved": "Approved",
        "dropped": "Taken back",
    }
    head = heads.get(one.state, one.state.capitalize())
    return f"{head}: {reason}" if reason else f"{head}."


def _turn(place: int) -> str:
    """Exact near the front, in steps behind: every job that ends would make another edit of every note."""
    if place <= _EXACT:
        return "In the queue, next." if place <= 1 else f"In the queue, number {place}."
    step = next(step for step in (10, 20, 50, 100, 200, 500, 1000, 10**9) if place <= step)
    return f"In the queue, among the next {step}." if step < 10**9 else "In the queue, far behind."


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
        self._jobs, self._tasks, self._ledger, self._tracker_for = jobs, tasks, ledger, tracker_for
        self._standings = Standings(database)

    def order(self, queued: Callable[[], None]) -> None:
        """Queue an edit for every note that is no longer true; *queued* is called where there was one."""
        stale = [
            one
            for one in self._standings.all()
            if one.show in self._shows and self._shows[one.show].notes.where and standing_words(one) != one.told
        ]
        if stale:
            with self._database.write() as session:
                for one in stale:
                    self._jobs.enqueue_or_find(session, _order(one))
            queued()

    def kind(self) -> JobKind:
        """The job kind of these notes."""
        return JobKind(STANDING, Lane.PUBLISH, self._run, self._record, self._failed)

    def _run(self, job: Job, _progress: Progress) -> dict[str, Any]:
        task_id = int(job.payload["task_id"])
        found = self._standings.all(task_id=task_id)
        if not found:
            return {}
        words = standing_words(found[0])
        task, show = self._tasks.get(task_id), self._shows[job.show]
        tracker = self._tracker_for(task.tracker)
        draft = NoteDraft(
            key=f"wetgate-where-{task.show}-{task.tracker_ref}",
            project=show.project or task.show,
            task=EntityRef(type="Task", id=task.tracker_ref, name=task.name),
            subject="Wetgate: where this task stands",
            text=words,
        )
        note = self._ledger.step(
            draft.key, show=task.show, step="note", find=lambda: None, make=lambda: tracker.note(draft).id
        )
        if found[0].told:
            tracker.edit_note(EntityRef(type="Note", id=note, name=draft.subject), words)
        return {"task_id": task_id, "words": words}

    def _record(self, session: Session, _job: Job, result: dict[str, Any]) -> None:
        if result:
            self._standings.told(session, int(result["task_id"]), str(result["words"]))

    def _failed(self, session: Session, job: Job, failure: Failure) -> None:
        # A note that a person deleted is not written again: they do not want it.
        found = self._standings.all(task_id=int(job.payload["task_id"]))
        if found:
            self._standings.told(session, found[0].task_id, standing_words(found[0]))
        log.warning("the task's standing could not be told", task=job.task_id, fault=failure.message)


def _order(one: Standing) -> Order:
    return Order(
        show=one.show,
        kind=STANDING,
        lane=Lane.PUBLISH,
        payload={"task_id": one.task_id},
        dedupe_key=f"{STANDING}:{one.task_id}",
        task_id=one.task_id,
        priority=60,
        max_attempts=5,
    )
