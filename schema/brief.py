"""A brief: the `key: value` lines that people wrote for a task."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .model import Value

_LINE = re.compile(r"^\s*[-*•]?\s*([A-Za-z][A-Za-z _-]{0,40}?)\s*[:=]\s*(\S.*?)\s*$")


class Line(Value):
    """One understood line; `text` is how it was written, for answers that quote it."""

    key: str
    value: str
    text: str


class Brief(Value):
    """What a task asks for. A later line of the same key wins, so a reply can correct a description."""

    lines: tuple[Line, ...] = ()

    def get(self, key: str) -> str | None:
        """The last value of *key*, or None."""
        return self.values.get(key)

    @property
    def values(self) -> dict[str, str]:
        """Key to value, the last line of a key winning."""
        return {line.key: line.value for line in self.lines}


def parse_brief(texts: Iterable[str]) -> Brief:
    """Read the lines of every text, oldest first; other prose is left alone.

    Keys are tolerant of case, blanks and dashes: `Plate`, `plate` and `PLATE` are one key,
    `Frame range` is `frame_range`. A URL is no line (`https://...`).
    """
    lines = []
    for text in texts:
        for raw in text.splitlines():
            match = _LINE.match(raw)
            if match and not match[2].startswith("//"):
                key = re.sub(r"[ -]+", "_", match[1].strip()).lower()
                lines.append(Line(key=key, value=match[2], text=raw.strip()))
    return Brief(lines=tuple(lines))
