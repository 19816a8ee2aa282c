"""What people wrote, drew and attached for a task."""

from __future__ import annotations

from typing import Any

from ...schema.tracker import Attachment, BriefSource, EntityRef, NoteText, TrackerTask
from .annotations import drawn
from .client import Client, Json
from .events import EventReader
from .refs import link, ref, stamp

_BY_TIME = [{"field_name": "created_at", "direction": "asc"}, {"field_name": "id", "direction": "asc"}]
_LOGIN = "user.HumanUser.login"
_NOTE_FIELDS = [
    "subject", "content", "user", _LOGIN, "created_by", "created_at", "replies", "attachments", "note_links",
]  # fmt: skip
_VERSION_FIELDS = ["code", "sg_first_frame", "sg_last_frame"]
_FILE_FIELDS = ["this_file", "created_by", "created_at", "attachment_links"]


class BriefReader:
    """Reads briefs: the description, notes on the task and its versions with replies, people's files."""

    def __init__(self, client: Client, events: EventReader, key_field: str) -> None:
        """*events* knows which user we are; a note that carries a key in *key_field* is ours as well."""
        self._client = client
        self._events = events
        self._key_field = key_field

    def brief(self, task: TrackerTask, description: str) -> BriefSource:
        """Everything about the task, oldest first; our own notes are marked, our own files left out."""
        target = link(task.ref)
        found = self._client.read(
            "versions", lambda sg: sg.find("Version", [["sg_task", "is", target]], _VERSION_FIELDS)
        )
        versions: dict[int, Json] = {version["id"]: version for version in found}
        notes = self._notes(target)
        about = {note["id"]: _version_of(note, versions) for note in notes}
        texts = [self._note_text(note, about[note["id"]]) for note in notes]
        texts += self._replies(notes, about)
        return BriefSource(
            task=task,
            description=description,
            notes=tuple(sorted(texts, key=lambda one: one.at)),
            attachments=tuple(self._attachments(target, notes, about, versions)),
        )

    def _notes(self, target: Json) -> list[Json]:
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

    def _note_text(self, note: Json, version: EntityRef | None) -> NoteText:
        by_us = bool(note[self._key_field]) or self._events.ours(note["created_by"] or note["user"])
        return _text("Note", note, note["user"] or note["created_by"], version, by_us=by_us)

    def _replies(self, notes: list[Json], about: dict[int, EntityRef | None]) -> list[NoteText]:
        of_note = {reply["id"]: note["id"] for note in notes for reply in note["replies"] or []}
        if not of_note:
            return []
        numbers, fields = sorted(of_note), ["content", "user", _LOGIN, "created_at"]
        rows = self._client.read(
            "replies", lambda sg: sg.find("Reply", [["id", "in", numbers]], fields, order=_BY_TIME)
        )
        return [
            _text("Reply", row, row["user"], about[of_note[row["id"]]], by_us=self._events.ours(row["user"]))
            for row in rows
        ]

    def _attachments(
        self, target: Json, notes: list[Json], about: dict[int, EntityRef | None], versions: dict[int, Json]
    ) -> list[Attachment]:
        targets = [target, *({"type": "Version", "id": number} for number in versions)]
        linked: list[Any] = ["attachment_links", "in", targets]
        of_note = {one["id"]: note["id"] for note in notes for one in note["attachments"] or []}
        filters: Any = [linked]
        if of_note:
            filters = [{"filter_operator": "any", "filters": [linked, ["id", "in", sorted(of_note)]]}]
        rows = self._client.read("attachments", lambda sg: sg.find("Attachment", filters, _FILE_FIELDS, order=_BY_TIME))
        found = []
        for row in rows:
            this = row["this_file"]
            if not this or this["link_type"] != "upload" or self._events.ours(row["created_by"]):
                continue
            sketch = drawn(this["name"])
            version = about.get(of_note.get(row["id"], 0)) or _link_of(row, versions)
            if sketch and sketch.version in versions:
                version = ref(versions[sketch.version])
            shown = versions.get(int(version.id), {}) if version else {}
            found.append(
                Attachment(
                    id=str(row["id"]),
                    name=this["name"],
                    url=this["url"],
                    at=stamp(row["created_at"]),
                    drawn=sketch is not None,
                    frame=sketch.frame(shown.get("sg_first_frame"), shown.get("sg_last_frame")) if sketch else None,
                    version=version,
                )
            )
        return found


def _version_of(note: Json, versions: dict[int, Json]) -> EntityRef | None:
    """The version that a note is about: one of the task's before any other."""
    links = [one for one in note["note_links"] or [] if one["type"] == "Version"]
    return next((ref(one) for one in [*(one for one in links if one["id"] in versions), *links]), None)


def _link_of(row: Json, versions: dict[int, Json]) -> EntityRef | None:
    links = [one for one in row["attachment_links"] or [] if one["type"] == "Version" and one["id"] in versions]
    return ref(links[0]) if links else None


def _text(kind: str, row: Json, author: Json | None, version: EntityRef | None, *, by_us: bool) -> NoteText:
    return NoteText(
        id=f"{kind}:{row['id']}",
        author=(author or {}).get("name") or "",
        text=row["content"] or "",
        at=stamp(row["created_at"]),
        by_us=by_us,
        login=row[_LOGIN] or "",
        version=version,
    )
