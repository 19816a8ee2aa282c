"""Stands between a client and its site on loopback, passes everything on, and keeps it cleaned."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

import httpx
from starlette.requests import Request

from ..serving import Served, Serving
from .cleaning import Cleaner
from .passing import Passing
from .recording import Exchange, Head, Recording


class Recorder(Served):
    """A recording proxy in front of *site*. Point a client at `url`.

    What the client sends elsewhere (an upload straight to a storage) does not pass here and is not kept.
    """

    def __init__(
        self, site: str, path: Path, head: Head, secrets: Iterable[str], *, port: int = 0, timeout_seconds: float = 120
    ) -> None:
        """The file is made at once; listening begins with `start`. Raises ConfigError for a taken name."""
        self._recording = Recording(path, head)
        self._cleaner = Cleaner(secrets)
        self._serving = Serving("recorder", "127.0.0.1", port)
        self._passing = Passing(site, self._keep, timeout_seconds=timeout_seconds)
        self._began = time.monotonic()

    @property
    def count(self) -> int:
        """Exchanges kept so far."""
        return self._recording.count

    def start(self) -> None:
        """Listen."""
        self._serving.open()
        self._serving.serve(self._passing.app)

    def stop(self) -> None:
        """End, and close the file."""
        self._serving.close()
        self._passing.close()
        self._recording.close()

    def _keep(self, request: Request, content: bytes, answer: httpx.Response | None, fault: str) -> None:
        clean = self._cleaner
        headers = dict(answer.headers) if answer else {}
        took = answer.elapsed.total_seconds() if answer else 0.0
        self._recording.add(
            Exchange(
                at=round(time.monotonic() - self._began - took, 4),
                took=round(took, 4),
                verb=request.method,
                path=clean.path(request.url.path),
                query=clean.query(request.url.query),
                asked=clean.body(content, request.headers.get("content-type", "")),
                status=answer.status_code if answer else 0,
                headers=clean.headers(headers),
                answered=clean.body(answer.content if answer else fault.encode(), headers.get("content-type", "")),
            )
        )
