"""Passes HTTP on to a site and its answers back, as an application for a server on loopback."""

from __future__ import annotations

from collections.abc import Callable

import httpx
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

VERBS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
_OURS = {"host", "content-length", "transfer-encoding", "connection", "accept-encoding"}
_NOT_BACK = {"content-length", "transfer-encoding", "connection", "content-encoding", "keep-alive"}

Seen = Callable[[Request, bytes, httpx.Response | None, str], None]
"""Called with the question, its body, and the answer, or None and the name of the fault."""


class Passing:
    """A site as it is seen from here. Certificates are checked; redirects are the client's to follow."""

    def __init__(self, site: str, seen: Seen | None = None, *, timeout_seconds: float = 120.0) -> None:
        """Nothing is sent before the first question."""
        self._site = site.rstrip("/")
        self._seen = seen
        self._client = httpx.Client(timeout=timeout_seconds, follow_redirects=False)
        self.app = Starlette(routes=[Route("/{path:path}", self._pass_on, methods=VERBS)])

    def close(self) -> None:
        """Give up connections."""
        self._client.close()

    async def _pass_on(self, request: Request) -> Response:
        content = await request.body()
        headers = {name: value for name, value in request.headers.items() if name not in _OURS}
        # What comes back must be readable here, not packed as the client might like it.
        headers["accept-encoding"] = "identity"
        try:
            answer = await run_in_threadpool(
                self._client.request,
                request.method,
                f"{self._site}{request.url.path}",
                params=request.url.query or None,
                headers=headers,
                content=content,
            )
        except httpx.HTTPError as error:
            self._tell(request, content, None, type(error).__name__)
            return Response(f"The site cannot be reached: {type(error).__name__}", status_code=504)
        self._tell(request, content, answer, "")
        back = [(name, value) for name, value in answer.headers.multi_items() if name.lower() not in _NOT_BACK]
        response = Response(self._here(answer, request), status_code=answer.status_code)
        response.raw_headers = [
            *((name.encode(), value.encode("latin-1")) for name, value in back),
            (b"content-length", str(len(response.body)).encode()),
        ]
        return response

    def _tell(self, request: Request, content: bytes, answer: httpx.Response | None, fault: str) -> None:
        if self._seen is not None:
            self._seen(request, content, answer, fault)

    def _here(self, answer: httpx.Response, request: Request) -> bytes:
        """An answer that names the site's own address (for uploads, say) names ours, so that those pass here too."""
        kind = answer.headers.get("content-type", "")
        if not ("json" in kind or kind.startswith("text/")):
            return answer.content
        return answer.content.replace(self._site.encode(), f"{request.url.scheme}://{request.url.netloc}".encode())
