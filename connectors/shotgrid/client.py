"""The vendor's client with time-outs, one per thread, and its errors turned into ours.

What the client does on its own, and why it is held back here: it sends a request again after HTTP
502 and 504 (also `create`, which then exists twice), and raises on a keep-alive connection that went
stale. Its uploads and downloads are not used at all: `wire` has ours.
"""

from __future__ import annotations

import http.client
import re
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar
from xmlrpc.client import ProtocolError

from shotgun_api3.lib.httplib2 import HttpLib2Error, ServerNotFoundError
from shotgun_api3.shotgun import AuthenticationFault, Shotgun, ShotgunError

from ...schema.errors import NotPermitted, TrackerRejected, TrackerUnavailable, WetgateError
from ..answers import Certain, by_status, wrong

T = TypeVar("T")
Json = dict[str, Any]

FRESH_SECONDS = 4.0
"""A connection that rested longer may be closed at the other end already; a write gets a new one."""
_NETWORK = (OSError, http.client.HTTPException, HttpLib2Error)
_VENDOR = (*_NETWORK, ShotgunError, ProtocolError, ValueError)


_DENIED = re.compile(
    r"permission|not permitted|not allowed|cannot be created|can ?not be created|not editable for this user|deny",
    re.IGNORECASE,
)
"""The site has one number for all that it refuses; whether a right lacks stands in the words alone."""


def refusal(text: str) -> type[TrackerRejected]:
    """The error of what the site says against a call."""
    return NotPermitted if _DENIED.search(text) else TrackerRejected


class Client:
    """Calls to one site. `read` is tried again on a dead connection, `write` never is."""

    def __init__(self, url: str, script_name: str, api_key: str, timeout_seconds: float) -> None:
        """Nothing is sent before the first call."""
        self.url = url.rstrip("/")
        self.script_name = script_name
        # The same after every restart: what was written before it is still known as ours.
        self.session_uuid = str(uuid.uuid5(uuid.NAMESPACE_URL, f"wetgate:{self.url}:{script_name}"))
        self._api_key = api_key
        self.secrets = {"script_name": script_name, "script_key": api_key, "session_uuid": self.session_uuid}
        self._timeout = timeout_seconds
        self._local = threading.local()

    def read(self, what: str, call: Callable[[Any], T]) -> T:
        """Run *call* with the vendor's client; *what* names it in errors."""
        try:
            return call(self._client())
        except _VENDOR as error:
            self.close()
            if isinstance(error, TimeoutError) or not isinstance(error, _NETWORK):
                raise self._wrong(error, what, writing=False) from error
        try:
            return call(self._client())
        except _VENDOR as error:
            self.close()
            raise self._wrong(error, what, writing=False) from error

    def write(self, what: str, call: Callable[[Any], T]) -> T:
        """Run a call that changes something; raises AmbiguousResult where it may have arrived."""
        if time.monotonic() - getattr(self._local, "used", 0.0) > FRESH_SECONDS:
            self.close()
        try:
            return call(self._client())
        except _VENDOR as error:
            self.close()
            raise self._wrong(error, what, writing=True) from error

    def session(self, *, anew: bool = False) -> str:
        """A session's token, for downloads alone. It ends after a day, and the vendor's client keeps it for ever."""

        def ask(sg: Any) -> str:
            if anew:
                sg.config.session_token = None
            return str(sg.get_session_token())

        return self.read("a session", ask)

    def close(self) -> None:
        """Close this thread's connection; the next call opens one."""
        client = getattr(self._local, "client", None)
        if client is not None:
            client.close()

    def _client(self) -> Any:
        client = getattr(self._local, "client", None)
        if client is None:
            client = Shotgun(self.url, script_name=self.script_name, api_key=self._api_key, connect=False)
            client.config.timeout_secs = self._timeout
            # One attempt: what is tried again, and when, is the daemon's to decide.
            client.MAX_ATTEMPTS = 1
            client.BACKOFF = 0.0
            client.set_session_uuid(self.session_uuid)
            self._local.client = client
        self._local.used = time.monotonic()
        return client

    def _wrong(self, error: Exception, what: str, *, writing: bool) -> WetgateError:
        message, certain = self._read(error)
        return wrong(f"{what}: {message}", certain, writing=writing)

    def _read(self, error: Exception) -> tuple[str, Certain | None]:
        """What an error says, and which of ours it is for certain; None where a write may have arrived."""
        found: tuple[str, Certain | None]
        match error:
            case AuthenticationFault():
                message = (
                    f"{self.url} does not accept the script '{self.script_name}' with its key. "
                    "Check script_name and the key in the tracker's settings."
                )
                found = message, NotPermitted
            case ProtocolError():
                status = int(error.errcode)
                found = f"{self.url} answers HTTP {status}.", by_status(status, error.headers)
            case ShotgunError():
                found = self._clean(str(error)), refusal(str(error))
            case ConnectionRefusedError() | ServerNotFoundError():
                found = f"{self.url} cannot be reached.", TrackerUnavailable
            case TimeoutError():
                found = f"{self.url} does not answer in time.", None
            case OSError() | http.client.HTTPException() | HttpLib2Error():
                found = f"{self.url} broke the connection off.", None
            case _:
                found = f"{self.url} sends what is no answer of the API.", None
        return found

    def _clean(self, text: str) -> str:
        return text.replace(self._api_key, "***")[:600] if self._api_key else text[:600]
