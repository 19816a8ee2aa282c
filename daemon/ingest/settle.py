"""When a file counts as whole: its size and time have rested long enough."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class _Rest:
    size: int
    mtime_ns: int
    since: float


class Settling:
    """Remembers since when each path has not changed, by our own clock: a storage's clock may be wrong."""

    def __init__(self, seconds: float) -> None:
        """A path settles after *seconds* without a change of size or time."""
        self._seconds = seconds
        self._rests: dict[str, _Rest] = {}

    def settled(self, path: str, size: int, mtime_ns: int, now: float) -> bool:
        """Tell what *path* looks like at *now* (monotonic seconds); True once it has rested long enough."""
        rest = self._rests.get(path)
        if rest is None or (rest.size, rest.mtime_ns) != (size, mtime_ns) or now < rest.since:
            rest = self._rests[path] = _Rest(size, mtime_ns, now)
        return now - rest.since >= self._seconds

    def forget(self, path: str) -> None:
        """The path settled, or is gone."""
        self._rests.pop(path, None)
