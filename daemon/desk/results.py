"""What the end of a processor's job means: findings are told, fixes go to the gate, faults are answered."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog
from sqlmodel import Session

from ...schema.finding import Finding
from ...schema.job import Failure, Job, Lane
from ...schema.outcome import Outcome
from ...schema.settings import ShowSettings
from ..publish.answer import Answers
from ..publish.version import Publisher
from ..publish.words import failure_text, findings_text
from ..queue.kinds import JobKind
from ..store.results import Results
from ..store.tasks import Tasks
from .orders import PROCESS

log = structlog.get_logger()
PICTURES_IN_A_NOTE = 6


class Receiver:
    """Takes the results of processors' jobs."""

    def __init__(
        self,
        shows: Mapping[str, ShowSettings],
        *,
        results: Results,
        tasks: Tasks,
        answers: Answers,
        publisher: Publisher,
    ) -> None:
        """Results of every show in *shows*."""
        self._shows, self._results = shows, results
        self._tasks, self._answers, self._publisher = tasks, answers, publisher

    def kind(self) -> JobKind:
        """The job kind of every processor."""
        return JobKind(PROCESS, Lane.PROCESS, "wetgate.daemon.desk.work:process", self._record, self._failed)

    def _record(self, session: Session, job: Job, result: dict[str, Any]) -> None:
        outcome = Outcome.model_validate(result)
        shutil.rmtree(Path(job.payload["request"]["work"]), ignore_errors=True)
        if outcome.master is not None or self._results.has_version(session, job.id):
            self._publisher.receive(session, job, outcome)
        else:
            self._tell_findings(session, job, outcome)

    def _tell_findings(self, session: Session, job: Job, outcome: Outcome) -> None:
        rows = self._results.add_findings(
            session,
            show=job.show,
            job_id=job.id,
            task_id=job.task_id,
            clip_id=int(job.payload["plate_clip_id"]),
            findings=outcome.findings,
        )
        if job.task_id is None:
            return
        show = self._shows[job.show]
        request = job.payload["request"]
        names = {source["clip"]: source["name"] for source in (request["plate"], *request["sources"])}
        numbered = [(row.number, Finding.model_validate(row.finding)) for row in rows]
        pictures = [item.path for _, finding in numbered for item in finding.evidence]
        pictures += [item.path for item in outcome.evidence]
        task = self._tasks.move(session, job.task_id, "done", outcome.summary)
        self._answers.queue(
            session,
            task,
            show.project or job.show,
            f"findings of job {job.id}",
            subject=f"Continuity of {request['plate']['name']}: {_count(len(rows))}",
            text=findings_text(request["plate"]["name"], outcome, numbered, names),
            attachments=tuple(dict.fromkeys(pictures))[:PICTURES_IN_A_NOTE],
            status=show.statuses.done,
            while_states=("done",),
        )

    def _failed(self, session: Session, job: Job, failure: Failure) -> None:
        self._results.failed(session, job.id)
        log.error("job failed", fault=failure.message, type=failure.type)
        if job.task_id is None:
            return
        show = self._shows[job.show]
        state = "waiting" if failure.type == "BriefIncomplete" else "failed"
        task = self._tasks.move(session, job.task_id, state, failure.message)
        self._answers.queue(
            session,
            task,
            show.project or job.show,
            f"failure of job {job.id}",
            subject="This task could not be done",
            text=failure_text(failure.message),
            status=show.statuses.waiting,
            while_states=(state,),
        )


def _count(findings: int) -> str:
    return f"{findings or 'no'} finding{'' if findings == 1 else 's'}"
