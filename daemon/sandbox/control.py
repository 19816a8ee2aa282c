"""The control endpoint of a practice site: faults on order, for whoever is on this machine."""

from __future__ import annotations

from typing import Any, Protocol

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, ConfigDict

from .faults import Fault, FaultPlan

_LOOPBACK = {"127.0.0.1", "::1"}


class EventOrder(BaseModel):
    """What the next event entry does: show up after *hold_back* later ones, or leave out *skip_ids* before it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hold_back: int = 0
    skip_ids: int = 0


class Entries(Protocol):
    """A site's log of events, which takes such orders."""

    hold_back: int
    skip_ids: int


def add_control(app: FastAPI, plan: FaultPlan, entries: Entries) -> FastAPI:
    """Put the endpoint under `/_control`; gives it back, so that a kind of site can take orders of its own there."""
    control = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @control.middleware("http")
    async def only_here(request: Request, call_next: Any) -> Response:
        if request.client is None or request.client.host not in _LOOPBACK:
            return PlainTextResponse("loopback only", status_code=403)
        answer: Response = await call_next(request)
        return answer

    @control.post("/faults")
    async def faults(rules: list[Fault]) -> Response:
        plan.set(*rules)
        return JSONResponse({"rules": len(rules)})

    @control.post("/events")
    async def events(order: EventOrder) -> Response:
        entries.hold_back, entries.skip_ids = order.hold_back, order.skip_ids
        return JSONResponse(order.model_dump())

    @control.get("/calls")
    async def calls() -> Response:
        return JSONResponse([call.model_dump() for call in plan.calls])

    app.mount("/_control", control)
    return control
