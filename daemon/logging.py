"""Logging, set up once: structlog, and the standard library's loggers routed through it."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, Literal, TextIO

import structlog
from pydantic import SecretStr

from ..schema.model import Value

HIDDEN = "***"
_SIGNED = re.compile(r"(?i)([?&;](?:[\w-]*(?:sig|signature|token|credential|jwt|api_?key|session_id))=)[^\s&;\"'<>\\]+")
"""What an address carries that is as good as a key for a while; libraries log whole addresses."""
_JWT = re.compile(r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]+")


class LogForm(Value):
    """How the log looks, and what never appears in it."""

    form: Literal["console", "json"] = "console"
    level: Literal["debug", "info", "warning", "error"] = "info"
    secrets: tuple[str, ...] = ()

    def configure(self, stream: TextIO | None = None) -> None:
        """Send all logging of this process to *stream* (standard error) in this form."""
        target = stream or sys.stderr
        shared: list[structlog.typing.Processor] = [
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
        ]
        structlog.configure(
            processors=[
                structlog.stdlib.filter_by_level,
                *shared,
                structlog.stdlib.PositionalArgumentsFormatter(),
                structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
            ],
            wrapper_class=structlog.stdlib.BoundLogger,
            logger_factory=structlog.stdlib.LoggerFactory(),
            cache_logger_on_first_use=False,
        )
        handler = logging.StreamHandler(target)
        handler.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=shared,
                processors=[
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    Scrub(self.secrets),
                    self._renderer(target),
                ],
            )
        )
        root = logging.getLogger()
        root.handlers = [handler]
        root.setLevel(self.level.upper())
        for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "apscheduler", "alembic", "sqlalchemy"):
            logger = logging.getLogger(name)
            logger.handlers, logger.propagate = [], True
        # Libraries whose every step is news only to their own authors.
        for name in ("apscheduler", "alembic", "watchdog", "uvicorn.access", "PIL"):
            logging.getLogger(name).setLevel("DEBUG" if self.level == "debug" else "WARNING")
        logging.captureWarnings(True)

    def _renderer(self, target: TextIO) -> structlog.typing.Processor:
        if self.form == "json":
            return structlog.processors.JSONRenderer(default=str)
        return structlog.dev.ConsoleRenderer(colors=target.isatty())


class Scrub:
    """Replaces every SecretStr, every known secret inside any text, signatures of addresses and tokens by `***`."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        """Hide *secrets*; the empty string is no secret. The longest goes first, as it may hold another."""
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)

    def __call__(self, _logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Scrub the values of one log line."""
        return {key: self._clean(value) for key, value in event.items()}

    def _clean(self, value: Any) -> Any:
        if isinstance(value, SecretStr):
            return HIDDEN
        if isinstance(value, str):
            for secret in self._secrets:
                value = value.replace(secret, HIDDEN)
            return _JWT.sub(HIDDEN, _SIGNED.sub(rf"\g<1>{HIDDEN}", value))
        if isinstance(value, Mapping):
            return {self._clean(key): self._clean(held) for key, held in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._clean(held) for held in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self._clean(str(value))


@contextmanager
def bound(**values: object) -> Iterator[None]:
    """Bind what the lines logged inside are about (show, task, job, clip); None is left out."""
    with structlog.contextvars.bound_contextvars(**{key: value for key, value in values.items() if value is not None}):
        yield
