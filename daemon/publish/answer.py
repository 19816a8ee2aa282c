"""Answers on a task: a note with its pictures and a status, each once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog
from sqlmodel import Session

from ...schema.errors import NotPermitted, TrackerRejected
from ...schema.job import Failure, Job, Lane, Order
from ...schema.model import Value
from ...schema.ports import Progress, Tracker
from ...schema.settings import ShowSettings
from ...schema.tables import TaskRow
from ...schema.tracker import EntityRef, NoteDraft
from ..queue.kinds import JobKind, nothing_follows
from ..steps import Step, passed
from ..store.jobs import Jobs
from ..store.ledger import Ledger
from ..store.tasks import Tasks, task_ref
from .stationery import Stationery, words_of

ANSWER = "answer"
TrackerFor = Callable[[str], Tracker]
"""The calling thread's own connection to the tracker that the settings call by that name."""

log = structlog.get_logger()


class Answer(Value):
    """What a task is told. `status` is set only while the task stands as it did when this was queued (`state`)."""

    tracker: str
    project: str
    task: EntityRef
    key: str
    subject: str = ""
    text: str = ""
    attachments: tuple[Path, ...] = ()
    status: str | None = None
    state: str = ""
    shot: str = ""


class Answers:
    """Queues answers, and gives them when their turn comes."""

    def __init__(
        self,
        shows: Mapping[str, ShowSettings],
        *,
        jobs: Jobs,
        tasks: Tasks,
        ledger: Ledger,
        stationery: Stationery,
        tracker_for: TrackerFor,
    ) -> None:
        """Answers of *shows* go out through *tracker_for*, on the show's *stationery*, guarded by *ledger*."""
        self._shows, self._jobs, self._tasks, self._ledger = shows, jobs, tasks, ledger
        self._stationery, self._tracker_for = stationery, tracker_for

    def queue(
        self,
        session: Session,
        task: TaskRow,
        saying: str,
        *,
        subject: str = "",
        text: str = "",
        attachments: Sequence[Path] = (),
        status: str | None = None,
    ) -> None:
        """Queue an answer in the caller's transaction; *saying* tells one answer of a task from another.

        *status* is set only while the task stands as it does now.
        """
        digest = hashlib.sha256(saying.encode()).hexdigest()[:16]
        answer = Answer(
            tracker=task.tracker,
            project=self._shows[task.show].project_of(task.show),
            task=task_ref(task),
            key=f"wetgate-answer-{task.show}-{task.tracker_ref}-{digest}",
            subject=subject,
            text=text,
            attachments=tuple(attachments),
            status=status,
            state=task.state,
            shot=task.entity_name,
        )
        self._jobs.enqueue(
            session,
            Order(
                show=task.show,
                kind=ANSWER,
                lane=Lane.TELL,
                payload=answer.model_dump(mode="json"),
                task_id=task.id,
                priority=90,
                max_attempts=50,
            ),
        )

    def kind(self) -> JobKind:
        """The job kind of answers."""
        return JobKind(ANSWER, Lane.TELL, self._run, nothing_follows, self._failed)

    def _run(self, job: Job, progress: Progress) -> dict[str, Any]:
        answer = Answer.model_validate(job.payload)
        tracker = self._tracker_for(answer.tracker)
        result: dict[str, Any] = {}
        if answer.text:
            result["note"] = self._note(job.show, tracker, answer)
            passed(Step.NOTE_WRITTEN)
        progress(0.5, "status")
        if answer.status and self._still(job, answer):
            result["status"] = set_known_status(tracker, answer.task, answer.status)
            passed(Step.STATUS_SET)
        return result

    def _note(self, show: str, tracker: Tracker, answer: Answer) -> str:
        draft = NoteDraft(
            key=answer.key,
            project=answer.project,
            task=answer.task,
            subject=answer.subject,
            text=answer.text,
            attachments=answer.attachments,
        )
        draft = self._stationery.note(show, draft, words_of(show, answer.task.name, answer.shot))

        # `note` completes a note that is there already: a kill between its text and its pictures leaves neither out.
        return self._ledger.step(answer.key, show=show, step="note", make=lambda: tracker.note(draft).id)

    def _still(self, job: Job, answer: Answer) -> bool:
        return job.task_id is None or self._tasks.get(job.task_id).state == answer.state

    def _failed(self, _session: Session, job: Job, failure: Failure) -> None:
        log.error("answer not given", task=job.task_id, fault=failure.message)


def set_known_status(tracker: Tracker, task: EntityRef, status: str) -> str:
    """Set a task's status; what was set, or `refused`. Raises NotPermitted."""
    try:
        tracker.set_status(task, status)
    except NotPermitted:
        raise
    except TrackerRejected as error:
        # A site without that status code must not keep the note or the version from its people.
        log.warning("status refused", task=task.id, status=status, fault=str(error))
        return "refused"
    return status
