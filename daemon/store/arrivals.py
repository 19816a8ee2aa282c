"""Arrivals: every path on a show's storage and where it stands."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, select

from ...schema.arrival import ArrivalState
from ...schema.tables import ArrivalRow
from .database import Database

WAITING = "Waiting until it has stopped changing."
SETTLED = "Waiting to be looked at."
_ARRIVAL = SQLModel.metadata.tables["arrival"]
_BATCH = 500


@dataclass(frozen=True)
class Sighting:
    """A file (or a whole sequence) as a look at the storage found it: sizes added up, the latest time."""

    root: Path
    path: Path
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one path stands, without the rest of its row."""

    id: int
    path: str
    root: str
    size: int
    mtime_ns: int
    state: str
    clip_id: int | None

    @property
    def offline(self) -> bool:
        """Whether its storage is away."""
        return self.state == ArrivalState.OFFLINE.value


class Arrivals:
    """The rows of a show's arrivals. Methods that take a session belong to their caller's transaction."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        """Arrivals in *database*; *clock* gives seconds since the epoch."""
        self._database = database
        self._clock = clock
        self._insert = sqlite.insert if database.is_sqlite else postgresql.insert

    def of(self, show: str, *states: ArrivalState) -> list[ArrivalRow]:
        """The show's arrivals by path, in these states or in any."""
        statement = select(ArrivalRow).where(col(ArrivalRow.show) == show).order_by(col(ArrivalRow.path))
        if states:
            statement = statement.where(col(ArrivalRow.state).in_([state.value for state in states]))
        with self._database.read() as session:
            return list(session.exec(statement))

    def at(self, show: str, path: Path) -> ArrivalRow | None:
        """The arrival of one path."""
        statement = select(ArrivalRow).where(col(ArrivalRow.show) == show, col(ArrivalRow.path) == str(path))
        with self._database.read() as session:
            return session.exec(statement).first()

    def count(self, show: str) -> int:
        """How many arrivals the show has."""
        with self._database.read() as session:
            statement = sa.select(sa.func.count()).where(_ARRIVAL.c.show == show)
            return int(session.execute(statement).scalar_one())

    def standing(self, show: str, *states: ArrivalState) -> list[Standing]:
        """The show's arrivals in these states or in any, oldest first, without what a look needs not."""
        statement = sa.select(*(_ARRIVAL.c[name] for name in Standing.__dataclass_fields__))
        statement = statement.where(_ARRIVAL.c.show == show).order_by(_ARRIVAL.c.id)
        if states:
            statement = statement.where(_ARRIVAL.c.state.in_([state.value for state in states]))
        with self._database.read() as session:
            return [Standing(*row) for row in session.execute(statement)]

    def pending(self, show: str) -> int:
        """How many files of the show are not answered yet; offline ones are not waited for."""
        settled = [state.value for state in ArrivalState if state.answered] + [ArrivalState.OFFLINE.value]
        statement = sa.select(sa.func.count()).where(_ARRIVAL.c.show == show, _ARRIVAL.c.state.not_in(settled))
        with self._database.read() as session:
            return int(session.execute(statement).scalar_one())

    def coming(self, show: str, since: float) -> bool:
        """Whether any file that was first seen after *since* is on its way into the index."""
        on_their_way = [one.value for one in (ArrivalState.SEEN, ArrivalState.SETTLED, ArrivalState.VERIFIED)]
        statement = sa.select(_ARRIVAL.c.id).where(
            _ARRIVAL.c.show == show, _ARRIVAL.c.state.in_(on_their_way), _ARRIVAL.c.seen_at > since
        )
        with self._database.read() as session:
            return session.execute(statement.limit(1)).first() is not None

    def see(self, session: Session, show: str, sightings: Iterable[Sighting]) -> None:
        """New paths, and known ones whose size or time changed: they begin again as seen."""
        now = self._clock()
        rows = [
            {
                "show": show,
                "root": str(sighting.root),
                "path": str(sighting.path),
                "size": sighting.size,
                "mtime_ns": sighting.mtime_ns,
                "state": ArrivalState.SEEN.value,
                "reason": WAITING,
                "before_offline": None,
                "seen_at": now,
                "changed_at": now,
            }
            for sighting in sightings
        ]
        if not rows:
            return
        insert = self._insert(_ARRIVAL)
        renewed = ("root", "size", "mtime_ns", "state", "reason", "before_offline", "changed_at")
        # Another run may have seen, and even surveyed, the same file meanwhile: only a change counts.
        changed = sa.or_(
            _ARRIVAL.c.size != insert.excluded.size,
            _ARRIVAL.c.mtime_ns != insert.excluded.mtime_ns,
        )
        insert = insert.on_conflict_do_update(
            index_elements=["show", "path"],
            set_={name: insert.excluded[name] for name in renewed},
            where=changed,
        )
        session.execute(insert, rows)

    def move(self, session: Session, ids: Sequence[int], state: ArrivalState, reason: str) -> None:
        """Bring arrivals to a state."""
        now = self._clock()
        for start in range(0, len(ids), _BATCH):
            session.execute(
                sa.update(_ARRIVAL)
                .where(_ARRIVAL.c.id.in_(ids[start : start + _BATCH]))
                .values(state=state.value, reason=reason, changed_at=now)
            )

    def settle(self, session: Session, ids: Sequence[int]) -> set[int]:
        """Seen arrivals have rested; returns those that were still seen, which the caller queues."""
        settled: set[int] = set()
        for start in range(0, len(ids), _BATCH):
            statement = (
                sa.update(_ARRIVAL)
                .where(
                    _ARRIVAL.c.id.in_(ids[start : start + _BATCH]),
                    _ARRIVAL.c.state == ArrivalState.SEEN.value,
                )
                .values(state=ArrivalState.SETTLED.value, reason=SETTLED, changed_at=self._clock())
                .returning(_ARRIVAL.c.id)
            )
            settled.update(session.execute(statement).scalars())
        return settled

    def offline(self, session: Session, ids: Sequence[int], reason: str) -> None:
        """Their storage is away, or they are not there any more: kept, and remembered as they were."""
        now = self._clock()
        for start in range(0, len(ids), _BATCH):
            session.execute(
                sa.update(_ARRIVAL)
                .where(
                    _ARRIVAL.c.id.in_(ids[start : start + _BATCH]),
                    _ARRIVAL.c.state != ArrivalState.OFFLINE.value,
                )
                .values(
                    before_offline=_ARRIVAL.c.state,
                    state=ArrivalState.OFFLINE.value,
                    reason=reason,
                    changed_at=now,
                )
            )

    def back(self, session: Session, ids: Sequence[int]) -> None:
        """They are there again, unchanged: what was answered stays answered, the rest begins again as seen."""
        now = self._clock()
        answered = [state.value for state in ArrivalState if state.answered]
        for start in range(0, len(ids), _BATCH):
            mine = sa.and_(
                _ARRIVAL.c.id.in_(ids[start : start + _BATCH]),
                _ARRIVAL.c.state == ArrivalState.OFFLINE.value,
            )
            kept = sa.and_(mine, _ARRIVAL.c.before_offline.in_(answered))
            session.execute(
                sa.update(_ARRIVAL)
                .where(kept)
                .values(
                    state=_ARRIVAL.c.before_offline,
                    before_offline=None,
                    reason="Its storage was away and is back.",
                    changed_at=now,
                )
            )
            session.execute(
                sa.update(_ARRIVAL)
                .where(mine)
                .values(state=ArrivalState.SEEN.value, before_offline=None, reason=WAITING, changed_at=now)
            )

    def forget(self, session: Session, ids: Sequence[int]) -> None:
        """Delete arrivals that were only seen: nothing was known of them but a name."""
        for start in range(0, len(ids), _BATCH):
            mine = _ARRIVAL.c.id.in_(ids[start : start + _BATCH])
            session.execute(
                sa.delete(_ARRIVAL).where(
                    mine, _ARRIVAL.c.state == ArrivalState.SEEN.value, _ARRIVAL.c.clip_id.is_(None)
                )
            )

    def absorbed(self, session: Session, ids: Sequence[int], sequence: Path) -> None:
        """Single pictures turned out to be frames of a sequence, which stands for them from now on."""
        for start in range(0, len(ids), _BATCH):
            session.execute(
                sa.update(_ARRIVAL)
                .where(_ARRIVAL.c.id.in_(ids[start : start + _BATCH]))
                .values(
                    state=ArrivalState.DUPLICATE.value,
                    reason=f"A frame of the image sequence {sequence.name}.",
                    before_offline=None,
                    clip_id=None,
                    changed_at=self._clock(),
                )
            )
