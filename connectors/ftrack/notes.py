"""Notes of ours: written once for a key, with their pictures, and edited."""

from __future__ import annotations

from ...schema.errors import AmbiguousResult, EntityNotFound
from ...schema.tracker import EntityRef, NoteDraft
from .client import Client, Duplicate, among, create, own_id, quoted, tagged, update
from .files import Files
from .session import Row
from .site import Site
from .versions import metadata

SUBJECT = "wetgate_subject"
_TRIES = 3


class Notes:
    """ftrack's notes have no subject: it is the first line, and kept beside the key."""

    def __init__(self, client: Client, site: Site, files: Files, key_field: str) -> None:
        """The key lies in the metadata entry *key_field*."""
        self._client = client
        self._site = site
        self._files = files
        self._key_field = key_field

    def find(self, key: str) -> EntityRef | None:
        """The note that carries our key."""
        keys = [_note_id(key, generation) for generation in range(_TRIES)]
        rows = self._client.first(
            "note by key",
            f"select id, metadata.key, metadata.value from Note where id in {among(keys)}",
            _TRIES,
        )
        for row in rows:
            if metadata(row).get(self._key_field) == key:
                return EntityRef(type="Note", id=str(row["id"]), name=metadata(row).get(SUBJECT, ""))
        return None

    def write(self, draft: NoteDraft) -> EntityRef:
        """Write the note, or find it by its key; then add the pictures that it lacks."""
        made = self._written(draft)
        for picture in draft.attachments:
            self._files.attach_to_note(made, picture)
        return made

    def edit(self, note: EntityRef, text: str) -> None:
        """Let a note of ours say *text* instead."""
        rows = self._client.first(
            f"note {note.id}",
            f"select id, content, metadata.key, metadata.value from Note where id is {quoted(note.id)}",
        )
        if not rows:
            raise EntityNotFound(f"The tracker has no note {note.id} (any more).")
        content = said(metadata(rows[0]).get(SUBJECT, ""), text)
        if rows[0]["content"] != content:
            self._client.write(f"edit note {note.id}", [update("Note", note.id, {"content": content})])

    def _written(self, draft: NoteDraft) -> EntityRef:
        for generation in range(_TRIES):
            found = self.find(draft.key)
            if found is not None:
                return found
            try:
                self._client.write(f"note '{draft.subject}'", self._operations(draft, generation))
            except Duplicate:
                continue
            except AmbiguousResult:
                found = self.find(draft.key)
                if found is None:
                    raise
                return found
        found = self.find(draft.key)
        if found is None:
            raise EntityNotFound(f"The tracker took '{draft.subject}' but does not show it by its key.")
        return found

    def _operations(self, draft: NoteDraft, generation: int) -> list[Row]:
        versions = [one for one in draft.links if one.type == "AssetVersion"]
        parent = versions[0] if versions else draft.task
        key = _note_id(draft.key, generation)
        values = {
            "id": key,
            "content": said(draft.subject, draft.text),
            "parent_id": parent.id,
            "parent_type": parent.type,
            "user_id": self._site.me(),
        }
        entries = {self._key_field: draft.key, SUBJECT: draft.subject}
        return [
            create("Note", values),
            *(tagged("Note", key, field, value) for field, value in entries.items() if value),
        ]


def _note_id(key: str, generation: int) -> str:
    return own_id("note", key, *([str(generation)] if generation else []))


def said(subject: str, text: str) -> str:
    """A note's content."""
    return f"{subject}\n\n{text}" if subject else text


def heard(subject: str, content: str) -> str:
    """A note's text without its subject."""
    return content.removeprefix(f"{subject}\n\n") if subject else content
