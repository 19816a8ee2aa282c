"""How errors become failures, and what follows from them."""

from __future__ import annotations

import pytest
from wetgate.daemon.queue.failures import MOST_ASKED, Retry, backoff, crash, describe, exit_words, pause
from wetgate.schema.errors import (
    AmbiguousResult,
    NotConfident,
    NotPermitted,
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
        (NotPermitted(), "NotPermitted", Retry.REFUSED),
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


def test_a_site_that_asked_for_it_is_left_alone() -> None:
    """Never for less than it asked, a little longer at random, and never for more than a limit allows."""
    for asked, least in ((1.0, 1.0), (40.0, 40.0), (1e9, MOST_ASKED), (float("inf"), MOST_ASKED)):
        failure, retry = describe(TrackerUnavailable(retry_after=asked))
        waits = [pause(failure, retry, 1) or 0.0 for _ in range(50)]
        assert least <= min(waits) < max(waits) <= max(least * 1.25, 2.0)


def test_a_wait_that_is_none() -> None:
    """Nonsense from a plugin is no wait, the usual one grows on, and what is final has none."""
    for asked in (None, "soon", float("nan"), -5.0, ""):
        failure, retry = describe(TrackerUnavailable(retry_after=asked))
        assert 1.0 <= (pause(failure, retry, 1) or 0.0) <= 2.0
    failure, retry = describe(TrackerUnavailable(retry_after=3.0))
    assert 30.0 <= (pause(failure, retry, 20) or 0.0) <= 60.0
    assert pause(*describe(NotConfident()), 1) is None
