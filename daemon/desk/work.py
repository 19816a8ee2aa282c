"""Runs a processor inside a worker process."""

from __future__ import annotations

from typing import Any

from ...processors.runner import run_processor
from ...schema.ports import Progress
from ...schema.request import Request
from .. import plugins


def process(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """The worker's entry point: `{"processor": name, "request": Request}` in, an `Outcome` out."""
    request = Request.model_validate(payload["request"])
    outcome = run_processor(plugins.processor(payload["processor"]), request, progress)
    return outcome.model_dump(mode="json")
