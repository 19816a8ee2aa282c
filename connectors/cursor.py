"""Where the event log was read to, and which ids below that have not shown up yet.

A site gives out an event's id before it commits the event, so an id can appear after a higher one.
Each missing id is asked for until it shows up or *overlap_seconds* have passed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from ..schema.errors import ConnectorError

MAX_HOLES = 1000


class Cursor:
    """The last id read and the missing ids below it, each with the time until which it is asked for.

    Up to *settled* the log is so old that no id will appear any more: there it need not be read whole.
    """

    def __init__(self, last: int, holes: dict[int, float] | None = None, settled: int = 0) -> None:
        """Start after *last*."""
        self.last = last
        self.holes = dict(holes or {})
        self.settled = settled if settled > last else 0

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read what `text` wrote; raises ConnectorError for anything else."""
        try:
            raw = json.loads(text)
            holes = {int(number): float(until) for number, until in raw["holes"].items()}
            return cls(int(raw["last"]), holes, int(raw.get("settled", 0)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConnectorError(f"The tracker's cursor cannot be read: {text[:80]!r}") from error

    def text(self) -> str:
        """The cursor as text."""
        raw: dict[str, object] = {"last": self.last, "holes": {str(one): until for one, until in self.holes.items()}}
        return json.dumps(raw | ({"settled": self.settled} if self.settled else {}))

    def after(self, ids: Iterable[int], now: float, overlap_seconds: float) -> Cursor:
        """The cursor once *ids* were read, of a log that was read whole."""
        seen = set(ids)
        last = max(seen, default=self.last)
        holes = self._open(seen, now)
        if last > self.last:
            missing = [one for one in range(max(self.last + 1, last - MAX_HOLES), last) if one not in seen]
            holes.update(dict.fromkeys(missing, now + overlap_seconds))
        newest = dict(sorted(holes.items())[-MAX_HOLES:])
        return Cursor(max(last, self.last), newest)

    def through(self, ids: Iterable[int], now: float, *, more: bool) -> Cursor:
        """The cursor once *ids* were picked out of the settled part; to its end unless there are *more*."""
        seen = set(ids)
        last = max(self.last, *seen) if more else self.settled
        return Cursor(last, self._open(seen, now), self.settled)

    def _open(self, seen: set[int], now: float) -> dict[int, float]:
        return {one: until for one, until in self.holes.items() if one not in seen and until > now}
