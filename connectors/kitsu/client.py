"""gazu with time-outs, one client per thread, and its errors turned into ours.

What gazu leaves out, and is added here: it waits for ever, follows a redirected write with a GET,
reads 429, 503 and 504 as if they were answers, and knows no second login once its tokens ran out.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import gazu
import requests
from gazu import client as raw
from gazu.exception import (
    AuthFailedException,
    GazuException,
    MethodNotAllowedException,
    NotAllowedException,
    NotAuthenticatedException,
    ParameterException,
    RouteNotFoundException,
    TooBigFileException,
    ValidationException,
)
from urllib3.exceptions import NewConnectionError

from ...schema.errors import EntityNotFound, NotPermitted, TrackerRejected, TrackerUnavailable, WetgateError
from ..answers import Certain, Headers, by_status, moment, wrong
from .multipart import FileForm

T = TypeVar("T")
Json = dict[str, Any]

FRESH_SECONDS = 4.0
"""A connection that rested longer may be closed at the other end already; a write gets a new one."""
CONNECT_SECONDS = 10.0
_TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
_VENDOR = (GazuException, requests.RequestException, OSError, ValueError)


class _Unanswered(requests.RequestException):
    """What a gateway, or a server in trouble, sent instead of an answer."""

    def __init__(self, status: int, message: str, headers: Headers) -> None:
        self.status, self.headers = status, headers
        super().__init__(message)


class _Session(requests.Session):
    """Gives every request a time-out, and tells answers apart that gazu takes for one."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds
        self.server_time: float | None = None
        # Without it, a .netrc of the machine would take the place of our token.
        self.auth = lambda request: request

    def request(self, method: str, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        options.setdefault("timeout", (min(CONNECT_SECONDS, self.seconds), self.seconds))
        # A redirected write would arrive as a GET, without a word.
        options["allow_redirects"] = method.upper() in ("GET", "HEAD")
        response = super().request(method, url, *args, **options)
        self.server_time = moment(response.headers.get("Date"))
        if response.is_redirect:
            target = urlsplit(response.headers.get("Location", ""))
            told = f"redirects to {target.scheme}://{target.netloc}; use that as url"
            raise _Unanswered(response.status_code, told, response.headers)
        if response.status_code == 429 or response.status_code >= 500:
            told = raw.get_message_from_response(response, "")
            raise _Unanswered(response.status_code, told, response.headers)
        return response


class Client:
    """Calls to one site. `get` is tried again on a dead connection, what writes never is."""

    def __init__(self, url: str, script_name: str, api_key: str, timeout_seconds: float) -> None:
        """*api_key* is a bot's token, or the password of the person *script_name*. Nothing is sent yet."""
        self.url = url.rstrip("/").removesuffix("/api")
        self.script_name = script_name
        self.token = bool(_TOKEN.fullmatch(api_key))
        self._api_key = api_key
        self._timeout = timeout_seconds
        # Shared by all threads: one login serves them all.
        self._tokens: Json = {"access_token": api_key if self.token else None, "refresh_token": None}
        self._login = threading.Lock()
        self._local = threading.local()
        self._me: Json | None = None

    @property
    def me(self) -> Json:
        """The person or bot that we are logged in as."""
        if self._me is None:
            self._me = self.get("our login", "auth/authenticated")["user"]
        return self._me

    def server_time(self) -> float:
        """The site's clock as its last answer to this thread told it; ours where it tells none."""
        if self._session().server_time is None:
            self.get("the site", "")
        told = self._session().server_time
        return time.time() if told is None else told

    def get(self, what: str, path: str, **params: Any) -> Any:
        """What is at *path*; *what* names it in errors."""
        try:
            return self._call(lambda vendor: raw.get(path, params=params, client=vendor))
        except _VENDOR as error:
            broken = isinstance(error, requests.ConnectionError) and not isinstance(error, requests.Timeout)
            if not broken:
                raise self._wrong(error, what, writing=False) from error
        self.close()
        try:
            return self._call(lambda vendor: raw.get(path, params=params, client=vendor))
        except _VENDOR as error:
            raise self._wrong(error, what, writing=False) from error

    def post(self, what: str, path: str, data: Json) -> Any:
        """Send *data* to *path*; raises AmbiguousResult where it may have arrived."""
        return self._write(what, lambda vendor: raw.post(path, data, client=vendor))

    def put(self, what: str, path: str, data: Json) -> Any:
        """Change what is at *path*; raises AmbiguousResult where that may have happened."""
        return self._write(what, lambda vendor: raw.put(path, data, client=vendor))

    def delete(self, what: str, path: str) -> None:
        """Remove what is at *path*."""
        self._write(what, lambda vendor: raw.delete(path, client=vendor))

    def upload(self, what: str, path: str, file: Path, arrived: Callable[[], None] | None = None) -> Any:
        """Send a file; *arrived* is called when all of it went out, whether or not that was answered."""

        def send(vendor: raw.KitsuClient) -> Any:
            for _ in range(2):
                with FileForm("file", file) as form:
                    headers = {**vendor.make_auth_header(), "Content-Type": form.content_type}
                    try:
                        response = vendor.session.post(raw.get_full_url(path, vendor), data=form, headers=headers)
                    finally:
                        if form.sent and arrived is not None:
                            arrived()
                # Tells whether the token had run out and there is a new one.
                _, again = raw.check_status(response, path, client=vendor)
                if not again:
                    return response.json()
            raise NotAuthenticatedException(path)

        return self._write(what, send)

    def download(self, what: str, path: str, target: Path) -> None:
        """Fetch what is at *path* into the file *target*."""

        def fetch(vendor: raw.KitsuClient) -> None:
            for _ in range(2):
                url = raw.get_full_url(quote(path), vendor)
                with vendor.session.get(url, headers=vendor.make_auth_header(), stream=True) as response:
                    _, again = raw.check_status(response, path, client=vendor)
                    if again:
                        continue
                    if response.status_code == 202:
                        raise _Unanswered(503, "is still working on the file", response.headers)
                    with target.open("wb") as out:
                        for piece in response.iter_content(1 << 20):
                            out.write(piece)
                    return
            raise NotAuthenticatedException(path)

        try:
            self._call(fetch)
        except _VENDOR as error:
            raise self._wrong(error, what, writing=False) from error

    def close(self) -> None:
        """Close this thread's connections; the next call opens one."""
        vendor = getattr(self._local, "vendor", None)
        if vendor is not None:
            vendor.session.close()

    def vendor(self) -> raw.KitsuClient:
        """This thread's client of the vendor, with a token; may raise the vendor's errors."""
        vendor: raw.KitsuClient | None = getattr(self._local, "vendor", None)
        if vendor is None:
            vendor = raw.create_client(
                f"{self.url}/api",
                use_refresh_token=True,
                callback_not_authenticated=self._not_authenticated,
                tokens=self._tokens,
            )
            vendor.session = _Session(self._timeout)
            self._local.vendor = vendor
        if vendor.access_token is None:
            self._log_in(vendor, None)
        return vendor

    def _call(self, call: Callable[[raw.KitsuClient], T]) -> T:
        result = call(self.vendor())
        self._local.used = time.monotonic()
        return result

    def _write(self, what: str, call: Callable[[raw.KitsuClient], T]) -> T:
        if time.monotonic() - getattr(self._local, "used", 0.0) > FRESH_SECONDS:
            self.close()
        try:
            self.vendor()
        except _VENDOR as error:
            raise self._wrong(error, what, writing=False) from error
        try:
            return self._call(call)
        except _VENDOR as error:
            self.close()
            raise self._wrong(error, what, writing=True) from error

    def _session(self) -> _Session:
        session = self.vendor().session
        assert isinstance(session, _Session)
        return session

    def _not_authenticated(self, vendor: raw.KitsuClient, path: str) -> bool:
        """Called by gazu when its token is refused; a password gets a new one, a bot's token is all there is."""
        if self.token or path == "auth/login":
            return False
        self._log_in(vendor, vendor.access_token)
        return True

    def _log_in(self, vendor: raw.KitsuClient, refused: str | None) -> None:
        with self._login:
            # Another thread may have logged in meanwhile.
            if self._tokens["access_token"] not in (None, refused):
                return
            anonymous = raw.create_client(vendor.host)
            anonymous.session = vendor.session
            tokens = gazu.log_in(self.script_name, self._api_key, client=anonymous)
            self._tokens.update({name: tokens.get(name) for name in ("access_token", "refresh_token")})

    def _wrong(self, error: Exception, what: str, *, writing: bool) -> WetgateError:
        message, certain = self._read(error)
        return wrong(self._clean(f"{what}: {message}"), certain, writing=writing)

    def _read(self, error: Exception) -> tuple[str, Certain | None]:
        """What an error says, and which of ours it is for certain; None where a write may have arrived."""
        found: tuple[str, Certain | None]
        match error:
            case NotAuthenticatedException() | AuthFailedException():
                message = f"{self.url} does not accept the login of '{self.script_name}'"
                mend = "make the bot a new token" if self.token else "check its e-mail and password"
                found = f"{message}: {mend}, and set it in the tracker's settings.", NotPermitted
            case NotAllowedException():
                found = f"{self.url} does not allow '{self.script_name}' to do this.", NotPermitted
            case RouteNotFoundException():
                found = "it is not there (any more).", EntityNotFound
            case TooBigFileException():
                found = f"{self.url} takes no file of this size; its proxy has a limit.", TrackerRejected
            case ParameterException() | ValidationException() | MethodNotAllowedException():
                found = f"refused: {error.args[-1]}", TrackerRejected
            case _Unanswered():
                moved = 300 <= error.status < 400
                known = TrackerRejected if moved else by_status(error.status, error.headers)
                found = f"{self.url} answers HTTP {error.status} {error}".rstrip(" .") + ".", known
            case requests.exceptions.SSLError() if "CERTIFICATE_VERIFY_FAILED" in str(error):
                found = f"the certificate of {self.url} is not accepted.", TrackerUnavailable
            case requests.ConnectTimeout():
                found = f"{self.url} cannot be reached.", TrackerUnavailable
            case requests.ConnectionError() if _never_connected(error):
                found = f"{self.url} cannot be reached.", TrackerUnavailable
            case requests.Timeout():
                found = f"{self.url} does not answer in time.", None
            case requests.JSONDecodeError() | ValueError():
                found = f"{self.url} sends what is no answer of the API.", None
            case _:
                found = f"{self.url} broke the connection off.", None
        return found

    def _clean(self, text: str) -> str:
        secrets = {self._api_key, *(str(one) for one in self._tokens.values() if one)}
        for secret in sorted(secrets, key=len, reverse=True):
            text = text.replace(secret, "***") if secret else text
        return text[:600]


def _never_connected(error: requests.ConnectionError) -> bool:
    """Whether nothing was sent, since nobody listened."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError)
