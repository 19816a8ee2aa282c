"""Where the event log was read to, and which ids below that have not shown up yet.

A site gives out an event's id before it commits the event, so an id can appear after a higher one.
Each missing id is asked for until it shows up or *overlap_seconds* have passed.

A site that was restored or moved may number its log anew, below what was read: then nothing above the cursor
would ever come. The numbers of each such beginning have an epoch of their own, since they were used before.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable

from ..schema.errors import ConnectorError

MAX_HOLES = 1000
REREAD = 1000
"""Of a log that began anew so many of the last entries are read: what came before is the sweep's to repair."""
LOOK_SECONDS = 60.0
"""How often a log that tells nothing is asked whether it began anew."""


class Cursor:
    """The last id read and the missing ids below it, each with the time until which it is asked for.

    Up to *settled* the log is so old that no id will appear any more: there it need not be read whole.
    """

    def __init__(self, last: int, holes: dict[int, float] | None = None, settled: int = 0, epoch: int = 0) -> None:
        """Start after *last*, in a log that began anew *epoch* times."""
        self.last = last
        self.epoch = epoch
        self.holes = dict(holes or {})
        self.settled = settled if settled > last else 0

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read what `text` wrote; raises ConnectorError for anything else."""
        try:
            raw = json.loads(text)
            holes = {int(number): float(until) for number, until in raw["holes"].items()}
            return cls(int(raw["last"]), holes, int(raw.get("settled", 0)), int(raw.get("epoch", 0)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConnectorError(f"The tracker's cursor cannot be read: {text[:80]!r}") from error

    def text(self) -> str:
        """The cursor as text."""
        raw: dict[str, object] = {"last": self.last, "holes": {str(one): until for one, until in self.holes.items()}}
        more = {"settled": self.settled, "epoch": self.epoch}
        return json.dumps(raw | {name: value for name, value in more.items() if value})

    def name(self, number: int) -> str:
        """An entry's id that no entry of another epoch has."""
        return f"{self.epoch}/{number}" if self.epoch else str(number)

    def after(self, ids: Iterable[int], now: float, overlap_seconds: float) -> Cursor:
        """The cursor once *ids* were read, of a log that was read whole."""
        seen = set(ids)
        last = max(seen, default=self.last)
        holes = self._open(seen, now)
        if last > self.last:
            missing = [one for one in range(max(self.last + 1, last - MAX_HOLES), last) if one not in seen]
            holes.update(dict.fromkeys(missing, now + overlap_seconds))
        newest = dict(sorted(holes.items())[-MAX_HOLES:])
        return Cursor(max(last, self.last), newest, epoch=self.epoch)

    def through(self, ids: Iterable[int], now: float, *, more: bool) -> Cursor:
        """The cursor once *ids* were picked out of the settled part; to its end unless there are *more*."""
        seen = set(ids)
        last = max(self.last, *seen) if more else self.settled
        return Cursor(last, self._open(seen, now), self.settled, self.epoch)

    def anew(self, newest: int) -> Cursor | None:
        """The cursor for a log whose *newest* entry is one that was read long ago; None where it goes on."""
        return Cursor(max(0, newest - REREAD), epoch=self.epoch + 1) if 0 < newest < self.last else None

    def _open(self, seen: set[int], now: float) -> dict[int, float]:
        return {one: until for one, until in self.holes.items() if one not in seen and until > now}


class Restarts:
    """Looks now and then whether a log that tells nothing began anew."""

    def __init__(self, newest: Callable[[], int]) -> None:
        """*newest* asks for the id of the log's last entry; 0 for none."""
        self._newest = newest
        self._next = 0.0

    def look(self, cursor: Cursor) -> Cursor | None:
        """The cursor to read on from where the log began anew."""
        if time.monotonic() < self._next:
            return None
        self._next = time.monotonic() + LOOK_SECONDS
        return cursor.anew(self._newest())
