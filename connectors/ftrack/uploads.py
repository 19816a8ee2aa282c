"""Bytes to the site's storage: whole when small, in parts when large, from a file that is never in memory.

The vendor's client reads the file once for a checksum and sends it in one request; when that breaks
off, all of it is sent again. Here each part is sent until it has arrived, and what has arrived stays:
the next call for the same component goes on with the parts that are missing.
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import requests

from ...schema.errors import TrackerRejected, TrackerUnavailable
from ..answers import unavailable
from ..unfinished import KEPT_SECONDS, Unfinished
from .client import Client
from .session import Row

PART = 8 << 20
"""Bytes a part; storages want 5 MiB at least."""
WHOLE = 2 * PART
MAX_PARTS = 1000
PAUSE = 0.5
"""Seconds before the second try of a part; it doubles."""
_TRIES = 4
_EXPIRED = {400, 401, 403, 404, 410}


@dataclass
class _Parts:
    """An upload in parts: where each goes, and the tags of those that have arrived."""

    upload: str
    file: Path
    size: int
    changed: int
    length: int
    urls: dict[int, str]
    begun: float
    tags: dict[int, str] = field(default_factory=dict)


class Uploads:
    """Sends files. The operation that `send` gives back must be carried out with what makes them visible."""

    def __init__(self, client: Client) -> None:
        """Ask *client*'s site where parts go."""
        self._client = client
        self._open: dict[str, _Parts] = {}
        self._unfinished = Unfinished(client.url)
        self._lock = threading.Lock()

    def send(self, what: str, component: str, path: Path) -> list[Row]:
        """Send a component's file; gives the operations that complete it."""
        size = path.stat().st_size
        if size <= WHOLE:
            self._send_whole(what, component, path, size)
            return []
        parts = self._parts(what, component, path, size)
        with path.open("rb") as source:
            for number in sorted(parts.urls):
                if number not in parts.tags:
                    source.seek((number - 1) * parts.length)
                    parts.tags[number] = self._send_part(what, component, parts, number, source.read(parts.length))
                    self._keep(component, parts)
        tags = [{"part_number": number, "e_tag": tag} for number, tag in sorted(parts.tags.items())]
        return [
            {
                "action": "complete_multipart_upload",
                "upload_id": parts.upload,
                "component_id": component,
                "parts": tags,
            }
        ]

    def done(self, component: str) -> None:
        """The component is complete: forget its parts."""
        with self._lock:
            parts = self._open.pop(component, None)
        if parts is not None:
            self._unfinished.drop(parts.file, component)

    def _keep(self, component: str, parts: _Parts) -> None:
        told = {"upload": parts.upload, "length": parts.length, "urls": parts.urls, "tags": parts.tags}
        self._unfinished.save(parts.file, component, {**told, "begun": parts.begun}, parts.begun)

    def _kept(self, component: str, path: Path, size: int, changed: int) -> _Parts | None:
        """What another process began."""
        told = self._unfinished.load(path, component)
        if told is None:
            return None
        urls, tags = ({int(number): str(one) for number, one in told[name].items()} for name in ("urls", "tags"))
        return _Parts(str(told["upload"]), path, size, changed, int(told["length"]), urls, float(told["begun"]), tags)

    def _send_whole(self, what: str, component: str, path: Path, size: int) -> None:
        for left in reversed(range(_TRIES)):
            ticket = self._ticket(what, component, path, size, 0)
            headers = {name: value for name, value in ticket["headers"].items() if name.lower() != "content-length"}
            try:
                with path.open("rb") as source:
                    self._put(what, str(ticket["url"]), source, headers)
            except TrackerUnavailable as error:
                if not left or error.retry_after:
                    raise
                self._wait(_TRIES - left)
            else:
                return

    def _send_part(self, what: str, component: str, parts: _Parts, number: int, body: bytes) -> str:
        for left in reversed(range(_TRIES)):
            try:
                response = self._put(f"{what}, part {number}", parts.urls[number], body, {})
            except TrackerUnavailable as error:
                if not left or error.retry_after:
                    raise
                self._wait(_TRIES - left)
                continue
            except TrackerRejected as error:
                # The address expired, or the storage gave the upload up: the next call begins a new one.
                self.done(component)
                raise TrackerUnavailable(str(error)) from error
            tag = response.headers.get("ETag", "").strip('"')
            if tag:
                return tag
            if not left:
                raise TrackerUnavailable(f"{what}: the storage does not say that part {number} has arrived.")
            self._wait(_TRIES - left)
        raise AssertionError("unreachable")

    def _put(self, what: str, url: str, body: bytes | IO[bytes], headers: dict[str, str]) -> requests.Response:
        # A connection of its own: our credentials are the site's, not the storage's.
        try:
            with requests.Session() as http:
                response = http.put(url, data=body, headers=headers, timeout=self._client.timeout)
                _ = response.content
        except (requests.RequestException, OSError) as error:
            raise TrackerUnavailable(f"{what}: the transfer broke off.") from error
        if response.status_code in _EXPIRED:
            raise TrackerRejected(f"{what}: the storage answers HTTP {response.status_code}.")
        if not response.ok:
            text = f"{what}: the storage answers HTTP {response.status_code}."
            raise unavailable(text, response.status_code, response.headers)
        return response

    def _parts(self, what: str, component: str, path: Path, size: int) -> _Parts:
        changed = path.stat().st_mtime_ns
        with self._lock:
            known = self._open.get(component) or self._kept(component, path, size, changed)
        same = known is not None and (known.size, known.changed) == (size, changed)
        if known is not None and same and time.time() - known.begun < KEPT_SECONDS:
            self._open[component] = known
            return known
        length = max(PART, -(-size // MAX_PARTS))
        ticket = self._ticket(what, component, path, size, -(-size // length))
        urls = {int(one["part_number"]): str(one["signed_url"]) for one in ticket["urls"]}
        made = _Parts(str(ticket["upload_id"]), path, size, changed, length, urls, time.time())
        with self._lock:
            self._open[component] = made
        return made

    def _ticket(self, what: str, component: str, path: Path, size: int, parts: int) -> Row:
        operation: Row = {
            "action": "get_upload_metadata",
            "component_id": component,
            "file_name": path.name,
            "file_size": size,
        }
        if parts:
            operation["parts"] = parts
        answer: Row = self._client.reading(what, lambda: self._client.session().call([operation]))[0]
        return answer

    @staticmethod
    def _wait(tried: int) -> None:
        time.sleep(PAUSE * 2 ** (tried - 1) * (0.5 + random.random()))
