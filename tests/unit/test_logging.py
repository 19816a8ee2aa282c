"""The log: its forms, what is bound to its lines, and what never appears in it."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from pydantic import SecretStr
from wetgate.daemon.logging import LogForm, bound


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Logging as it was, for the other tests."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level
    logging.captureWarnings(False)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """The lines of a JSON log."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_bound_values_are_on_every_line_inside() -> None:
    """Show and job stand on structlog's lines and on the standard library's; what is None is left out."""
    stream = io.StringIO()
    LogForm(form="json").configure(stream)
    with bound(show="PINE", job=7, task=None):
        structlog.get_logger("wetgate").info("job started", clip="A001")
        logging.getLogger("uvicorn.error").warning("port %d is taken", 8780)
    structlog.get_logger("wetgate").info("after")
    ours, theirs, after = lines(stream)
    assert (ours["event"], ours["show"], ours["job"], ours["clip"]) == ("job started", "PINE", 7, "A001")
    assert (theirs["event"], theirs["logger"], theirs["job"]) == ("port 8780 is taken", "uvicorn.error", 7)
    assert "task" not in ours
    assert "job" not in after


@pytest.mark.parametrize("form", ["console", "json"])
def test_secrets_never_appear(form: Any) -> None:
    """A known secret is hidden wherever it stands: in words, values, structures, URLs and tracebacks."""
    stream = io.StringIO()
    LogForm(form=form, secrets=("hunter2", "", "hunter2-long")).configure(stream)
    log = structlog.get_logger("wetgate")
    log.info(
        "signing in with hunter2", key=SecretStr("other"), nested={"list": ["hunter2-long"]}, url="x://u:hunter2@h"
    )
    logging.getLogger("httpx").warning("GET /?key=%s", "hunter2")
    logging.getLogger("urllib3").warning("PUT /part/1?until=9&sig=%s&X-Amz-Signature=%s HTTP/1.1", "s1gned", "s2gned")
    log.info("logged in", told={"header": "Bearer eyJhbGciOiJI.eyJzdWIiOiIx.s3gned"})
    try:
        int("hunter2 is wrong")
    except ValueError:
        log.exception("refused")
    text = stream.getvalue()
    assert "hunter2" not in text
    assert "other" not in text
    assert "-long" not in text
    assert "gned" not in text
    assert "until=9" in text
    assert "ValueError" in text
    assert text.count("***") >= 6


def test_level_and_warnings() -> None:
    """Lines below the level are dropped, Python's warnings are logged, libraries' small talk is not."""
    stream = io.StringIO()
    LogForm(form="json", level="info").configure(stream)
    structlog.get_logger("wetgate").debug("detail")
    logging.getLogger("apscheduler.scheduler").info("Added job")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old call", DeprecationWarning, stacklevel=1)
    assert [line["level"] for line in lines(stream)] == ["warning"]
    assert "old call" in lines(stream)[0]["event"]
