"""Publishes a version: timeline, tracker entity, movie, thumbnail, report, note, status; each step once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog
from sqlmodel import Session

from ...schema.errors import PublishError
from ...schema.job import Failure, Job, Lane, Order
from ...schema.outcome import Outcome, Verdict
from ...schema.ports import Progress, Tracker
from ...schema.rate import rate_label
from ...schema.request import Request
from ...schema.settings import ShowSettings
from ...schema.tables import TaskRow, VersionRow
from ...schema.tracker import EntityRef, MediaKind, NoteDraft, VersionDraft
from ..queue.kinds import JobKind
from ..steps import Step, passed
from ..store.jobs import Jobs
from ..store.ledger import Ledger
from ..store.results import Results, outcome_of
from ..store.tasks import Tasks
from .answer import Answers, TrackerFor, set_known_status
from .gate import Ruling, rule
from .pairs import pairs_order
from .words import failure_text, refusal_text, version_text

PUBLISH = "publish"
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
        tracker_for: TrackerFor,
        return_timeline: Callable[[VersionRow, Outcome], Path],
    ) -> None:
        """*return_timeline* writes a version's checked `.otio` and returns its path."""
        self._shows = shows
        self._jobs, self._tasks, self._results = jobs, tasks, results
        self._ledger, self._answers, self._tracker_for = ledger, answers, tracker_for
        self._return_timeline = return_timeline

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
                show.project or job.show,
                f"refused {version.key}",
                subject=f"{version.code}: not published",
                text=refusal_text(version.code, outcome, ruling.reasons),
                attachments=tuple(item.path for item in outcome.evidence[:4]) or _sheet(outcome),
                status=show.statuses.waiting,
                while_states=("refused",),
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
        made = self._create(tracker, version, task, outcome, ruling, show)
        self._upload(tracker, made, version, outcome, timeline, progress)
        self._tell(tracker, made, version, task, outcome, ruling, show)
        progress(0.95, "status")
        status = set_known_status(tracker, EntityRef(type="Task", id=task.tracker_ref), show.statuses.done)
        passed(Step.STATUS_SET)
        return {"version": made.id, "status": status}

    def _create(
        self, tracker: Tracker, version: VersionRow, task: TaskRow, outcome: Outcome, ruling: Ruling, show: ShowSettings
    ) -> EntityRef:
        draft = VersionDraft(
            key=version.key,
            project=show.project or version.show,
            code=version.code,
            entity=_entity(task),
            task=EntityRef(type="Task", id=task.tracker_ref, name=task.name),
            description=version_text(version.code, outcome, ruling.reasons, ruling.verdict, version.asked),
            first_frame=outcome.first_frame,
            last_frame=outcome.last_frame,
            frame_rate=rate_label(outcome.rate) if outcome.rate else "",
            frames_path=str(outcome.master or ""),
            movie_path=str(outcome.review or ""),
            status=show.statuses.version,
        )
        passed(Step.VERSION_BEGUN)

        def find() -> str | None:
            found = tracker.find_version(version.key)
            return found.id if found else None

        made = self._ledger.step(
            f"{version.key}:version",
            show=version.show,
            step="version",
            find=find,
            make=lambda: tracker.publish(draft).id,
        )
        passed(Step.VERSION_CREATED)
        return EntityRef(type="Version", id=made, name=version.code)

    def _upload(
        self,
        tracker: Tracker,
        made: EntityRef,
        version: VersionRow,
        outcome: Outcome,
        timeline: Path | None,
        progress: Progress,
    ) -> None:
        files = (
            (MediaKind.MOVIE, outcome.review, Step.MOVIE_UPLOADED),
            (MediaKind.THUMBNAIL, outcome.thumbnail, Step.THUMBNAIL_UPLOADED),
            (MediaKind.FILE, outcome.report, Step.REPORT_UPLOADED),
            (MediaKind.FILE, timeline, Step.REPORT_UPLOADED),
            (MediaKind.FILE, outcome.contact_sheet, Step.REPORT_UPLOADED),
            *((MediaKind.FILE, path, Step.REPORT_UPLOADED) for path in outcome.files),
        )
        for place, (kind, path, step) in enumerate(files):
            if path is None:
                continue
            progress(0.2 + 0.7 * place / len(files), f"uploading {path.name}")

            def send(kind: MediaKind = kind, path: Path = path) -> str:
                tracker.upload(made, kind, path)
                return path.name

            # `upload` looks first whether a file of that name is there, so looking it up again is its own business.
            self._ledger.step(
                f"{version.key}:{kind}:{path.name}",
                show=version.show,
                step=f"upload {kind}",
                find=lambda: None,
                make=send,
            )
            passed(step)

    def _tell(
        self,
        tracker: Tracker,
        made: EntityRef,
        version: VersionRow,
        task: TaskRow,
        outcome: Outcome,
        ruling: Ruling,
        show: ShowSettings,
    ) -> None:
        asks = " (needs review)" if ruling.verdict is Verdict.ASK else ""
        draft = NoteDraft(
            key=f"{version.key}-note",
            project=show.project or version.show,
            task=EntityRef(type="Task", id=task.tracker_ref, name=task.name),
            subject=f"{version.code}{asks}",
            text=version_text(version.code, outcome, ruling.reasons, ruling.verdict, version.asked),
            links=tuple(ref for ref in (made, _entity(task)) if ref is not None),
            attachments=_sheet(outcome),
        )
        self._ledger.step(
            draft.key,
            show=version.show,
            step="note",
            find=lambda: None,
            make=lambda: tracker.note(draft).id,
        )
        passed(Step.NOTE_WRITTEN)

    def _record(self, session: Session, job: Job, result: dict[str, Any]) -> None:
        version_id = int(job.payload["version_id"])
        self._results.published(session, version_id, str(result["version"]))
        version = session.get_one(VersionRow, version_id)
        if version.task_id is not None:
            self._tasks.move(session, version.task_id, "done", f"{version.code} is in the tracker.")
        log.info("version published", version=version.code, tracker_id=result["version"])

    def _failed(self, session: Session, job: Job, failure: Failure) -> None:
        version = session.get_one(VersionRow, int(job.payload["version_id"]))
        version.state = "unpublished"
        session.add(version)
        log.error("version not published", version=version.code, fault=failure.message)
        if version.task_id is not None:
            task = self._tasks.move(session, version.task_id, "failed", failure.message)
            show = self._shows[version.show]
            self._answers.queue(
                session,
                task,
                show.project or version.show,
                f"unpublished {version.key} {failure.message}",
                subject=f"{version.code}: not published",
                text=failure_text(failure.message),
                status=show.statuses.waiting,
                while_states=("failed",),
            )


def _entity(task: TaskRow) -> EntityRef | None:
    if task.entity_type is None or task.entity_ref is None:
        return None
    return EntityRef(type=task.entity_type, id=task.entity_ref, name=task.entity_name)


def _sheet(outcome: Outcome) -> tuple[Path, ...]:
    return (outcome.contact_sheet,) if outcome.contact_sheet else ()
