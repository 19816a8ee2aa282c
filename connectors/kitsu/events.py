"""The site's event log as our events, each about the task that it concerns."""

from __future__ import annotations

from collections.abc import Sequence

from ...schema.errors import EntityNotFound
from ...schema.tracker import EntityRef, EventPage, TrackerEvent
from .client import Client, Json
from .cursor import Cursor
from .many import listed, pages
from .times import stamp, written

LIMIT = 1000
"""Most that a site tells at once."""
FULL = 0.8
"""How full an answer should be: one that is too full is asked for again."""
_OF_INTEREST = ("task", "comment", "preview-file")
_EMPTY = frozenset({"preview-file:new", "preview-file:set-main"})
"""What is told again, and better, once a file is there."""


class EventReader:
    """Reads the log upwards. The site tells it from the newest down, so it is read in stretches of time.

    Comments, replies, drawings and files count for their tasks.
    """

    def __init__(self, client: Client, overlap_seconds: float) -> None:
        """Late rows are looked for as long as *overlap_seconds*."""
        self._client = client
        self._overlap = max(1.0, overlap_seconds)
        self._tasks: dict[str, tuple[str, str]] = {}

    def page(self, text: str | None) -> EventPage:
        """The events after a cursor; None gives the cursor of now."""
        settled = int(self._client.server_time() - self._overlap)
        if text is None:
            start = Cursor(settled)
            rows = self._all(start.at)
            return EventPage(events=(), cursor=start.caught_up(_told(rows), settled).text())
        cursor = Cursor.parse(text)
        if cursor.span and cursor.at < settled:
            return self._stretch(cursor, settled)
        rows = self._ask(cursor.at)
        if len(rows) >= LIMIT:
            if cursor.at < settled:
                return self._stretch(cursor, settled)
            rows = self._all(cursor.at)
        following = cursor.caught_up(_told(rows), settled)
        return EventPage(events=self._events(cursor, rows), cursor=following.text())

    def _stretch(self, cursor: Cursor, settled: int) -> EventPage:
        """The next stretch of a long absence, as long as one answer holds."""
        span = min(cursor.span or settled - cursor.at, settled - cursor.at)
        rows = self._ask(cursor.at, cursor.at + span)
        while len(rows) >= LIMIT and span > 1:
            # What came is the newest of the stretch: how dense it is tells how far an answer reaches.
            dense = int(stamp(rows[0]["created_at"]) - stamp(rows[-1]["created_at"])) + 1
            span = max(1, min(round(dense * FULL), span // 2))
            rows = self._ask(cursor.at, cursor.at + span)
        until = cursor.at + span
        if len(rows) >= LIMIT:
            rows = self._all(cursor.at, until)
        span = max(1, round(span * min(4.0, FULL * LIMIT / max(1, len(rows)))))
        return EventPage(events=self._events(cursor, rows), cursor=cursor.settled(until, span).text(), more=True)

    def _all(self, at: int, before: int | None = None) -> list[Json]:
        """Everything in a stretch, however many answers it takes, newest first."""
        rows = part = self._ask(at, before)
        while len(part) >= LIMIT:
            part = self._ask(at, before, part[-1]["id"])
            rows = rows + part
        return rows

    def _ask(self, at: int, before: int | None = None, older_than: str | None = None) -> list[Json]:
        # `after` leaves out its own instant; a second earlier is asked for, and cut off again.
        params: dict[str, object] = {"after": written(at - 1), "limit": LIMIT, "name_prefixes": list(_OF_INTEREST)}
        if before is not None:
            params["before"] = written(before)
        if older_than is not None:
            params["cursor_event_id"] = older_than
        rows = self._client.get("events", "data/events/last", **params)
        return [row for row in rows if stamp(row["created_at"]) >= at]

    def _events(self, cursor: Cursor, told: Sequence[Json]) -> tuple[TrackerEvent, ...]:
        rows = [row for row in reversed(told) if cursor.new(row["id"]) and _interests(row)]
        self._look_up([row["data"].get("preview_file_id") for row in rows if not row["data"].get("task_id")])
        events = []
        for row in rows:
            task, author = row["data"].get("task_id"), row["user_id"]
            if task is None:
                task, publisher = self._tasks.get(row["data"].get("preview_file_id"), ("", ""))
                # What the site's own workers do with a movie is done by nobody.
                author = author or publisher
            events.append(
                TrackerEvent(
                    id=row["id"],
                    kind=row["name"],
                    entity=EntityRef(type="Task", id=task) if task else None,
                    at=stamp(row["created_at"]),
                    by_us=author == self._client.me["id"],
                )
            )
        return tuple(events)

    def _look_up(self, previews: Sequence[str | None]) -> None:
        """The task and publisher of each preview file, remembered."""
        if len(self._tasks) > LIMIT * 10:
            self._tasks.clear()
        wanted = sorted({one for one in previews if one and one not in self._tasks})
        for part in pages(wanted):
            try:
                rows = self._client.get("preview files", "data/preview-files", id=listed(part))
            except EntityNotFound:
                rows = []
            self._tasks |= {row["id"]: (row["task_id"], row["person_id"] or "") for row in rows}


def _told(rows: Sequence[Json]) -> list[tuple[int, str]]:
    return [(int(stamp(row["created_at"])), row["id"]) for row in rows]


def _interests(row: Json) -> bool:
    return row["name"].partition(":")[0] in _OF_INTEREST and row["name"] not in _EMPTY
