"""Pulls that were asked for: whether they have landed, and what they replace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...schema.media import SourceClass
from ...schema.pull import Pull, Stretch
from ...schema.rate import snap_rate
from ...schema.tables import ClipRow
from ..store.index import Index
from ..store.pulls import Pulls
from ..store.rows import id_of

ALIKE = 0.4
"""Cosine at which a proxy and its original are taken for one picture: small, regraded proxies under bars and
burn-ins come to .5-.8, strangers to -.2-.3."""

Alike = Callable[[ClipRow, ClipRow, int], float]
"""How alike a proxy and a clip look, whose frame 0 shows the proxy's frame n: 0 strangers, 1 the same."""


@dataclass(frozen=True)
class Pulled:
    """A clip in a proxy's place: its frame 0 shows the proxy's frame `start` (may lie before the proxy's first)."""

    clip: ClipRow
    start: int


@dataclass(frozen=True)
class Landed:
    """What came of a task's pulls: `pulled` by the proxy's content hash; `fresh` (pull id to clip id) since it waits.

    `missing` is what it still waits for.
    """

    pulled: Mapping[str, Pulled]
    fresh: Mapping[int, int]
    missing: tuple[Pull, ...]


class Landing:
    """Finds, by reel, timecode and picture, the clips that bring what only a proxy showed."""

    def __init__(self, show: str, *, index: Index, pulls: Pulls, alike: Alike) -> None:
        """Pulls of *show*; *alike* compares the pictures of a proxy and a candidate."""
        self._show, self._index, self._pulls, self._alike = show, index, pulls, alike

    def of_task(self, task_id: int) -> Landed:
        """Where the task's pulls stand now."""
        pulled: dict[str, Pulled] = {}
        fresh: dict[int, int] = {}
        missing = []
        for row in self._pulls.of_task(task_id):
            pull = Pull.model_validate(row.pull)
            proxy = self._index.clip_by_hash(self._show, pull.clip)
            found = self._original(proxy, pull.first + pull.head, pull.last - pull.tail) if proxy else None
            if found is None:
                missing.append(pull)
                continue
            pulled[pull.clip] = found
            if row.clip_id is None:
                fresh[id_of(row)] = id_of(found.clip)
        return Landed(pulled, fresh, tuple(missing))

    def whole(self, proxy: ClipRow) -> Pulled | None:
        """A pull or camera original that holds all of *proxy*, if the index has one."""
        return self._original(proxy, 0, proxy.frames - 1)

    def _original(self, proxy: ClipRow, first: int, last: int) -> Pulled | None:
        """The best clip that holds the proxy's frames `first`..`last`: a pull before camera, the newest first."""
        wanted = stretches(proxy, first, last)
        found = []
        for clip in self._index.clips(self._show):
            held = stretches(clip, 0, clip.frames - 1)
            if clip.source_class == SourceClass.PROXY or not any(a.covers(b) for a in held for b in wanted):
                continue
            start = first + held[0].first - wanted[0].first
            if self._index.path_of(clip) is not None and self._alike(proxy, clip, start) >= ALIKE:
                found.append(Pulled(clip, start))
        return max(found, key=_rank, default=None)


def _rank(found: Pulled) -> tuple[bool, float]:
    return found.clip.source_class == SourceClass.PULL, found.clip.indexed_at


def stretches(clip: ClipRow, first: int, last: int) -> list[Stretch]:
    """Frames `first`..`last` of a clip by its reel, and by its name, which often holds the reel."""
    rate = snap_rate(clip.rate) if clip.rate else None
    told = (Stretch.of(name, clip.timecode, rate, first, last) for name in (clip.reel, clip.name))
    return [one for one in told if one is not None]


def one_recording(clip: ClipRow, other: ClipRow) -> bool:
    """Whether two clips show the same moments of one reel: then neither is another take of the other."""
    if not clip.reel or not other.reel:
        return False
    mine, theirs = stretches(clip, 0, clip.frames - 1), stretches(other, 0, other.frames - 1)
    return bool(mine and theirs) and mine[0].meets(theirs[0])
