"""Calls to one site, with the vendor's session of each thread and its errors turned into ours.

What the client does on its own, and why it is held back here: an answer that is no JSON (a gateway's
page) surfaces as a JSONDecodeError without its status, nothing is tried again, and a session belongs
to one thread.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import requests
from ftrack_api.exception import Error as VendorError
from ftrack_api.exception import ServerError

from ...schema.errors import NotPermitted, TrackerRejected, TrackerUnavailable, WetgateError
from ..answers import BUSY, Certain, by_status, wrong
from .session import PlainSession, Row

T = TypeVar("T")

PAGE = 500
_PASSING = ("OperationalError", "InternalError", "DBAPIError", "LockWaitTimeout", "Deadlock", "TimeoutError")
"""What the site's own database says on a bad day: nothing was carried out, and later it may be."""
_VENDOR = (requests.RequestException, VendorError, ValueError, OSError)


class Duplicate(TrackerRejected):
    """The site has an entity with this id already: what was sent before has arrived."""


class Client:
    """One site. `query` is tried again on a dead connection, `write` never is."""

    def __init__(self, url: str, user: str, key: str, timeout_seconds: float) -> None:
        """Nothing is sent before the first call."""
        self.url = url.rstrip("/")
        self.user = user
        self.key = key
        self.timeout = timeout_seconds
        self._local = threading.local()
        # The vendor logs each refusal as an exception with its traceback; we say it ourselves.
        logging.getLogger("ftrack_api").setLevel(logging.CRITICAL)

    def query(self, what: str, expression: str) -> list[Row]:
        """Every row of a query, page by page; *what* names it in errors."""
        return list(self._pages(what, expression))

    def several(self, what: str, expressions: Sequence[str]) -> list[list[Row]]:
        """The rows of several queries, none of which finds more than a page, by one request."""
        asked = [_asked(f"{one} limit {PAGE}") for one in expressions]
        return [answer["data"] for answer in self._reading(what, asked)]

    def first(self, what: str, expression: str, limit: int = 1) -> list[Row]:
        """The first rows of a query."""
        rows: list[Row] = self._reading(what, [_asked(f"{expression} limit {limit}")])[0]["data"]
        return rows

    def write(self, what: str, operations: Sequence[Row]) -> list[Any]:
        """Carry out operations, all or none. Raises AmbiguousResult where they may have arrived."""
        try:
            return self.session().call(list(operations))
        except _VENDOR as error:
            raise self._wrong(error, what, writing=True) from error

    def get(self, what: str, address: str) -> requests.Response:
        """Ask for a file, with our credentials where it is the site's; raises for whatever is no success."""
        session = self.session()
        ours = address.startswith(f"{self.url}/")
        self._local.answered = None
        try:
            with contextlib.nullcontext(session.http) if ours else requests.Session() as http:
                response = http.get(address, stream=True, allow_redirects=False, timeout=self.timeout)
        except _VENDOR as error:
            raise self._wrong(error, what, writing=False) from error
        if response.ok:
            return response
        status = response.status_code
        response.close()
        raise wrong(f"{what}: HTTP {status}.", by_status(status, response.headers), writing=False)

    def reading(self, what: str, call: Callable[[], T]) -> T:
        """Run a call that changes nothing."""
        try:
            return call()
        except _VENDOR as error:
            raise self._wrong(error, what, writing=False) from error

    @property
    def answered(self) -> requests.Response | None:
        """How the site's last answer to this thread came; None where the last call had none."""
        found: requests.Response | None = getattr(self._local, "answered", None)
        return found

    def session(self) -> PlainSession:
        """This thread's session, opened at first use."""
        session: PlainSession | None = getattr(self._local, "session", None)
        if session is None:
            try:
                session = PlainSession(self.url, self.user, self.key, self.timeout, self._hear)
            except _VENDOR as error:
                raise self._wrong(error, "log in", writing=False) from error
            self._local.session = session
        return session

    def close(self) -> None:
        """Close this thread's session; the next call opens one."""
        session: PlainSession | None = getattr(self._local, "session", None)
        self._local.session = None
        if session is not None:
            session.close()

    def _pages(self, what: str, expression: str) -> Iterator[Row]:
        offset: int | None = 0
        while offset is not None:
            answer = self._reading(what, [_asked(f"{expression} offset {offset} limit {PAGE}")])[0]
            yield from answer["data"]
            offset = ((answer.get("metadata") or {}).get("next") or {}).get("offset")

    def _reading(self, what: str, operations: list[Row]) -> list[Row]:
        try:
            return self.session().call(operations)
        except requests.ConnectionError:
            # The site may have closed a connection that rested; a query may be sent again.
            return self.reading(what, lambda: self.session().call(operations))
        except _VENDOR as error:
            raise self._wrong(error, what, writing=False) from error

    def _wrong(self, error: Exception, what: str, *, writing: bool) -> WetgateError:
        message, certain = self._read(error)
        return wrong(f"{what}: {message}", certain, writing=writing)

    def _hear(self, response: requests.Response | None) -> None:
        """Called with each answer of this thread's session, and before each call with None."""
        self._local.answered = response

    def _read(self, error: Exception) -> tuple[str, Certain | None]:
        """What an error says, and which of ours it is for certain; None where a write may have arrived."""
        response = self.answered
        status = response.status_code if response is not None else 0
        known = by_status(status, response.headers) if response is not None else None
        found: tuple[str, Certain | None]
        match error:
            case _ if status in BUSY:
                found = f"{self.url} answers HTTP {status}.", known
            case ServerError():
                found = self._refused(str(error))
            case requests.ConnectTimeout():
                found = f"{self.url} does not answer.", TrackerUnavailable
            case requests.Timeout():
                found = f"{self.url} does not answer in time.", None
            case requests.ConnectionError():
                refused = any(word in str(error) for word in ("refused", "resolve", "Name or service"))
                found = (
                    (f"{self.url} cannot be reached.", TrackerUnavailable)
                    if refused
                    else (f"{self.url} broke the connection off.", None)
                )
            case _ if status >= 300:
                found = f"{self.url} answers HTTP {status}.", known
            case VendorError():
                found = self._clean(str(error)), TrackerRejected
            case _:
                found = f"{self.url} sends what is no answer of the API.", None
        return found

    def _refused(self, text: str) -> tuple[str, Certain | None]:
        said = self._clean(text.removeprefix("Server reported error: "))
        if "InvalidCredentials" in said:
            return (
                f"{self.url} does not accept the user '{self.user}' with its key. "
                "Check script_name (the API user) and the key in the tracker's settings."
            ), NotPermitted
        if "unexpected format" in said or said.startswith("5"):
            return f"{self.url} sends what is no answer of the API.", None
        if "Duplicate" in said:
            return said, Duplicate
        if any(said.startswith(name) for name in _PASSING):
            return said, TrackerUnavailable
        return said, NotPermitted if "ermission" in said else TrackerRejected

    def _clean(self, text: str) -> str:
        return text.replace(self.key, "***")[:600] if self.key else text[:600]


