"""A unit of queued work."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from .model import Value

NO_DUE = "9999-12-31"
"""The due date of what has none: it comes last."""


class Lane(StrEnum):
    """Which executor runs a job: warm light workers, one-at-a-time heavy ones, or the daemon's own threads.

    Some threads carry versions over; others say a few words, which never wait for an upload.
    """

    INDEX = "index"
    PROCESS = "process"
    PUBLISH = "publish"
    TELL = "tell"

    @property
    def threaded(self) -> bool:
        """Whether the daemon's own threads do its jobs, and not worker processes."""
        return self in {Lane.PUBLISH, Lane.TELL}


class JobState(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"  # a job it needs is not done
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Whether the job will not run again by itself."""
        return self in {JobState.DONE, JobState.FAILED, JobState.CANCELLED}


class Order(Value):
    """What somebody asks of the queue. `payload` is JSON; `dedupe_key` is unique among open jobs.

    Jobs run by priority, the highest first, then by `due` (an ISO date), then by age.
    """

    show: str
    kind: str
    lane: Lane
    payload: dict[str, Any] = {}
    dedupe_key: str | None = None
    priority: int = 50
    due: str | None = None
    max_attempts: int = 5
    task_id: int | None = None
    needs: tuple[int, ...] = ()


class Job(Value):
    """A claimed job as its runner sees it. `fence` goes with every report; a stale one is dropped."""

    id: int
    show: str
    kind: str
    lane: Lane
    payload: dict[str, Any]
    attempt: int
    fence: int
    task_id: int | None = None


class Failure(Value):
    """Why a job ended without a result: the error's type (see `errors`) and its sentence."""

    type: str
    message: str
    data: dict[str, str] = {}
