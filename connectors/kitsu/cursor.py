"""Where the event log was read to.

A site numbers nothing and tells times cut to the second, and an event's row may be written a while after
its time. So the log counts as read up to *at* alone, which stays behind the site's clock by the
overlap; of what was told after that, the ids are kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from ...schema.errors import ConnectorError

SHORT = 13
"""Letters of an id that are kept: 48 bits."""


class Cursor:
    """Everything before the second *at* was read, and after it what *seen* holds."""

    def __init__(self, at: int, seen: Iterable[str] = (), span: int = 0) -> None:
        """*at* counts seconds since 1970; after a long absence *span* seconds are asked for at once, else 0."""
        self.at = at
        self.seen = frozenset(seen)
        self.span = span

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read what `text` wrote; raises ConnectorError for anything else."""
        try:
            raw = json.loads(text)
            return cls(int(raw["at"]), [str(one) for one in raw["seen"]], int(raw["span"]))
        except (ValueError, KeyError, TypeError) as error:
            raise ConnectorError(f"The tracker's cursor cannot be read: {text[:80]!r}") from error

    def text(self) -> str:
        """The cursor as text."""
        return json.dumps({"at": self.at, "seen": sorted(self.seen), "span": self.span})

    def new(self, number: str) -> bool:
        """Whether an event was not read yet."""
        return number[:SHORT] not in self.seen

    def settled(self, until: int, span: int) -> Cursor:
        """The cursor once all before *until* was read, where nothing can come late any more."""
        return Cursor(until, self.seen, span)

    def caught_up(self, told: Iterable[tuple[int, str]], settled: int) -> Cursor:
        """The cursor once all was read: *told* are the times and ids from `at` on; after *settled* more may come."""
        at = max(self.at, settled)
        return Cursor(at, (number[:SHORT] for when, number in told if when >= at))
