"""What a site's HTTP answer is when it is not what was asked for: which error, and when to ask again."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Protocol

from ..schema.errors import AmbiguousResult, NotPermitted, TrackerRejected, TrackerUnavailable, WetgateError

BUSY = frozenset({429, 503})
"""The site did nothing of what was asked, and may later."""
REFUSED = frozenset({400, 404, 405, 413})
NOT_PERMITTED = frozenset({401, 403})

Certain = Callable[[str], WetgateError]
"""Makes the error of a text, where it is known which it is."""


class Headers(Protocol):
    """An answer's headers, whichever client read them."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Names and values."""


def by_status(status: int, headers: Headers) -> Certain | None:
    """The error that a status is for certain; None where a write may have arrived."""
    if status in BUSY:
        return partial(unavailable, status=status, headers=headers)
    if status in NOT_PERMITTED:
        return NotPermitted
    return TrackerRejected if status in REFUSED else None


def unavailable(text: str, status: int, headers: Headers) -> TrackerUnavailable:
    """That a later try may succeed, and from when on where the site is busy and says it."""
    wait = asked_wait(headers) if status in BUSY else None
    return TrackerUnavailable(text) if wait is None else TrackerUnavailable(text, retry_after=wait)


def wrong(text: str, certain: Certain | None, *, writing: bool) -> WetgateError:
    """The error itself: of what is not certain, a read may be tried again and a write has to be looked up."""
    if certain is not None:
        return certain(text)
    return AmbiguousResult(text) if writing else TrackerUnavailable(text)


def asked_wait(headers: Headers) -> float | None:
    """For how many seconds from now the site asks to be left alone (`Retry-After`); None where it does not.

    A date is taken by the site's own clock where the answer tells it. How long it is left alone is the caller's
    to decide.
    """
    told = {name.lower(): value for name, value in headers.items()}
    seconds = _seconds(told.get("retry-after", "").strip(), told.get("date", ""))
    return seconds if seconds > 0 else None


def _seconds(told: str, date: str) -> float:
    if re.fullmatch(r"\d+(\.\d*)?", told, re.ASCII):
        return float(told)
    until, now = moment(told), moment(date)
    return 0.0 if until is None else until - (time.time() if now is None else now)


def moment(told: str | None) -> float | None:
    """An HTTP date as seconds since 1970; None for what is none."""
    try:
        found = parsedate_to_datetime(told or "")
        # One of the three old forms names no zone; it is Greenwich's all the same.
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
