"""The site's event log as our events, each about the task that it concerns."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from ...schema.tracker import EntityRef, EventPage, TrackerEvent
from ..cursor import Cursor, Restarts
from . import priorities
from .client import Client, Json
from .refs import ref, stamp
from .tasks import KINDS, TAGS

LIMIT = 500
"""Events a page, as many as a site gives at once."""
MANY = 4 * LIMIT
"""Events a page of what is settled: fewer looks for what they are about."""
_LEADING = (
    "entity.Note.tasks", "entity.Note.note_links", "entity.Reply.entity", "entity.Version.sg_task",
    "entity.Attachment.attachment_links",
)  # fmt: skip
"""What leads from an entry's entity towards tasks."""
_FIELDS = ["event_type", "attribute_name", "entity", "user", "created_at", "session_uuid", "meta", *_LEADING]
_UP = [{"field_name": "id", "direction": "asc"}]
_DOWN = [{"field_name": "id", "direction": "desc"}]
_OF_INTEREST = {
    "Task": {
        "content", "sg_description", "sg_status_list", "task_assignees", "entity", "step", "due_date", *KINDS, *TAGS,
    },
    "Note": {"subject", "content", "tasks", "note_links", "attachments"},
    "Reply": {"content"},
    "Version": {"sg_status_list", "sg_task"},
    "Attachment": {"attachment_links"},
}  # fmt: skip
"""The changes that a task's state or brief can depend on; what is new, retired or revived counts as well."""
_OTHERS_WORK = "Shotgun_Version_New"
"""The one thing new that says nothing to us: what somebody rendered."""


class EventReader:
    """Reads `EventLogEntry` upwards. Notes, replies, attachments and versions count for their tasks."""

    def __init__(self, client: Client, overlap_seconds: float) -> None:
        """Late ids are waited for as long as *overlap_seconds*."""
        self._client = client
        self._overlap = overlap_seconds
        self._we: int | None = None
        self._restarts = Restarts(lambda: self._last([]))

    def we(self) -> int:
        """Our ApiUser's id; 0 where the site does not show it to us."""
        if self._we is None:
            name = self._client.script_name
            found = self._client.read(
                "our ApiUser", lambda sg: sg.find_one("ApiUser", [["firstname", "is", name]], ["id"])
            )
            self._we = int(found["id"]) if found else 0
        return self._we

    def ours(self, user: Json | None, session_uuid: object = None) -> bool:
        """Whether a user, or a session, is us."""
        if session_uuid and session_uuid == self._client.session_uuid:
            return True
        return bool(user) and user is not None and (user["type"], user["id"]) == ("ApiUser", self.we())

    def page(self, text: str | None) -> EventPage:
        """The events after a cursor; None gives the cursor of now."""
        if text is None:
            return EventPage(events=(), cursor=Cursor(self._last([])).text())
        cursor = Cursor.parse(text)
        entries = self._entries(cursor)
        if not entries and (anew := self._restarts.look(cursor)):
            return EventPage(events=(), cursor=anew.text(), more=True)
        ids, full, now = [int(entry["id"]) for entry in entries], len(entries) >= LIMIT, time.time()
        if cursor.settled:
            following = cursor.through(ids, now, more=len(entries) >= MANY)
            more = True
        else:
            following = cursor.after(ids, now, self._overlap)
            if full:
                following = Cursor(following.last, following.holes, self._settled(following.last), following.epoch)
            more = full
        events = self._events([entry for entry in entries if _interests(entry)], cursor)
        return EventPage(events=tuple(events), cursor=following.text(), more=more)

    def _entries(self, cursor: Cursor) -> list[Json]:
        new: list[Any] = ["id", "greater_than", cursor.last]
        filters: list[Any] = [new]
        limit = MANY if cursor.settled else LIMIT
        if cursor.settled:
            filters = [new, ["id", "less_than", cursor.settled + 1], _interest()]
        if cursor.holes:
            missing = ["id", "in", sorted(cursor.holes)]
            filters = [_any([_all(filters), missing])]
        found: list[Json] = self._client.read(
            "events", lambda sg: sg.find("EventLogEntry", filters, _FIELDS, order=_UP, limit=limit)
        )
        return found

    def _settled(self, last: int) -> int:
        """Where a long backlog ends: what was written longer ago than the overlap, by the site's own clock."""
        newest = self._newest([])
        if newest is None or newest["id"] - last < 2 * LIMIT:
            return 0
        old = newest["created_at"] - timedelta(seconds=self._overlap)
        return self._last([["created_at", "less_than", old]])

    def _last(self, filters: list[Any]) -> int:
        """The newest entry's id; 0 for none."""
        found = self._newest(filters)
        return int(found["id"]) if found else 0

    def _newest(self, filters: list[Any]) -> Json | None:
        found: Json | None = self._client.read(
            "events", lambda sg: sg.find_one("EventLogEntry", filters, ["created_at"], order=_DOWN)
        )
        return found

    def _events(self, entries: list[Json], cursor: Cursor) -> list[TrackerEvent]:
        tasks = self._tasks_of(entries)
        events = []
        for entry in entries:
            kind = str(entry["event_type"])
            if entry.get("attribute_name"):
                kind = f"{kind}.{entry['attribute_name']}"
            by_us = self.ours(entry.get("user"), entry.get("session_uuid"))
            link = entry["entity"]
            concerned = tasks[int(entry["id"])] or [ref(link)]
            for number, entity in enumerate(concerned):
                suffix = f":{number}" if number else ""
                events.append(
                    TrackerEvent(
                        id=f"{cursor.name(entry['id'])}{suffix}",
                        kind=kind,
                        entity=entity,
                        at=stamp(entry["created_at"]),
                        by_us=by_us,
                    )
                )
        return events

    def _tasks_of(self, entries: list[Json]) -> dict[int, list[EntityRef]]:
        """The tasks that each entry is about: its entity's links came along, what they lead to is asked for once."""
        links = {int(entry["id"]): _leads(entry) for entry in entries}
        notes = self._links("Note", [one for found in links.values() for one in found], ["tasks", "note_links"])
        behind = [one for found in [*links.values(), *notes.values()] for one in found]
        versions = self._links("Version", behind, ["sg_task"])
        return {number: _tasks(found, notes, versions) for number, found in links.items()}

    def _links(self, kind: str, links: list[Json], fields: list[str]) -> dict[int, list[Json]]:
        """What the entities of one type among *links* lead to."""
        numbers = sorted({one["id"] for one in links if one["type"] == kind})
        if not numbers:
            return {}
        rows = self._client.read(kind, lambda sg: sg.find(kind, [["id", "in", numbers]], fields))
        return {row["id"]: [one for name in fields for one in _listed(row[name])] for row in rows}


