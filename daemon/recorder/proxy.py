"""Stands between a client and its site on loopback, passes everything on, and keeps it cleaned."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..sandbox.serving import Serving
from .cleaning import Cleaner
from .recording import Exchange, Head, Recording

_OURS = {"host", "content-length", "transfer-encoding", "connection", "accept-encoding"}
_NOT_BACK = {"content-length", "transfer-encoding", "connection", "content-encoding", "keep-alive"}
_VERBS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


class Recorder:
    """A recording proxy in front of *site*. Point a client at `url`.

    Certificates of the site are checked. What the client sends elsewhere (an upload straight to a
    storage) does not pass here and is not kept.
    """

    def __init__(
        self, site: str, path: Path, head: Head, secrets: Iterable[str], *, port: int = 0, timeout_seconds: float = 120
    ) -> None:
        """The file is made at once; listening begins with `start`. Raises ConfigError for a taken name."""
        self._site = site.rstrip("/")
        self._recording = Recording(path, head)
        self._cleaner = Cleaner(secrets)
        self._folder = tempfile.TemporaryDirectory(prefix="wetgate-recorder-")
        self._serving = Serving(Path(self._folder.name), "127.0.0.1", port, 75)
        self._client = httpx.Client(timeout=timeout_seconds, follow_redirects=False)
        self._began = time.monotonic()

    @property
    def url(self) -> str:
        """Where to point the client."""
        return self._serving.url

    @property
    def count(self) -> int:
        """Exchanges kept so far."""
        return self._recording.count

    def start(self) -> None:
        """Listen."""
        self._serving.open()
        self._serving.serve(Starlette(routes=[Route("/{path:path}", self._pass_on, methods=_VERBS)]))

    def stop(self) -> None:
        """End, and close the file."""
        self._serving.close()
        self._client.close()
        self._recording.close()
        self._folder.cleanup()

    async def _pass_on(self, request: Request) -> Response:
        content, at = await request.body(), time.monotonic()
        target = f"{self._site}{request.url.path}"
        headers = {name: value for name, value in request.headers.items() if name not in _OURS}
        # What comes back must be readable here, not packed as the client might like it.
        headers["accept-encoding"] = "identity"
        try:
            answer = await run_in_threadpool(
                self._client.request,
                request.method,
                target,
                params=request.url.query or None,
                headers=headers,
                content=content,
            )
        except httpx.HTTPError as error:
            self._keep(request, content, at, 0, {}, type(error).__name__.encode())
            return Response(f"The site cannot be reached: {type(error).__name__}", status_code=504)
        self._keep(request, content, at, answer.status_code, dict(answer.headers), answer.content)
        back = [(name, value) for name, value in answer.headers.multi_items() if name.lower() not in _NOT_BACK]
        response = Response(self._here(answer.content, back, request), status_code=answer.status_code)
        response.raw_headers = [
            *((name.encode(), value.encode("latin-1")) for name, value in back),
            (b"content-length", str(len(response.body)).encode()),
        ]
        return response

    def _here(self, content: bytes, headers: list[tuple[str, str]], request: Request) -> bytes:
        """An answer that names the site's own address (for uploads, say) names ours, so that those pass here too."""
        kind = next((value for name, value in headers if name.lower() == "content-type"), "")
        if not ("json" in kind or kind.startswith("text/")):
            return content
        return content.replace(self._site.encode(), f"{request.url.scheme}://{request.url.netloc}".encode())

    def _keep(
        self, request: Request, content: bytes, at: float, status: int, headers: dict[str, Any], answer: bytes
    ) -> None:
        clean = self._cleaner
        self._recording.add(
            Exchange(
                at=round(at - self._began, 4),
                took=round(time.monotonic() - at, 4),
                verb=request.method,
                path=clean.path(request.url.path),
                query=clean.query(request.url.query),
                asked=clean.body(content, request.headers.get("content-type", "")),
                status=status,
                headers=clean.headers(headers),
                answered=clean.body(answer, str(headers.get("content-type", ""))),
            )
        )

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()
