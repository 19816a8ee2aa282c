"""How errors become failures, and what follows from them."""

from __future__ import annotations

import pytest
from wetgate.daemon.queue.failures import Retry, backoff, crash, describe, exit_words
from wetgate.schema.errors import (
    AmbiguousResult,
    NotConfident,
    OutOfMemory,
    RetryLater,
    SourceOffline,
    TrackerUnavailable,
    UnreadableMedia,
)
from wetgate.schema.job import Job, Lane


class Refused(TrackerUnavailable):
    """A plugin's own kind of outage."""


@pytest.mark.parametrize(
    ("error", "kind", "retry"),
    [
        (TrackerUnavailable(), "TrackerUnavailable", Retry.OUTAGE),
        (Refused(), "Refused", Retry.OUTAGE),
        (SourceOffline(), "SourceOffline", Retry.OUTAGE),
        (AmbiguousResult(), "AmbiguousResult", Retry.LATER),
        (RetryLater(), "RetryLater", Retry.LATER),
        (OutOfMemory(), "OutOfMemory", Retry.LATER),
        (MemoryError(), "OutOfMemory", Retry.LATER),
        (OSError(28, "No space left on device", "/show/x"), "RetryLater", Retry.LATER),
        (UnreadableMedia("x.mov holds no picture."), "UnreadableMedia", Retry.NO),
        (NotConfident(), "NotConfident", Retry.NO),
        (ValueError("x"), "ValueError", Retry.NO),
        (SystemExit(3), "SystemExit", Retry.NO),
    ],
)
def test_type_decides(error: BaseException, kind: str, retry: Retry) -> None:
    """The type alone tells whether and how a job is tried again."""
    failure, decided = describe(error)
    assert (failure.type, decided) == (kind, retry)
    assert failure.message


def test_data_of_an_error_comes_along() -> None:
    """What an error carries for its readers is kept, as words."""
    assert describe(UnreadableMedia("x", path="a.mov", frame=12))[0].data == {"path": "a.mov", "frame": "12"}


@pytest.mark.parametrize("lane", list(Lane))
def test_second_crash_is_final(lane: Lane) -> None:
    """The first crash is tried again, the second is not; a file is then called unreadable, by its path."""
    job = Job(id=3, show="PINE", kind="k", lane=lane, payload={"path": "/d/A001.mov"}, attempt=1, fence=1)
    assert crash(job, "it burst", memory=False, crashes=1)[1] is Retry.LATER
    failure, retry = crash(job, "it burst", memory=False, crashes=2)
    assert retry is Retry.NO
    assert (failure.type == "UnreadableMedia") == (lane is Lane.INDEX)
    assert failure.message.startswith("/d/A001.mov ended its worker 2 times (it burst).")


def test_exit_status_in_words() -> None:
    """Signals are named; a kill from outside is taken for lack of memory."""
    assert exit_words(-11) == ("the worker crashed (SIGSEGV)", False)
    assert exit_words(-9)[1]
    assert "CPU time" in exit_words(-24)[0]
    assert "status 3" in exit_words(3)[0]


def test_waits_double_up_to_a_limit_and_scatter() -> None:
    """The wait lies in the upper half of a doubling that stops at its limit, and is not always the same."""
    for attempt, full in ((1, 2), (2, 4), (3, 8), (5, 32), (6, 60), (5000, 60)):
        waits = [backoff(attempt) for _ in range(50)]
        assert full / 2 <= min(waits) < max(waits) <= full