def _leads(entry: Json) -> list[Json]:
    """Where an entry's entity leads: a task to itself, all others by their links."""
    if entry["entity"]["type"] == "Task":
        return [entry["entity"]]
    return [one for path in _LEADING for one in _listed(entry.get(path))]


def _tasks(links: list[Json], notes: dict[int, list[Json]], versions: dict[int, list[Json]]) -> list[EntityRef]:
    """The tasks that links lead to: directly, through a note, through a version."""
    through = [*links, *(far for one in links if one["type"] == "Note" for far in notes.get(one["id"], ()))]
    through += [far for one in through if one["type"] == "Version" for far in versions.get(one["id"], ())]
    return list({one["id"]: ref(one) for one in through if one["type"] == "Task"}.values())


def _listed(value: Any) -> list[Json]:
    return value if isinstance(value, list) else [value] if value else []


def _any(filters: list[Any]) -> Json:
    return {"filter_operator": "any", "filters": filters}


def _all(filters: list[Any]) -> Json:
    return {"filter_operator": "all", "filters": filters}


def _interest() -> Json:
    """What `_interests` looks for, as the site's filter."""
    lives = [f"Shotgun_{kind}_{what}" for kind in _OF_INTEREST for what in ("New", "Retirement", "Revival")]
    lives.remove(_OTHERS_WORK)
    changes = [
        _all([["event_type", "is", f"Shotgun_{kind}_Change"], _any(_attributes(names))])
        for kind, names in _OF_INTEREST.items()
    ]
    return _any([["event_type", "in", lives], *changes])


def _attributes(names: set[str]) -> list[Any]:
    exact: list[Any] = [["attribute_name", "in", sorted(names)]]
    if "task_assignees" in names:
        exact.append(["attribute_name", "starts_with", priorities.PREFIX])
    return exact


def _interests(entry: Json) -> bool:
    """A new entity's first values come as changes of their own: the New event tells enough."""
    kind = (entry.get("entity") or {}).get("type")
    if kind not in _OF_INTEREST or (entry.get("meta") or {}).get("in_create") or entry["event_type"] == _OTHERS_WORK:
        return False
    name = str(entry.get("attribute_name") or "")
    change = str(entry["event_type"]).endswith("_Change")
    return not change or name in _OF_INTEREST[kind] or (kind == "Task" and name.startswith(priorities.PREFIX))
