"""The durable inbox of a tracker: events and the cursor, written together."""

from __future__ import annotations

import time

import sqlalchemy as sa
from sqlmodel import col, select

from ...schema.tables import CursorRow, EventRow
from ...schema.tracker import EventPage
from .database import Database


class Inbox:
    """What a tracker told us, each event once."""

    def __init__(self, database: Database, tracker: str) -> None:
        """The inbox of the tracker that the settings call *tracker*."""
        self._database = database
        self.tracker = tracker

    def cursor(self) -> str | None:
        """Where to go on reading; None before the first time."""
        with self._database.read() as session:
            row = session.get(CursorRow, self.tracker)
            return row.cursor if row else None

    def receive(self, page: EventPage) -> int:
        """Store the page's new events and its cursor in one step; how many were new."""
        ids = [event.id for event in page.events]
        now = time.time()
        with self._database.write() as session:
            known = set(
                session.exec(
                    select(EventRow.event_id).where(EventRow.tracker == self.tracker, col(EventRow.event_id).in_(ids))
                )
            )
            new = [event for event in {e.id: e for e in page.events}.values() if event.id not in known]
            session.add_all(
                EventRow(
                    tracker=self.tracker,
                    event_id=event.id,
                    kind=event.kind,
                    entity_type=event.entity.type if event.entity else None,
                    entity_id=event.entity.id if event.entity else None,
                    by_us=event.by_us,
                    received_at=now,
                    handled_at=now if event.by_us else None,
                )
                for event in new
            )
            session.merge(CursorRow(tracker=self.tracker, cursor=page.cursor, read_at=now))
        return len(new)

    def unhandled(self) -> list[EventRow]:
        """The events that nobody acted on yet, oldest first."""
        with self._database.read() as session:
            return list(
                session.exec(
                    select(EventRow)
                    .where(EventRow.tracker == self.tracker, col(EventRow.handled_at).is_(None))
                    .order_by(col(EventRow.id))
                )
            )

    def handled(self, up_to: int) -> None:
        """Mark every event up to row id *up_to* as acted on."""
        with self._database.write() as session:
            session.execute(
                sa.update(EventRow)
                .where(
                    col(EventRow.tracker) == self.tracker,
                    col(EventRow.id) <= up_to,
                    col(EventRow.handled_at).is_(None),
                )
                .values(handled_at=time.time())
            )
