"""Orders the before and after frames of a version, which the status page's wipe shows."""

from __future__ import annotations

from pathlib import Path

import structlog
from sqlmodel import Session

from ...schema.job import Failure, Job, Lane, Order
from ...schema.model import Value
from ...schema.outcome import Outcome
from ...schema.request import Request
from ...schema.tables import VersionRow
from ..queue.kinds import JobKind, nothing_follows

PAIRS = "pairs"

log = structlog.get_logger()


class Pairs(Value):
    """What to compare. Master frame 0 is plate frame `offset`, counted from 0, and shot frame `first_frame`."""

    plate: Path
    master: Path
    folder: Path
    offset: int
    first_frame: int


def pairs_order(version: VersionRow, outcome: Outcome, request: Request) -> Order | None:
    """The job that makes a version's pairs, after all that is waited for; None without a master."""
    if outcome.master is None:
        return None
    pairs = Pairs(
        plate=request.plate.path,
        master=outcome.master,
        folder=Path(version.folder) / "compare",
        offset=outcome.first_frame - request.first_frame,
        first_frame=outcome.first_frame,
    )
    return Order(
        show=version.show,
        kind=PAIRS,
        lane=Lane.INDEX,
        payload=pairs.model_dump(mode="json"),
        dedupe_key=f"{PAIRS}:{version.key}",
        priority=10,
    )


def pairs_kind() -> JobKind:
    """The job kind of pairs: nothing else waits for it, and the page finds the folder by itself."""
    return JobKind(PAIRS, Lane.INDEX, "wetgate.daemon.publish.pairs_work:write", nothing_follows, _told)


def _told(_session: Session, job: Job, failure: Failure) -> None:
    log.warning("no frames to compare", show=job.show, fault=failure.message)
