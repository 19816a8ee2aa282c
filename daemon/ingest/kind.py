"""The kind of job that surveys an arrival, and what its end means for the index."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlmodel import Session

from ...processors.survey import Survey
from ...schema.arrival import ArrivalState
from ...schema.errors import SourceOffline
from ...schema.job import Failure, Job, Lane, Order
from ...schema.tables import ArrivalRow
from ..queue.kinds import JobKind
from ..store.arrivals import WAITING, Standing
from ..store.database import afterwards
from ..store.index import Index
from ..store.rows import id_of
from .classes import SourceClasses

SURVEY = "survey"
CLIPS = "clips"
"""Folder inside a show's own folder that holds each clip's pictures and features."""


def survey_order(show: str, arrival: Standing, folder: Path) -> Order:
    """The job that surveys a settled arrival into the show's *folder*. One file in one state is queued once."""
    return Order(
        show=show,
        kind=SURVEY,
        lane=Lane.INDEX,
        payload={
            "arrival": arrival.id,
            "show": show,
            "path": arrival.path,
            "root": arrival.root,
            "size": arrival.size,
            "mtime_ns": arrival.mtime_ns,
            "out": str(folder / CLIPS),
        },
        dedupe_key=f"{SURVEY}:{show}:{arrival.path}:{arrival.size}:{arrival.mtime_ns}",
        max_attempts=3,
    )


def survey_kind(index: Index, classes: SourceClasses, indexed: Callable[[], None]) -> JobKind:
    """The kind as the queue needs it; *classes* tells camera, pull and proxy apart by the path.

    *indexed* is called for each clip once the index shows it.
    """

    def record(session: Session, job: Job, result: dict[str, Any]) -> None:
        arrival = _settled(session, job)
        if arrival is None:
            return
        ids = [job.payload["arrival"]]
        if "survey" in result:
            survey = Survey.model_validate(result["survey"])
            clip = index.record_survey(session, ids[0], survey, folder=f"{job.show}/{CLIPS}/")
            index.classify(session, job.show, classes.of(job.show), clip.id)
            afterwards(session, indexed)
        elif "refused" in result:
            _quarantine(index, session, arrival, result["refused"])
        else:
            index.arrivals.move(session, ids, ArrivalState.SEEN, WAITING)

    def failed(session: Session, job: Job, failure: Failure) -> None:
        arrival = _settled(session, job)
        if arrival is None:
            return
        if failure.type == SourceOffline.__name__:
            index.arrivals.move(session, [job.payload["arrival"]], ArrivalState.SEEN, WAITING)
            index.arrivals.offline(session, [job.payload["arrival"]], failure.message)
        else:
            name = Path(arrival.path).name
            words = failure.message if name in failure.message else f"{name}: {failure.message}"
            _quarantine(index, session, arrival, words)

    return JobKind(
        name=SURVEY,
        lane=Lane.INDEX,
        run="wetgate.daemon.ingest.work:survey",
        record=record,
        failed=failed,
    )


def _settled(session: Session, job: Job) -> ArrivalRow | None:
    """The job's arrival, if it still is the file that was surveyed; a late answer about another is dropped."""
    arrival = session.get(ArrivalRow, job.payload["arrival"])
    if arrival is None or arrival.state == ArrivalState.OFFLINE:
        return None
    same = (arrival.size, arrival.mtime_ns) == (job.payload["size"], job.payload["mtime_ns"])
    return arrival if same else None


def _quarantine(index: Index, session: Session, arrival: ArrivalRow, reason: str) -> None:
    arrival.clip_id = None
    session.add(arrival)
    session.flush()
    index.arrivals.move(session, [id_of(arrival)], ArrivalState.QUARANTINED, reason)
