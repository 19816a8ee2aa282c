"""The page's addresses."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Protocol

import structlog
from fastapi import FastAPI, Request
from fastapi import Path as Part
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from ...schema.arrival import ArrivalState
from .glance import Glance
from .pictures import TYPES, Pictures

log = structlog.get_logger()

Number = Annotated[int, Part(ge=0, le=2**31 - 1)]
"""An id or frame in an address: what the databases' integers hold."""

_WEB = {
    "style.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "wipe.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_ALONE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox"
"""What a version's own page may do: it carries its style and pictures in itself, and runs nothing."""
_BEAT_SECONDS = 10
_LOOKS_A_SECOND = 5
_MOST_LISTENERS = 100


class Health(Protocol):
    """What the probes ask."""

    def live(self) -> bool:
        """Whether the daemon's loops turn."""

    def ready(self) -> bool:
        """Whether work can be taken."""


class StatusApp:
    """The FastAPI application; `stopping` ends the streams of events."""

    def __init__(self, glance: Glance, pictures: Pictures, health: Health, stopping: threading.Event) -> None:
        """Answer from *glance*, *pictures* and *health* until *stopping* is set."""
        self._glance, self._pictures, self._health, self._stopping = glance, pictures, health, stopping
        self._listeners = 0
        self._web = {name: (resources.files(__package__) / "web" / name).read_bytes() for name in _WEB}
        self.app = FastAPI(title="Wetgate", docs_url=None, redoc_url=None, openapi_url=None)
        self.app.add_exception_handler(DBAPIError, self._no_database)
        routes: dict[str, Callable[..., Any]] = {
            "/": self._page,
            "/api/board": self._board,
            "/arrivals/{state}.csv": self._arrivals,
            "/api/versions/{version_id}/compare": self._compare,
            "/healthz": self._healthz,
            "/readyz": self._readyz,
            "/web/{name}": self._file_of_ours,
            "/media/versions/{version_id}/frames/{side}/{frame}": self._frame,
            "/media/versions/{version_id}/{what}": self._version_file,
            "/media/findings/{finding_id}/{position}": self._evidence,
            "/media/clips/{clip_id}": self._clip,
        }
        for path, answer in routes.items():
            self.app.add_api_route(path, answer, methods=["GET", "HEAD"], response_model=None)
        # A stream has no headers to be asked for alone: HEAD would hold it open.
        self.app.add_api_route("/events", self._events, methods=["GET"], response_model=None)

    # Plain functions run on the server's threads: the database and the disk never hold up the events.

    def _page(self, show: str = "") -> Response:
        self._known(show)
        return HTMLResponse(self._glance.page(show or None), headers={"Cache-Control": "no-store"})

    def _board(self, show: str = "") -> Response:
        self._known(show)
        board, _ = self._glance.look(show or None)
        return JSONResponse(board.model_dump(mode="json"), headers={"Cache-Control": "no-store"})

    def _arrivals(self, state: ArrivalState, show: str = "") -> Response:
        self._known(show)
        name = f"wetgate-{show or 'all'}-{state}.csv".encode("ascii", "replace").decode().replace('"', "")
        headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(self._glance.arrivals_csv(state, show or None), media_type="text/csv", headers=headers)

    def _known(self, show: str) -> None:
        if show and show not in {line.name for line in self._glance.look(None)[0].shows}:
            raise HTTPException(404, "There is no show of that name.")

    def _compare(self, version_id: Number) -> Response:
        found = self._pictures.compare(version_id)
        if found is None:
            raise HTTPException(404, "This version has no frames to compare.")
        return JSONResponse(found, headers={"Cache-Control": "no-store"})

    def _frame(self, version_id: Number, side: str, frame: Number) -> Response:
        if side not in {"before", "after"}:
            raise HTTPException(404)
        return _file(self._pictures.frame(version_id, side, frame))

    def _version_file(self, version_id: Number, what: str) -> Response:
        if what not in {"thumbnail", "contact_sheet", "review", "report", "page", "timeline"}:
            raise HTTPException(404)
        return _file(self._pictures.version_file(version_id, what), download=what == "timeline")

    def _evidence(self, finding_id: Number, position: Number) -> Response:
        return _file(self._pictures.evidence(finding_id, position))

    def _clip(self, clip_id: Number) -> Response:
        return _file(self._pictures.clip(clip_id))

    def _file_of_ours(self, name: str) -> Response:
        if name not in self._web:
            raise HTTPException(404)
        return Response(self._web[name], media_type=_WEB[name], headers={"Cache-Control": "no-cache"})

    def _healthz(self) -> Response:
        return _probe(self._health.live())

    def _readyz(self) -> Response:
        return _probe(self._health.ready())

    async def _events(self, show: str = "") -> Response:
        await run_in_threadpool(self._known, show)
        if self._listeners >= _MOST_LISTENERS:
            raise HTTPException(503, "Too many open pages.")
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._stream(show or None), media_type="text/event-stream", headers=headers)

    async def _stream(self, show: str | None) -> AsyncIterator[str]:
        """Sections that changed, as they change, and a beat so that a silent line is noticed."""
        self._listeners += 1
        sent: dict[str, str] = {}
        quiet = 0
        try:
            yield "retry: 2000\n\n"
            while not self._stopping.is_set():
                message = await run_in_threadpool(self._changes, show, sent)
                quiet = 0 if message else quiet + 1
                if message:
                    yield message
                elif quiet % _BEAT_SECONDS == 0:
                    yield "event: beat\ndata: {}\n\n"
                for _ in range(_LOOKS_A_SECOND):
                    if self._stopping.is_set():
                        break
                    await asyncio.sleep(1 / _LOOKS_A_SECOND)
        finally:
            self._listeners -= 1

    def _changes(self, show: str | None, sent: dict[str, str]) -> str:
        try:
            _, sections = self._glance.look(show)
        except DBAPIError as error:
            log.warning("board not read", fault=str(error.orig))
            return _event("trouble", {"words": "The database does not answer; this page waits for it."})
        changed = {name: html for name, html in sections.items() if sent.get(name) != html}
        sent.update(changed)
        return _event("sections", changed) if changed else ""

    def _no_database(self, _request: Request, error: Exception) -> Response:
        log.warning("board not read", fault=str(getattr(error, "orig", error)))
        words = self._glance.trouble(
            "The database does not answer.",
            "See that it runs and that its disk is not full, then load this page again.",
        )
        return HTMLResponse(words, 503, headers={"Cache-Control": "no-store"})


def _event(name: str, data: dict[str, str]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


def _probe(well: bool) -> Response:
    words = "ok\n" if well else "not ok\n"
    return PlainTextResponse(words, 200 if well else 503, headers={"Cache-Control": "no-store"})


def _file(path: Path | None, *, download: bool = False) -> Response:
    """A file that a row names; what is made once is kept by the browser, and asked for again after an hour."""
    if path is None:
        raise HTTPException(404, "This picture is not there any more.")
    headers = {"Cache-Control": "private, max-age=3600"}
    if path.suffix.lower() == ".html":
        headers["Content-Security-Policy"] = _ALONE
    return FileResponse(
        path,
        media_type=TYPES[path.suffix.lower()],
        filename=path.name,
        content_disposition_type="attachment" if download else "inline",
        headers=headers,
    )
