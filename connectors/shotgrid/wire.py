"""Files over HTTP beside the API: forms, storage and downloads, bounded in time and in memory.

The vendor's client waits for ever here, holds a whole file in memory, posts a form again after any
error and sends a storage nothing when it tries again. So this is our own.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import ssl
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from shotgun_api3.lib import certifi

from ...schema.errors import TrackerUnavailable
from ..answers import by_status, moment, unavailable, wrong
from .client import refusal

BLOCK = 1 << 20
_BROKEN = (OSError, http.client.HTTPException)


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Follows redirects of downloads alone: a form or a part that was moved on would arrive as nothing."""

    def redirect_request(self, req: urllib.request.Request, *rest: Any) -> urllib.request.Request | None:
        return super().redirect_request(req, *rest) if req.get_method() in {"GET", "HEAD"} else None


class Wire:
    """Forms and files of one site."""

    def __init__(self, url: str, secrets: Mapping[str, str], timeout_seconds: float) -> None:
        """*secrets* are the form fields that say who we are; nothing is sent yet."""
        self._url = url
        self._secrets = dict(secrets)
        self._timeout = timeout_seconds
        self._opened: urllib.request.OpenerDirector | None = None

    def form(self, what: str, path: str, fields: Mapping[str, object], *, writing: bool) -> str:
        """Post a form; the answer's text after its leading `1`. Raises by what is known of its arrival."""
        body = urlencode({**self._secrets, **{name: str(value) for name, value in fields.items()}}).encode()
        request = urllib.request.Request(self._url + path, body, method="POST")
        return self._answer(what, request, writing=writing)

    def form_with_file(self, what: str, path: str, fields: Mapping[str, object], field: str, file: Path) -> str:
        """Post a form with a file in it, read block by block while it is sent."""
        boundary = uuid.uuid4().hex
        head = b"".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in {**self._secrets, **fields}.items()
        )
        # A quote would end the name early; browsers write it so.
        shown = file.name.replace('"', "%22")
        head += (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{shown}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode()
        tail = f"\r\n--{boundary}--\r\n".encode()
        size = file.stat().st_size

        def body() -> Iterator[bytes]:
            yield head
            yield from blocks(file, 0, size)
            yield tail

        request = urllib.request.Request(self._url + path, body(), method="POST")
        request.add_header("Content-Type", f"multipart/form-data; boundary={boundary}")
        request.add_header("Content-Length", str(len(head) + size + len(tail)))
        return self._answer(what, request, writing=True)

    def store(self, url: str, content_type: str, file: Path, start: int, size: int) -> str:
        """PUT *size* bytes of the file into the storage; gives the ETag. Raises TrackerUnavailable."""
        digest = hashlib.md5(usedforsecurity=False)

        def body() -> Iterator[bytes]:
            for block in blocks(file, start, size):
                digest.update(block)
                yield block

        request = urllib.request.Request(url, body(), method="PUT")
        request.add_header("Content-Type", content_type)
        request.add_header("Content-Length", str(size))
        try:
            with self._open(request) as response:
                response.read()
                # Some proxies take the ETag away; it is the part's MD5, and the site checks it when it joins them.
                return response.headers.get("ETag") or f'"{digest.hexdigest()}"'
        except urllib.error.HTTPError as error:
            error.close()
            text = f"the storage answers HTTP {error.code}"
            raise unavailable(text, error.code, error.headers) from None
        except _BROKEN as error:
            raise TrackerUnavailable(f"the storage broke the connection off ({_reason(error)})") from None

    def fetch(self, what: str, url: str, target: Path, session: str) -> None:
        """Download into *target*; *session* goes to the site itself and to nobody else."""
        request = urllib.request.Request(url)
        if session and urlsplit(url).netloc == urlsplit(self._url).netloc:
            request.add_unredirected_header("Cookie", f"_session_id={quote(session)}")
        try:
            with self._open(request) as response, target.open("wb") as out:
                shutil.copyfileobj(response, out, BLOCK)
                if response.length:
                    raise TrackerUnavailable(f"{what}: the download broke off.")
        except urllib.error.HTTPError as error:
            error.close()
            text = f"{what}: the download was answered with HTTP {error.code}."
            raise wrong(text, by_status(error.code, error.headers), writing=False) from None
        except _BROKEN as error:
            raise TrackerUnavailable(f"{what}: the download broke off ({_reason(error)}).") from None

    def clock(self) -> float | None:
        """What time the site has, as seconds since 1970; None where its answer does not say."""
        try:
            with self._open(urllib.request.Request(self._url + "/", method="HEAD")) as response:
                said = response.headers.get("Date")
        except urllib.error.HTTPError as error:
            said = error.headers.get("Date")
            error.close()
        except _BROKEN as error:
            raise TrackerUnavailable(f"{self._url} does not answer ({_reason(error)}).") from None
        return moment(said)

    def _answer(self, what: str, request: urllib.request.Request, *, writing: bool) -> str:
        try:
            with self._open(request) as response:
                text = response.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            error.close()
            text = f"{what}: {self._url} answers HTTP {error.code}."
            raise wrong(text, by_status(error.code, error.headers), writing=writing) from None
        except _BROKEN as error:
            cause = getattr(error, "reason", error)
            if isinstance(cause, ConnectionRefusedError):
                raise TrackerUnavailable(f"{what}: {self._url} cannot be reached.") from None
            raise wrong(f"{what}: the transfer broke off ({_reason(error)}).", None, writing=writing) from None
        if text.startswith("1"):
            return str(text[1:])
        if text.startswith("0"):
            raise refusal(text)(f"{what}: {self._clean(text[1:].lstrip(':'))}")
        raise wrong(f"{what}: {self._url} sends what is no answer to an upload.", None, writing=writing)

    def _clean(self, text: str) -> str:
        key = self._secrets.get("script_key")
        return (text.replace(key, "***") if key else text).strip()[:600]

    def _open(self, request: urllib.request.Request) -> Any:
        if self._opened is None:
            context = ssl.create_default_context(cafile=os.environ.get("SHOTGUN_API_CACERTS"))
            context.load_verify_locations(certifi.where())
            self._opened = urllib.request.build_opener(_StayHere, urllib.request.HTTPSHandler(context=context))
        return self._opened.open(request, timeout=self._timeout)


def blocks(file: Path, start: int, size: int) -> Iterator[bytes]:
    """*size* bytes of the file from *start*, block by block. Raises OSError where the file ends early."""
    with file.open("rb") as source:
        source.seek(start)
        while size:
            block = source.read(min(BLOCK, size))
            if not block:
                raise OSError(f"{file.name} became shorter while it was sent")
            size -= len(block)
            yield block


def _reason(error: Exception) -> str:
    cause = getattr(error, "reason", error)
    return "no answer in time" if isinstance(cause, TimeoutError) else type(cause).__name__
