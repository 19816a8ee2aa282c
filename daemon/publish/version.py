"""Publishes a version: timeline, tracker entity, movie, thumbnail, report, note, status; each step once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog
from sqlmodel import Session

from ...schema.errors import NotPermitted, PublishError
from ...schema.job import Failure, Job, Lane, Order
from ...schema.outcome import Outcome, Verdict
from ...schema.ports import Progress
from ...schema.request import Request
from ...schema.settings import ShowSettings
from ...schema.tables import VersionRow
from ..queue.kinds import JobKind
from ..steps import Step, passed
from ..store.jobs import Jobs
from ..store.ledger import Ledger
from ..store.results import Results, outcome_of
from ..store.tasks import Tasks, task_ref
from .answer import Answers, TrackerFor, set_known_status
from .delivery import Delivery
from .gate import rule
from .pairs import pairs_order
from .stationery import Stationery
from .words import failure_text, refusal_text

PUBLISH = "publish"
OWED = "owed"
"""In place of a status that our user may not set now."""
log = structlog.get_logger()


def publish_order(version: VersionRow) -> Order:
    """The job that carries a version to the tracker; a version that is there already is only completed."""
    return Order(
        show=version.show,
        kind=PUBLISH,
        lane=Lane.PUBLISH,
        payload={"version_id": version.id},
        dedupe_key=f"version:{version.id}",
        task_id=version.task_id,
        priority=80,
        max_attempts=50,
    )


class Publisher:
    """Decides at the gate, and carries what may go out to the tracker."""

    def __init__(
        self,
        shows: Mapping[str, ShowSettings],
        *,
        jobs: Jobs,
        tasks: Tasks,
        results: Results,
        ledger: Ledger,
        answers: Answers,
        stationery: Stationery,
        tracker_for: TrackerFor,
        return_timeline: Callable[[VersionRow, Outcome], Path],
    ) -> None:
        """*return_timeline* writes a version's checked `.otio` and returns its path."""
        self._shows = shows
        self._jobs, self._tasks, self._results = jobs, tasks, results
        self._ledger, self._answers, self._tracker_for = ledger, answers, tracker_for
        self._stationery, self._return_timeline = stationery, return_timeline

    def receive(self, session: Session, job: Job, outcome: Outcome) -> None:
        """Take a fix that was just made, in the transaction that ends its job: queue it or refuse it."""
        show = self._shows[job.show]
        ruling = rule(outcome, show)
        refused = ruling.verdict is Verdict.REFUSE
        version = self._results.made(session, job.id, "refused" if refused else "made", outcome)
        compare = pairs_order(version, outcome, Request.model_validate(job.payload["request"]))
        if compare is not None:
            self._jobs.enqueue_or_find(session, compare)
        if not refused:
            self._jobs.enqueue(session, publish_order(version))
        elif version.task_id is not None:
            task = self._tasks.move(session, version.task_id, "refused", "; ".join(ruling.reasons))
            self._answers.queue(
                session,
                task,
                f"refused {version.key}",
                subject=f"{version.code}: not published",
                text=refusal_text(version.code, outcome, ruling.reasons),
                attachments=[item.path for item in outcome.evidence[:4]] or _sheet(outcome),
                status=show.statuses.waiting,
            )

    def kind(self) -> JobKind:
        """The job kind of publishing."""
        return JobKind(PUBLISH, Lane.PUBLISH, self._run, self._record, self._failed)

    def _run(self, job: Job, progress: Progress) -> dict[str, Any]:
        version = self._results.version(int(job.payload["version_id"]))
        outcome, show = outcome_of(version), self._shows[version.show]
        if version.task_id is None:
            raise PublishError(f"{version.code} belongs to no task.")
        task = self._tasks.get(version.task_id)
        ruling = rule(outcome, show)
        if ruling.verdict is Verdict.REFUSE:
            # It passed when it was made: since then a limit was raised, or an approval ran out.
            raise PublishError(f"{version.code} no longer passes the gate: {'; '.join(ruling.reasons)}")
        tracker = self._tracker_for(task.tracker)
        progress(0.05, "timeline")
        # What goes back into the cut is a picture; a grade goes with its files alone.
        timeline = self._return_timeline(version, outcome) if outcome.master is not None else None
        progress(0.1, "version")
        delivery = Delivery(
            version, task, outcome, ruling, show,
            tracker=tracker, ledger=self._ledger, stationery=self._stationery,
        )  # fmt: skip
        made = delivery.create()
        delivery.upload(made, timeline, progress)
        progress(0.85, "files, playlist and note")
        delivery.register(made)
        delivery.list(made)
        delivery.log_time(self._jobs.minutes(version.job_id))
        delivery.tell(made)
        progress(0.95, "status")
        try:
            status = set_known_status(tracker, task_ref(task), show.statuses.done)
        except NotPermitted:
            # The version is there; its status waits for the right, and nothing else does.
            status = OWED
        passed(Step.STATUS_SET)
        return {"version": made.id, "status": status}

    def _record(self, session: Session, job: Job, result: dict[str, Any]) -> None:
        version_id = int(job.payload["version_id"])
        self._results.published(session, version_id, str(result["version"]))
        version = session.get_one(VersionRow, version_id)
        if version.task_id is not None:
            task = self._tasks.move(session, version.task_id, "done", f"{version.code} is in the tracker.")
            if result["status"] == OWED:
                done = self._shows[version.show].statuses.done
                self._answers.queue(session, task, f"status {version.key}", status=done)
        log.info("version published", version=version.code, tracker_id=result["version"])

    def _failed(self, session: Session, job: Job, failure: Failure) -> None:
        version = session.get_one(VersionRow, int(job.payload["version_id"]))
        version.state = "unpublished"
        session.add(version)
        log.error("version not published", version=version.code, fault=failure.message)
        if version.task_id is not None:
            task = self._tasks.move(session, version.task_id, "failed", failure.message)
            self._answers.queue(
                session,
                task,
                f"unpublished {version.key} {failure.message}",
                subject=f"{version.code}: not published",
                text=failure_text(failure.message),
                status=self._shows[version.show].statuses.waiting,
            )


def _sheet(outcome: Outcome) -> list[Path]:
    return [outcome.contact_sheet] if outcome.contact_sheet else []
