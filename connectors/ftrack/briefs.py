"""What people wrote and attached for a task: on it, on its versions, and in answer to either."""

from __future__ import annotations

import json
from collections.abc import Iterable

from ...schema.tracker import Attachment, BriefSource, EntityRef, NoteText, TrackerTask
from .client import Client, among, quoted
from .notes import SUBJECT, heard
from .session import Row, metadata, stamp
from .site import Site
from .versions import version_ref

_FIELDS = (
    "id, content, date, user_id, author.first_name, author.last_name, parent_id, in_reply_to_id, frame_number, "
    "metadata.key, metadata.value, note_components.component.name, note_components.component.file_type"
)
_PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".tif", ".tiff", ".exr"}


class BriefReader:
    """Reads briefs."""

    def __init__(self, client: Client, site: Site, key_field: str) -> None:
        """A note is ours when our user wrote it or it carries a key in *key_field*."""
        self._client = client
        self._site = site
        self._key_field = key_field

    def brief(self, task: TrackerTask, description: str) -> BriefSource:
        """Everything about the task, oldest first; our own notes are marked, our own files left out."""
        versions = self._versions(task.ref.id)
        uploads = self._uploads(task.ref.id)
        notes = self._notes([task.ref.id, *versions])
        about = {str(note["id"]): versions.get(str(note.get("parent_id"))) for note in notes}
        for note in notes:
            behind = note.get("in_reply_to_id")
            if behind and about[str(note["id"])] is None:
                about[str(note["id"])] = about.get(str(behind))
        logins = self._site.logins([str(note["user_id"] or "") for note in notes])
        texts = [self._text(note, logins, about[str(note["id"])]) for note in notes]
        people = [note for note in notes if not self._ours(note)]
        files = [one for note in people for one in self._files(note, about[str(note["id"])])]
        attachments = sorted([*uploads, *files], key=lambda one: one.at)
        return BriefSource(task=task, description=description, notes=tuple(texts), attachments=tuple(attachments))

    def _versions(self, task: str) -> dict[str, EntityRef]:
        rows = self._client.query(
            "versions of the task",
            "select id, version, asset.name, metadata.key, metadata.value from AssetVersion "
            f"where task_id is {quoted(task)}",
        )
        return {str(row["id"]): version_ref(row) for row in rows}

    def _uploads(self, task: str) -> list[Attachment]:
        """Files that people put on the task itself: the site keeps those as versions of a type of their own."""
        rows = self._client.query(
            "files of the task",
            "select date, user_id, components.name, components.file_type from AssetVersion "
            f"where task_id is {quoted(task)} and asset.type.short is upload order by date",
        )
        found = []
        for row in rows:
            for component in row.get("components") or [] if row["user_id"] != self._site.me() else []:
                name = str(component.get("name") or "attachment")
                # What the site made of them for its player is no input.
                if not name.startswith(("ftrackreview", "thumbnail")):
                    name += str(component.get("file_type") or "")
                    found.append(Attachment(id=str(component["id"]), name=name, url="", at=stamp(row["date"])))
        return found

    def _notes(self, parents: list[str]) -> list[Row]:
        notes = self._client.query(
            "notes", f"select {_FIELDS} from Note where parent_id in {among(parents)} order by date"
        )
        known = {str(note["id"]) for note in notes}
        ask = sorted(known)
        while ask:
            # A reply may hang on its note alone, and be answered in turn.
            rows = self._client.query(
                "replies", f"select {_FIELDS} from Note where in_reply_to_id in {among(ask)} order by date"
            )
            fresh = [row for row in rows if str(row["id"]) not in known]
            notes += fresh
            known |= {str(row["id"]) for row in fresh}
            ask = [str(row["id"]) for row in fresh]
        return sorted(notes, key=lambda note: stamp(note["date"]))

    def _ours(self, note: Row) -> bool:
        return bool(metadata(note).get(self._key_field)) or note["user_id"] == self._site.me()

    def _text(self, note: Row, logins: dict[str, str], version: EntityRef | None) -> NoteText:
        author = note.get("author") or {}
        login = logins.get(str(note["user_id"]), "")
        name = " ".join(filter(None, (author.get("first_name"), author.get("last_name"))))
        return NoteText(
            id=f"Note:{note['id']}",
            author=name or login,
            text=heard(metadata(note).get(SUBJECT, ""), note["content"] or ""),
            at=stamp(note["date"]),
            by_us=self._ours(note),
            login=login,
            version=version,
        )

    def _files(self, note: Row, version: EntityRef | None) -> Iterable[Attachment]:
        frame = _frame(note)
        for link in note.get("note_components") or []:
            component = link.get("component") or {}
            suffix = str(component.get("file_type") or "")
            # The player attaches the frame that was drawn on, marked as such or with the number of the frame.
            shown = frame is not None and version is not None and suffix.lower() in _PICTURES
            drawn = shown or link["__entity_type__"] == "NoteAnnotationComponent"
            yield Attachment(
                id=str(component["id"]),
                name=f"{component.get('name') or 'attachment'}{suffix}",
                url="",
                at=stamp(note["date"]),
                drawn=drawn,
                frame=frame if drawn else None,
                version=version,
            )


def _frame(note: Row) -> int | None:
    """The frame that a note is about, counted from 0: its own field, or what older players left in its metadata."""
    if isinstance(note.get("frame_number"), int):
        return int(note["frame_number"])
    try:
        return int(json.loads(metadata(note)["reviewFrame"])["number"])
    except (KeyError, ValueError, TypeError):
        return None
