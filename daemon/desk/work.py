"""Runs a processor inside a worker process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...processors.conform import conform
from ...processors.runner import run_processor
from ...schema.ports import Progress
from ...schema.request import Request
from .. import plugins


def process(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """The worker's entry point: `{"processor": name, "request": Request}` in, an `Outcome` out.

    With a `proxy` the brief was written for that, and the request's plate came in its place.
    """
    request = Request.model_validate(payload["request"])
    if payload.get("proxy"):
        request = conform(request, Path(payload["proxy"]), int(payload["proxy_start"]))
    outcome = run_processor(plugins.processor(payload["processor"]), request, progress)
    return outcome.model_dump(mode="json")
