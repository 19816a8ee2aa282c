"""The HTTP routes of the sandbox."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse
from starlette.concurrency import run_in_threadpool

from ..control import add_control
from ..faults import FaultMiddleware, FaultPlan
from . import rpc, uploads
from .media import TRANSIENT, TRANSIENT_PATH
from .refusal import CRUD, Refusal
from .seed import deny
from .site import Site

MAX_FILES = 10
MAX_PART = 4 << 30


def make_app(site: Site, plan: FaultPlan | None) -> Any:
    """The server's application; with a *plan* it has the control endpoint and meets faults."""
    app = FastAPI(title="Wetgate sandbox", docs_url=None, redoc_url=None, openapi_url=None)
    _add_api(app, site)
    _add_uploads(app, site)
    _add_downloads(app, site)
    if plan is None:
        return app
    _add_orders(add_control(app, plan, site.events), site)
    return FaultMiddleware(app, plan, _method)


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}"


def _peer(request: Request) -> str:
    return request.client.host if request.client else ""


def _add_api(app: FastAPI, site: Site) -> None:
    @app.post("/api3/json")
    async def api(request: Request) -> Response:
        try:
            body = json.loads(await request.body())
        except ValueError:
            body = None
        if not isinstance(body, dict):
            refusal = {"exception": True, "message": "The body is no JSON object.", "error_code": CRUD}
            return JSONResponse(refusal)
        answer = await run_in_threadpool(rpc.call, site, body, _base(request), _peer(request))
        return JSONResponse(answer)

    @app.get("/")
    async def root() -> Response:
        return PlainTextResponse("Wetgate sandbox: a practice tracker. Point shotgun_api3 here.\n")


def _add_uploads(app: FastAPI, site: Site) -> None:
    @app.post("/upload/{action}")
    async def upload(action: str, request: Request) -> Response:
        if action not in uploads.ACTIONS:
            return PlainTextResponse("0:unknown action\n", status_code=404)
        async with request.form(max_files=MAX_FILES, max_part_size=MAX_PART) as form:
            text = await run_in_threadpool(uploads.answer, site, action, form, _base(request))
        return PlainTextResponse(text)

    @app.put("/storage/{upload}")
    @app.put("/storage/{upload}/{part}")
    async def store(
        upload: str, request: Request, part: int | None = None, until: str = "0", sig: str = ""
    ) -> Response:
        body = await request.body()
        try:
            etag = await run_in_threadpool(uploads.put, site, request.url.path, until, sig, upload, part, body)
        except (Refusal, ValueError) as refusal:
            return PlainTextResponse(str(refusal), status_code=403)
        return Response(headers={"ETag": etag})


def _add_downloads(app: FastAPI, site: Site) -> None:
    @app.get(TRANSIENT_PATH)
    async def transient() -> Response:
        return Response(TRANSIENT, media_type="image/png")

    @app.get("/file_serve/attachment/{number}")
    @app.get("/file_serve/attachment/{number}/{name}")
    @app.get("/thumbnail/{size}/{number}/{name}")
    async def download(request: Request, number: int) -> Response:
        return await run_in_threadpool(_serve, site, request, number)


def _serve(site: Site, request: Request, number: int) -> Response:
    with site.storage.lock:
        known = site.auth.session(request.cookies.get("_session_id")) or site.auth.trusted(_peer(request))
        path = request.scope["raw_path"].decode("ascii").partition("?")[0]
        if not known and not site.media.signed(path, request.query_params.get("sig", "")):
            return PlainTextResponse("Log in first.", status_code=403)
        try:
            file, name, content_type = site.served(number)
        except Refusal as refusal:
            return PlainTextResponse(str(refusal), status_code=400)
    return FileResponse(file, media_type=content_type, filename=name)


def _add_orders(control: FastAPI, site: Site) -> None:
    @control.post("/permissions/{script}")
    async def permissions(script: str, rules: list[str]) -> Response:
        with site.storage.lock, site.storage.transaction():
            deny(site, script, rules)
        return JSONResponse({"denied": rules})


def _method(path: str, body: bytes) -> str:
    if path != "/api3/json":
        return path.rsplit("/", 1)[-1]
    try:
        return str(json.loads(body).get("method_name"))
    except (ValueError, AttributeError):
        return ""