def _asked(expression: str) -> Row:
    return {"action": "query", "expression": expression}


def create(kind: str, values: Row, keys: Sequence[str] = ("id",)) -> Row:
    """An operation that makes an entity."""
    return {
        "action": "create",
        "entity_type": kind,
        "entity_key": [values[name] for name in keys],
        "entity_data": {"__entity_type__": kind, **values},
    }


def update(kind: str, key: str, values: Row) -> Row:
    """An operation that changes an entity."""
    return {
        "action": "update",
        "entity_type": kind,
        "entity_key": [key],
        "entity_data": {"__entity_type__": kind, **values},
    }


def tagged(kind: str, key: str, name: str, value: str) -> Row:
    """An operation that gives an entity an entry of metadata."""
    values = {"parent_id": key, "parent_type": kind, "key": name, "value": value}
    return create("Metadata", values, ("parent_id", "key"))


def quoted(text: str) -> str:
    """A text as a value in a query."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def among(values: Sequence[str]) -> str:
    """Texts as the members of an `in`."""
    return "(" + ", ".join(map(quoted, values)) + ")"


def own_id(kind: str, *parts: str) -> str:
    """The id of an entity of ours: the same for the same thing, so that it cannot be made twice."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "wetgate:" + ":".join((kind, *parts))))
