"""What the end of a processor's job means: findings are told, fixes go to the gate, faults are answered."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog
from sqlmodel import Session

from ...connectors.editorial import video_format, write_pulls
from ...schema.errors import BriefIncomplete, NeedsPull
from ...schema.finding import Finding
from ...schema.job import Failure, Job, Lane
from ...schema.outcome import Outcome
from ...schema.pull import Pull, PullList
from ...schema.settings import ShowSettings
from ..publish.answer import Answers
from ..publish.version import Publisher
from ..publish.words import failure_text, findings_text, pull_text
from ..queue.kinds import JobKind
from ..store.database import afterwards
from ..store.index import Index
from ..store.pulls import Pulls
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
        index: Index,
        pulls: Pulls,
        results: Results,
        tasks: Tasks,
        answers: Answers,
        publisher: Publisher,
    ) -> None:
        """Results of every show in *shows*."""
        self._shows, self._index, self._pulls, self._results = shows, index, pulls, results
        self._tasks, self._answers, self._publisher = tasks, answers, publisher

    def kind(self) -> JobKind:
        """The job kind of every processor."""
        return JobKind(PROCESS, Lane.PROCESS, "wetgate.daemon.desk.work:process", self._record, self._failed)

    def _record(self, session: Session, job: Job, result: dict[str, Any]) -> None:
        outcome = Outcome.model_validate(result)
        # After the end is written down: a kill in between would have all of it made again, and while a large folder is
        # cleared nobody else could write.
        work = Path(job.payload["request"]["work"])
        afterwards(session, lambda: shutil.rmtree(work, ignore_errors=True))
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
        request = job.payload["request"]
        names = {source["clip"]: source["name"] for source in (request["plate"], *request["sources"])}
        numbered = [(row.number, Finding.model_validate(row.finding)) for row in rows]
        pictures = [item.path for _, finding in numbered for item in finding.evidence]
        pictures += [item.path for item in outcome.evidence]
        task = self._tasks.move(session, job.task_id, "done", outcome.summary)
        self._answers.queue(
            session,
            task,
            f"findings of job {job.id}",
            subject=f"Continuity of {request['plate']['name']}: {_count(len(rows))}",
            text=findings_text(request["plate"]["name"], outcome, numbered, names),
            attachments=tuple(dict.fromkeys(pictures))[:PICTURES_IN_A_NOTE],
            status=self._shows[job.show].statuses.done,
        )

    def _failed(self, session: Session, job: Job, failure: Failure) -> None:
        if failure.type == NeedsPull.__name__ and job.task_id is not None:
            self._ask_for_pulls(session, job, job.task_id, failure)
            return
        self._results.failed(session, job.id)
        log.error("job failed", fault=failure.message, type=failure.type)
        if job.task_id is None or self._tasks.get(job.task_id).state == "dropped":
            return
        state = "waiting" if failure.type == BriefIncomplete.__name__ else "failed"
        task = self._tasks.move(session, job.task_id, state, failure.message)
        self._answers.queue(
            session,
            task,
            f"failure of job {job.id}",
            subject="This task could not be done",
            text=failure_text(failure.message),
            status=self._shows[job.show].statuses.waiting,
        )

    def _ask_for_pulls(self, session: Session, job: Job, task_id: int, failure: Failure) -> None:
        """Write down what is wanted, say it with its lists, and let the task wait: the desk sees it land."""
        pulls = tuple(self._known(job.show, one) for one in PullList.model_validate_json(failure.data["pulls"]).pulls)
        self._pulls.ask(session, job.show, task_id, pulls)
        self._results.unplan(session, job.id)
        show = self._shows[job.show]
        out = Path(job.payload["request"]["out"])
        name = f"{out.name}_pull_{job.id}"
        wanted = show.video_format or self._format_of(job.show, pulls[0])
        lists = write_pulls(pulls, out.parents[1] / "pulls", name, video_format=wanted)
        task = self._tasks.move(session, task_id, "waiting", f"Needs a pull: {'; '.join(one.words for one in pulls)}.")
        self._answers.queue(
            session,
            task,
            f"pull of job {job.id}",
            subject="This task needs a pull",
            text=pull_text(pulls),
            attachments=lists,
            status=show.statuses.waiting,
        )
        log.info("needs a pull", pulls=[one.words for one in pulls])

    def _format_of(self, show: str, pull: Pull) -> str:
        """VIDEO_FORMAT by the proxy's size, as the index has it."""
        clip = self._index.clip_by_hash(show, pull.clip)
        return video_format(clip.width, clip.height) if clip is not None else video_format(0, 0)

    def _known(self, show: str, pull: Pull) -> Pull:
        """The pull with the reel and timecode that the index has for its clip."""
        clip = self._index.clip_by_hash(show, pull.clip) if pull.clip else None
        if clip is None:
            return pull
        return pull.model_copy(update={"reel": clip.reel or pull.reel, "start": clip.timecode or pull.start})


def _count(findings: int) -> str:
    return f"{findings or 'no'} finding{'' if findings == 1 else 's'}"
