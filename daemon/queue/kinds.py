"""A kind of job: where it runs, and what its end means for the rest of the house."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...schema.job import Failure, Job, Lane
from ...schema.ports import Progress

if TYPE_CHECKING:
    # Workers import this module, and have no need of the database's.
    from sqlmodel import Session


@dataclass(frozen=True)
class JobKind:
    """What the queue must know of a kind.

    `run` is a dotted path (`wetgate.daemon.ingest.work:survey`) called in a worker process with the
    payload and a progress function, or, in a lane of threads, a callable that the daemon runs on a
    thread of its own with the job. Both return JSON.

    `record` and `failed` run inside the transaction that ends the job, so that the end of a job and
    what follows from it (rows, further jobs) are one step that a kill cannot split. `failed` is
    called when no further attempt follows.
    """

    name: str
    lane: Lane
    run: str | Callable[[Job, Progress], dict[str, Any]]
    record: Callable[[Session, Job, dict[str, Any]], None]
    failed: Callable[[Session, Job, Failure], None]


def nothing_follows(_session: Session, _job: Job, _result: dict[str, Any]) -> None:
    """For kinds whose work is done with their `run`."""
