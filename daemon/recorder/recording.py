"""The file: one JSON object a line, the first says what it is, each other one holds a question and its answer."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from pydantic import ValidationError

from ...schema.errors import ConfigError
from ...schema.model import Value

FORMAT = "wetgate-recording-1"


class Head(Value):
    """The first line."""

    format: str = FORMAT
    kind: str
    """The connector's name."""
    wetgate: str
    client: str
    """Name and version of the vendor's client."""


class Body(Value):
    """What was sent or answered: `json`, form fields, text, or only size and digest of what is left out."""

    json_value: Any = None
    fields: dict[str, str] | None = None
    text: str | None = None
    omitted_bytes: int = 0
    sha256: str = ""
    content_type: str = ""


class Exchange(Value):
    """One question and its answer. `at` counts seconds from the start, `took` until the whole answer was there."""

    at: float
    took: float
    verb: str
    path: str
    query: dict[str, str] = {}
    asked: Body = Body()
    status: int
    headers: dict[str, str] = {}
    answered: Body = Body()


class Recording:
    """Writes exchanges as they happen: a kill leaves every whole line."""

    def __init__(self, path: Path, head: Head) -> None:
        """Begin a new file. Raises ConfigError where *path* exists: nothing is written over."""
        try:
            self._file: IO[str] = path.open("x", encoding="utf-8")
        except FileExistsError as error:
            raise ConfigError(f"{path} exists already: choose another name for the recording.") from error
        except OSError as error:
            raise ConfigError(f"{path} cannot be written: {error.strerror}.") from error
        self._lock = threading.Lock()
        self.count = 0
        self._put(head)

    def add(self, exchange: Exchange) -> None:
        """Keep one exchange; from any thread."""
        with self._lock:
            self._put(exchange)
            self.count += 1

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()

    def _put(self, line: Value) -> None:
        self._file.write(line.model_dump_json(exclude_defaults=False) + "\n")
        self._file.flush()


def read_recording(path: Path) -> tuple[Head, list[Exchange]]:
    """A whole file; a last line that a kill cut off is left out. Raises ConfigError for anything else."""
    lines = path.read_text(encoding="utf-8").splitlines()
    try:
        head = Head.model_validate_json(lines[0])
    except (IndexError, ValidationError) as error:
        raise ConfigError(f"{path} is no recording of Wetgate's.") from error
    if head.format != FORMAT:
        raise ConfigError(f"{path} is of the format {head.format!r}; this Wetgate reads {FORMAT!r}.")
    exchanges = []
    for number, line in enumerate(lines[1:], 2):
        try:
            exchanges.append(Exchange.model_validate_json(line))
        except ValidationError as error:
            if number == len(lines):
                break
            raise ConfigError(f"{path}, line {number}, is no exchange: {error.errors()[0]['msg']}.") from error
    return head, exchanges


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers by small letters."""
    return {name.lower(): value for name, value in headers.items()}
