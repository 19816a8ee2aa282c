"""The HTTP routes and the websocket of the practice site."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response, WebSocket
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from ..control import add_control
from ..faults import App, FaultMiddleware, FaultPlan, Receive, Scope, Send
from ..storage import Record
from . import operations
from .refusal import Refusal
from .site import Site

_PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class HubOrder(BaseModel):
    """What the hub does: close its websockets, cleanly or cut off, stay shut for a while, deliver late."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    close: bool = False
    clean: bool = True
    shut_seconds: float = 0.0
    delay_seconds: float = 0.0


def make_app(site: Site, plan: FaultPlan | None) -> Any:
    """The server's application; with a *plan* it has the control endpoint and meets faults."""
    app = FastAPI(title="Wetgate practice site", docs_url=None, redoc_url=None, openapi_url=None)
    _add_api(app, site)
    _add_components(app, site)
    _add_hub(app, site)
    if plan is None:
        return _Outer(app)
    _add_orders(add_control(app, plan, site.journal), site)
    return _Outer(FaultMiddleware(app, plan, method_of))


class _Outer:
    """Leaves the server's protocol object where the hub can find it."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            scope["protocol"] = getattr(send, "__self__", None)
        await self._app(scope, receive, send)


def method_of(path: str, body: bytes) -> str:
    """What a request does, for fault rules: the actions of its operations, as in `create:AssetVersion,update:Task`."""
    if path != "/api":
        return path.strip("/").rsplit("/", 1)[0].rsplit("/", 1)[-1] if path.count("/") > 1 else path.strip("/")
    try:
        asked = json.loads(body)
        return ",".join(":".join(filter(None, (one.get("action"), one.get("entity_type")))) for one in asked)
    except (ValueError, AttributeError, TypeError):
        return ""


def _refused(refusal: Refusal) -> Response:
    told = {"exception": refusal.exception, "content": str(refusal), "error_code": None}
    return JSONResponse(told, status_code=refusal.status)


def _user(site: Site, request: Request | WebSocket) -> Record:
    asked, heads = request.query_params, request.headers
    name = heads.get("ftrack-user") or asked.get("api_user") or asked.get("username") or ""
    key = heads.get("ftrack-api-key") or asked.get("api_key") or asked.get("apiKey") or ""
    with site.storage.lock:
        return site.auth.user(name, key)


def _add_api(app: FastAPI, site: Site) -> None:
    @app.post("/api")
    async def api(request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(_answer, site, request, body)

    @app.get("/widget")
    async def widget(request: Request) -> Response:
        asked = request.query_params
        if not site.auth.signed(asked.get("view", ""), asked.get("sig", "")):
            return PlainTextResponse("Log in first.", status_code=403)
        return HTMLResponse("<!doctype html><title>Practice site</title><p>Widgets are not part of it.</p>")

    @app.get("/")
    async def root() -> Response:
        return PlainTextResponse("Wetgate sandbox: a practice tracker. Point ftrack_api here.\n")


def _answer(site: Site, request: Request, body: bytes) -> Response:
    try:
        user = _user(site, request)
        asked = json.loads(body)
        return JSONResponse(operations.run(site, asked, user))
    except Refusal as refusal:
        return _refused(refusal)
    except ValueError as error:
        return _refused(Refusal(f"The body is no JSON: {error}", "ValueError", 400))


def _add_components(app: FastAPI, site: Site) -> None:
    @app.put("/component/upload/{component}")
    async def upload(component: str, request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(_store, site, request, body, component, None)

    @app.put("/component/part/{upload_id}/{part}")
    async def upload_part(upload_id: str, part: int, request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(_store, site, request, body, upload_id, part)

    @app.get("/component/get")
    @app.get("/component/get/{component}")
    async def get(request: Request, component: str = "") -> Response:
        return await run_in_threadpool(_serve, site, request, component or request.query_params.get("id", ""))

    @app.get("/component/thumbnail")
    @app.get("/component/thumbnail/{component}")
    async def thumbnail(request: Request, component: str = "") -> Response:
        return await run_in_threadpool(_picture, site, request, component or request.query_params.get("id", ""))

    @app.get("/component/remove")
    async def remove(request: Request) -> Response:
        try:
            _user(site, request)
            site.media.remove(request.query_params.get("id", ""))
        except Refusal as refusal:
            return _refused(refusal)
        return JSONResponse({"success": True})


def _store(site: Site, request: Request, body: bytes, key: str, part: int | None) -> Response:
    if not site.auth.signed(request.url.path, request.query_params.get("sig", "")):
        return _refused(Refusal("The request signature does not match.", "SignatureDoesNotMatch", 403))
    try:
        if part is not None:
            return Response(headers={"ETag": f'"{site.media.put_part(key, part, body)}"'})
        site.media.put(key, body, request.headers.get("content-md5"))
    except Refusal as refusal:
        return _refused(refusal)
    return Response()


def _file(site: Site, request: Request, component: str) -> tuple[Path, Record]:
    """A component's file and its record, for whoever is known or has a signed address."""
    if not site.auth.signed(request.url.path, request.query_params.get("sig", "")):
        _user(site, request)
    path = site.media.path(component)
    with site.storage.lock:
        return path, site.graph.one("Component", component) or {}


def _serve(site: Site, request: Request, component: str) -> Response:
    try:
        path, record = _file(site, request, component)
    except Refusal as refusal:
        return _refused(refusal)
    name = f"{record.get('name') or component}{record.get('file_type') or ''}"
    return FileResponse(path, filename=name.replace("/", "_"))


def _picture(site: Site, request: Request, component: str) -> Response:
    try:
        path, record = _file(site, request, component)
    except Refusal as refusal:
        if refusal.status == 401:
            return _refused(refusal)
        return Response(_PICTURE, media_type="image/png")
    if str(record.get("file_type")).lower() in {".png", ".jpg", ".jpeg", ".gif", ".webp"}:
        return FileResponse(path)
    return Response(_PICTURE, media_type="image/png")


def _add_hub(app: FastAPI, site: Site) -> None:
    @app.get("/socket.io/1/")
    async def handshake(request: Request) -> Response:
        try:
            user = await run_in_threadpool(_user, site, request)
            return PlainTextResponse(site.hub.open_session(user["id"]))
        except Refusal as refusal:
            return _refused(refusal)

    @app.websocket("/socket.io/1/websocket/{session}")
    async def connect(socket: WebSocket, session: str) -> None:
        await site.hub.serve(socket, session)


def _add_orders(control: FastAPI, site: Site) -> None:
    @control.post("/hub")
    async def hub(order: HubOrder) -> Response:
        site.hub.delay_seconds = order.delay_seconds
        if order.close:
            await run_in_threadpool(site.hub.close_all, clean=order.clean, seconds=order.shut_seconds)
        return JSONResponse(order.model_dump())
