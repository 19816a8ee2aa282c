"""What a site's HTTP answer says: which error it is, and from when on it may be asked again."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from email.message import Message
from email.utils import format_datetime, formatdate

import pytest
from wetgate.connectors.answers import asked_wait, by_status, moment, unavailable, wrong
from wetgate.schema.errors import AmbiguousResult, NotPermitted, TrackerRejected, TrackerUnavailable


def test_seconds() -> None:
    """Whole seconds, as the rule has it, and broken ones, as some servers send them; whatever the letters' case."""
    assert asked_wait({"Retry-After": "30"}) == 30
    assert asked_wait({"retry-after": " 2.5 "}) == 2.5
    head = Message()
    head["RETRY-AFTER"] = "7"
    assert asked_wait(head) == 7


@pytest.mark.parametrize("hours", [-5, 0, 5])
def test_a_date_is_one_of_the_site_s_clock(hours: int) -> None:
    """Where the answer tells the site's time, ours does not matter."""
    there = time.time() + hours * 3600
    headers = {"Date": formatdate(there, usegmt=True), "Retry-After": formatdate(there + 90, usegmt=True)}
    assert asked_wait(headers) == 90


def test_a_date_alone() -> None:
    """Without the site's time it is measured by ours."""
    told = asked_wait({"Retry-After": formatdate(time.time() + 60, usegmt=True)})
    assert told == pytest.approx(60, abs=2)


def test_the_old_forms_of_a_date() -> None:
    """All three forms that servers may send are the same moment, in Greenwich."""
    forms = ("Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994")
    assert [moment(form) for form in forms] == [784111777.0] * 3


@pytest.mark.parametrize(
    "told",
    [
        "",
        "0",
        "-5",
        "soon",
        "nan",
        "inf",
        "1e9",
        "٣",
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 99 Nov 1994 08:49:37 GMT",
    ],
)
def test_what_asks_for_nothing(told: str) -> None:
    """Nothing, no time at all, a moment that has passed, and what is neither number nor date."""
    assert asked_wait({"Retry-After": told}) is None
    assert asked_wait({}) is None


def test_statuses() -> None:
    """Busy is later, refused is never; of the rest a read may be tried again and a write has to be looked up."""
    headers = {"Retry-After": "30"}
    for status in (429, 503):
        certain = by_status(status, headers)
        assert certain is not None
        error = certain("busy")
        assert (type(error), str(error), error.retry_after) == (TrackerUnavailable, "busy", 30)
        assert unavailable("busy", status, {}).retry_after is None
    for status in (400, 404, 405, 413):
        assert by_status(status, headers) is TrackerRejected
    for status in (401, 403):
        assert by_status(status, headers) is NotPermitted
    for status in (200, 302, 500, 502, 504):
        assert by_status(status, headers) is None
        assert unavailable("later", status, headers).retry_after is None
    assert type(wrong("x", None, writing=True)) is AmbiguousResult
    assert type(wrong("x", None, writing=False)) is TrackerUnavailable
    assert type(wrong("x", TrackerRejected, writing=True)) is TrackerRejected


def test_a_moment_with_a_zone() -> None:
    """What names its zone is taken at its word."""
    there = datetime(2026, 11, 29, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    assert moment(format_datetime(there)) == there.timestamp()
