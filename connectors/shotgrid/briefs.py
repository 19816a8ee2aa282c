"""What people wrote and attached for a task."""

from __future__ import annotations

from typing import Any

from ...schema.tracker import Attachment, BriefSource, EntityRef, NoteText, TrackerTask
from .client import Client, Json
from .events import EventReader
from .refs import link, stamp

_BY_TIME = [{"field_name": "created_at", "direction": "asc"}, {"field_name": "id", "direction": "asc"}]
_NOTE_FIELDS = ["subject", "content", "user", "created_by", "created_at", "replies", "attachments"]
_FILE_FIELDS = ["this_file", "created_by"]


class BriefReader:
    """Reads briefs: the task's description, its notes with replies, the files that people attached."""

    def __init__(self, client: Client, events: EventReader, key_field: str) -> None:
        """*events* knows which user we are; a note that carries a key in *key_field* is ours as well."""
        self._client = client
        self._events = events
        self._key_field = key_field

    def brief(self, task: TrackerTask) -> BriefSource:
        """Everything about the task, oldest first; our own notes are marked, our own files left out."""
        number = int(task.ref.id)
        row = self._client.read(
            f"task {number}", lambda sg: sg.find_one("Task", [["id", "is", number]], ["sg_description"])
        )
        notes = self._notes(task.ref)
        texts = sorted([*map(self._note_text, notes), *self._replies(notes)], key=lambda one: one.at)
        return BriefSource(
            task=task,
            description=(row or {}).get("sg_description") or "",
            notes=tuple(texts),
            attachments=tuple(self._attachments(task.ref, notes)),
        )

    def _notes(self, task: EntityRef) -> list[Json]:
        target = link(task)
        about: Any = [
            {
                "filter_operator": "any",
                "filters": [
                    ["tasks", "is", target],
                    ["note_links", "is", target],
                    ["note_links.Version.sg_task", "is", target],
                ],
            }
        ]
        fields = [*_NOTE_FIELDS, self._key_field]
        found: list[Json] = self._client.read("notes", lambda sg: sg.find("Note", about, fields, order=_BY_TIME))
        return found

    def _note_text(self, note: Json) -> NoteText:
        by_us = bool(note[self._key_field]) or self._events.ours(note["created_by"] or note["user"])
        return _text("Note", note, note["user"] or note["created_by"], by_us=by_us)

    def _replies(self, notes: list[Json]) -> list[NoteText]:
        numbers = sorted({reply["id"] for note in notes for reply in note["replies"] or []})
        if not numbers:
            return []
        fields = ["content", "user", "created_at"]
        rows = self._client.read(
            "replies", lambda sg: sg.find("Reply", [["id", "in", numbers]], fields, order=_BY_TIME)
        )
        return [_text("Reply", row, row["user"], by_us=self._events.ours(row["user"])) for row in rows]

    def _attachments(self, task: EntityRef, notes: list[Json]) -> list[Attachment]:
        numbers = {one["id"] for note in notes for one in note["attachments"] or []}
        target = link(task)
        rows = self._client.read(
            "attachments",
            lambda sg: sg.find("Attachment", [["attachment_links", "is", target]], _FILE_FIELDS, order=_BY_TIME),
        )
        more = sorted(numbers - {row["id"] for row in rows})
        if more:
            rows += self._client.read(
                "attachments",
                lambda sg: sg.find("Attachment", [["id", "in", more]], _FILE_FIELDS, order=_BY_TIME),
            )
        return [
            Attachment(id=str(row["id"]), name=row["this_file"]["name"], url=row["this_file"]["url"])
            for row in rows
            if row["this_file"]
            and row["this_file"]["link_type"] == "upload"
            and not self._events.ours(row["created_by"])
        ]


def _text(kind: str, row: Json, author: Json | None, *, by_us: bool) -> NoteText:
    return NoteText(
        id=f"{kind}:{row['id']}",
        author=(author or {}).get("name") or "",
        text=row["content"] or "",
        at=stamp(row["created_at"]),
        by_us=by_us,
    )
