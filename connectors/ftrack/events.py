"""The site's Event table as our events, each about the task that it concerns."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Sequence

from ...schema.tracker import EntityRef, EventPage, TrackerEvent
from ..cursor import Cursor, Restarts
from .client import PAGE, Client, among
from .session import Row, stamp
from .site import Site

LIMIT = 500
_FIELDS = "id, action, insert, parent_type, parent_id, user_id, data, created_at"
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_LINKS = {"parent_id", "context_id", "taskid", "task_id", "noteid", "note_id", "in_reply_to_id", "version_id", "id"}
"""Where a row's data may name a task, a version or a note: what was deleted is only known from there."""


class EventReader:
    """Reads events upwards by their number. Notes, replies, versions and assignments count for their tasks."""

    def __init__(self, client: Client, site: Site, overlap_seconds: float) -> None:
        """Late numbers are waited for as long as *overlap_seconds*."""
        self._client = client
        self._site = site
        self._overlap = overlap_seconds
        self._restarts = Restarts(self._newest)

    def page(self, text: str | None) -> EventPage:
        """The events after a cursor; None gives the cursor of now."""
        if text is None:
            return EventPage(events=(), cursor=Cursor(self._newest()).text())
        cursor = Cursor.parse(text)
        wanted = f"id > {cursor.last}"
        if cursor.holes:
            wanted += f" or id in ({', '.join(map(str, sorted(cursor.holes)))})"
        rows = self._client.first("events", f"select {_FIELDS} from Event where {wanted} order by id", LIMIT)
        if not rows and (anew := self._restarts.look(cursor)):
            return EventPage(events=(), cursor=anew.text(), more=True)
        following = cursor.after([int(row["id"]) for row in rows], time.time(), self._overlap)
        return EventPage(events=tuple(self._events(rows, cursor)), cursor=following.text(), more=len(rows) >= LIMIT)

    def _newest(self) -> int:
        found = self._client.first("events", "select id from Event order by id desc")
        return int(found[0]["id"]) if found else 0

    def _events(self, rows: list[Row], cursor: Cursor) -> Iterable[TrackerEvent]:
        mentioned = {int(row["id"]): _mentioned(row) for row in rows}
        tasks = self._tasks({key for keys in mentioned.values() for key in keys})
        me = self._site.me() if rows else ""
        for row in rows:
            concerned = {one.id: one for key in mentioned[int(row["id"])] for one in tasks.get(key, [])}
            for number, task in enumerate(concerned.values()):
                yield TrackerEvent(
                    id=cursor.name(int(row["id"])) + (f":{number}" if number else ""),
                    kind=str(row["action"]),
                    entity=task,
                    at=stamp(row["created_at"]),
                    by_us=row["user_id"] == me,
                )

    def _tasks(self, keys: set[str]) -> dict[str, list[EntityRef]]:
        """Whatever an id is of, task, note or version: the tasks behind it."""
        tasks: dict[str, EntityRef] = {}
        above: dict[str, set[str]] = {}
        asked: set[str] = set()
        ask = keys
        while ask:
            asked |= ask
            for page in _pages(sorted(ask)):
                self._look(page, tasks, above)
            ask = {one for upwards in above.values() for one in upwards} - asked
        return {key: [tasks[one] for one in _upwards(key, above) if one in tasks] for key in keys}

    def _look(self, keys: Sequence[str], tasks: dict[str, EntityRef], above: dict[str, set[str]]) -> None:
        within = f"where id in {among(keys)}"
        found, notes, versions = self._client.several(
            "what changed",
            [
                f"select id, name from Task {within}",
                f"select id, parent_id, in_reply_to_id from Note {within}",
                f"select id, task_id from AssetVersion {within}",
            ],
        )
        for row in found:
            tasks[str(row["id"])] = EntityRef(type="Task", id=str(row["id"]), name=row["name"] or "")
        for row in [*notes, *versions]:
            links = (row.get("parent_id"), row.get("in_reply_to_id"), row.get("task_id"))
            above[str(row["id"])] = {str(one) for one in links if one}


def _pages(keys: list[str]) -> Iterable[list[str]]:
    for start in range(0, len(keys), PAGE):
        yield keys[start : start + PAGE]


def _upwards(key: str, above: dict[str, set[str]]) -> list[str]:
    """An id and all that lie above it."""
    line = [key]
    for one in line:
        line += [higher for higher in sorted(above.get(one, ())) if higher not in line]
    return line


def _mentioned(row: Row) -> list[str]:
    """Ids that a row names: whose it is, and what its data links to."""
    found = [str(row["parent_id"])] if row.get("parent_id") else []
    try:
        data = json.loads(row["data"] or "{}")
    except ValueError:
        data = {}
    for name, values in data.items() if isinstance(data, dict) else ():
        if name in _LINKS:
            told = values.values() if isinstance(values, dict) else [values]
            found += [one for one in told if isinstance(one, str)]
    return [one for one in dict.fromkeys(found) if _ID.fullmatch(one)]
