"""How an error becomes a failure, and whether and when the job is tried again."""

from __future__ import annotations

import random
import signal
from enum import StrEnum

from ...schema.errors import (
    NotPermitted,
    OutOfMemory,
    RetryLater,
    SourceOffline,
    TrackerUnavailable,
    UnreadableMedia,
    WetgateError,
)
from ...schema.job import Failure, Job, Lane
from ...schema.model import Value

MOST_ASKED = 180.0
"""A tracker that asks to be left alone for longer is asked again after so many seconds: in five minutes without a sign
of life a part of the daemon counts as dead, and one question in three minutes is no burden."""
SCATTER = 0.25
"""So much later at the most, so that those who were sent away together do not come back together."""

FIRST_REFUSED, LONGEST_REFUSED = 60.0, 3600.0
"""The same where a right lacks, which people give back in their own time."""

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0
"""Seconds before the second attempt, and between any two."""

MOST_CRASHES = 2
"""A job that ends its worker this often is not tried again."""


class Retry(StrEnum):
    """What follows a failure. An outage lies outside the job: it uses no attempt up. What a tracker refused for lack
    of a right waits, and with it what else would go out for its show, until the show was looked at."""

    NO = "no"
    LATER = "later"
    OUTAGE = "outage"
    REFUSED = "refused"


def describe(error: BaseException) -> tuple[Failure, Retry]:
    """The failure that *error* is; decided by its type, never by its message."""
    if isinstance(error, WetgateError):
        data = {key: _told(value) for key, value in error.data.items()}
        failure = Failure(type=type(error).__name__, message=str(error), data=data)
        if isinstance(error, TrackerUnavailable | SourceOffline):
            return failure, Retry.OUTAGE
        if isinstance(error, NotPermitted):
            return failure, Retry.REFUSED
        return failure, Retry.LATER if error.retryable else Retry.NO
    if isinstance(error, MemoryError):
        return Failure(type=OutOfMemory.__name__, message=OutOfMemory.__doc__ or ""), Retry.LATER
    words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, OSError):
        # A full disk, a stale handle, a lost connection: the machine's trouble, which may pass.
        return Failure(type=RetryLater.__name__, message=words), Retry.LATER
    return Failure(type=type(error).__name__, message=f"An error in Wetgate itself: {words}"), Retry.NO


def _told(value: object) -> str:
    return value.model_dump_json() if isinstance(value, Value) else str(value)


def subject(job: Job) -> str:
    """What a job is about, in the words of a log or an error: the file's path where there is one."""
    path = job.payload.get("path")
    return str(path) if path else f"{job.kind} job {job.id}"


def crash(job: Job, how: str, *, memory: bool, crashes: int) -> tuple[Failure, Retry]:
    """The failure of a job whose worker did not survive it; the second time it is final."""
    about = subject(job)
    kind = OutOfMemory if memory else RetryLater
    if crashes < MOST_CRASHES:
        return Failure(type=kind.__name__, message=f"{about}: {how}. It will be tried once more."), Retry.LATER
    words = f"{about} ended its worker {crashes} times ({how}). It is not tried again by itself."
    if job.lane is Lane.INDEX:
        words = f"{words} Check the file; if it is sound, retry job {job.id}."
        return Failure(type=UnreadableMedia.__name__, message=words, data={"path": about}), Retry.NO
    return Failure(type=kind.__name__, message=words), Retry.NO


def exit_words(code: int) -> tuple[str, bool]:
    """How a worker with exit status *code* ended, in words, and whether memory is the likely reason."""
    if code >= 0:
        return f"the worker ended by itself with status {code}", False
    name = signal.Signals(-code).name
    if -code == signal.SIGXCPU:
        return "it used up its CPU time", False
    if -code == signal.SIGKILL:
        return "the system killed the worker (SIGKILL), most likely for lack of memory", True
    return f"the worker crashed ({name})", False


def pause(failure: Failure, retry: Retry, attempt: int) -> float | None:
    """Seconds until the next attempt; None where there is none."""
    if retry is Retry.NO:
        return None
    if retry is Retry.REFUSED:
        return min(LONGEST_REFUSED, FIRST_REFUSED * 2.0 ** min(attempt - 1, 30)) * random.uniform(1.0, 1.0 + SCATTER)
    return max(backoff(attempt), left_alone(failure.data.get("retry_after")))


def left_alone(told: object) -> float:
    """Seconds to leave a site alone that asked for *told*: never less, up to a limit; 0 where it asked for nothing."""
    try:
        seconds = min(float(str(told)), MOST_ASKED)
    except ValueError:
        return 0.0
    return seconds * random.uniform(1.0, 1.0 + SCATTER) if seconds > 0 else 0.0


def backoff(attempt: int) -> float:
    """Seconds until the next attempt: doubling, with jitter over the upper half, never above the longest pause."""
    full = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(attempt - 1, 30))
    return full * random.uniform(0.5, 1.0)
