"""The site's event log as our events, each about the task that it concerns."""

from __future__ import annotations

import time
from typing import Any

from ...schema.tracker import EntityRef, EventPage, TrackerEvent
from ..cursor import Cursor
from .client import Client, Json
from .refs import ref, stamp

LIMIT = 500
_FIELDS = ["event_type", "attribute_name", "entity", "user", "created_at", "session_uuid", "meta"]
_OF_INTEREST = {"Task", "Note", "Reply", "Version", "Attachment"}


class EventReader:
    """Reads `EventLogEntry` upwards. Notes, replies and attachments count for their tasks."""

    def __init__(self, client: Client, overlap_seconds: float) -> None:
        """Late ids are waited for as long as *overlap_seconds*."""
        self._client = client
        self._overlap = overlap_seconds
        self._we: int | None = None

    def we(self) -> int:
        """Our ApiUser's id; 0 where the site does not show it to us."""
        if self._we is None:
            name = self._client.script_name
            found = self._client.read(
                "our ApiUser", lambda sg: sg.find_one("ApiUser", [["firstname", "is", name]], ["id"])
            )
            self._we = int(found["id"]) if found else 0
        return self._we

    def page(self, text: str | None) -> EventPage:
        """The events after a cursor; None gives the cursor of now."""
        if text is None:
            newest = self._client.read(
                "events",
                lambda sg: sg.find_one("EventLogEntry", [], ["id"], order=[{"field_name": "id", "direction": "desc"}]),
            )
            return EventPage(events=(), cursor=Cursor(int(newest["id"]) if newest else 0).text())
        cursor = Cursor.parse(text)
        entries = self._entries(cursor)
        ids = [int(entry["id"]) for entry in entries]
        following = cursor.after(ids, time.time(), self._overlap)
        events = self._events([entry for entry in entries if _interests(entry)])
        return EventPage(events=tuple(events), cursor=following.text(), more=len(entries) >= LIMIT)

    def ours(self, user: Json | None, session_uuid: object = None) -> bool:
        """Whether a user, or a session, is us."""
        if session_uuid and session_uuid == self._client.session_uuid:
            return True
        return bool(user) and user is not None and (user["type"], user["id"]) == ("ApiUser", self.we())

    def _entries(self, cursor: Cursor) -> list[Json]:
        wanted: list[Any] = [["id", "greater_than", cursor.last]]
        filters: Any = wanted
        if cursor.holes:
            wanted.append(["id", "in", sorted(cursor.holes)])
            filters = [{"filter_operator": "any", "filters": wanted}]
        order = [{"field_name": "id", "direction": "asc"}]
        found: list[Json] = self._client.read(
            "events", lambda sg: sg.find("EventLogEntry", filters, _FIELDS, order=order, limit=LIMIT)
        )
        return found

    def _events(self, entries: list[Json]) -> list[TrackerEvent]:
        tasks = self._tasks_of(entries)
        events = []
        for entry in entries:
            kind = str(entry["event_type"])
            if entry.get("attribute_name"):
                kind = f"{kind}.{entry['attribute_name']}"
            by_us = self.ours(entry.get("user"), entry.get("session_uuid"))
            link = entry["entity"]
            concerned = tasks.get((link["type"], link["id"])) or [ref(link)]
            for number, entity in enumerate(concerned):
                suffix = f":{number}" if number else ""
                events.append(
                    TrackerEvent(
                        id=f"{entry['id']}{suffix}",
                        kind=kind,
                        entity=entity,
                        at=stamp(entry["created_at"]),
                        by_us=by_us,
                    )
                )
        return events

    def _tasks_of(self, entries: list[Json]) -> dict[tuple[str, int], list[EntityRef]]:
        """Note, reply or attachment to the tasks that it is about."""
        behind = {**self._behind(entries, "Reply", "entity"), **self._behind(entries, "Attachment", "attachment_links")}
        notes = {one["entity"]["id"] for one in entries if one["entity"]["type"] == "Note"}
        notes |= {link["id"] for links in behind.values() for link in links if link["type"] == "Note"}
        about: dict[tuple[str, int], list[EntityRef]] = {}
        if notes:
            wanted = sorted(notes)
            rows = self._client.read(
                "notes", lambda sg: sg.find("Note", [["id", "in", wanted]], ["tasks", "note_links"])
            )
            about = {("Note", row["id"]): self._tasks([*row["tasks"], *row["note_links"]]) for row in rows}
        for key, links in behind.items():
            of_notes = [task for link in links for task in about.get((link["type"], link["id"]), [])]
            about[key] = list(dict.fromkeys([*of_notes, *self._tasks(links)]))
        return about

    def _behind(self, entries: list[Json], kind: str, field: str) -> dict[tuple[str, int], list[Json]]:
        wanted = sorted({one["entity"]["id"] for one in entries if one["entity"]["type"] == kind})
        if not wanted:
            return {}
        rows = self._client.read(kind, lambda sg: sg.find(kind, [["id", "in", wanted]], [field]))
        return {
            (kind, row["id"]): row[field] if isinstance(row[field], list) else [row[field]] if row[field] else []
            for row in rows
        }

    def _tasks(self, links: list[Json]) -> list[EntityRef]:
        tasks = [link for link in links if link["type"] == "Task"]
        versions = [link["id"] for link in links if link["type"] == "Version"]
        if versions:
            rows = self._client.read("versions", lambda sg: sg.find("Version", [["id", "in", versions]], ["sg_task"]))
            tasks += [row["sg_task"] for row in rows if row["sg_task"]]
        return [ref(link) for link in {link["id"]: link for link in tasks}.values()]


def _interests(entry: Json) -> bool:
    """A new entity's first values come as changes of their own: the New event tells enough."""
    entity = entry.get("entity") or {}
    return entity.get("type") in _OF_INTEREST and not (entry.get("meta") or {}).get("in_create")
