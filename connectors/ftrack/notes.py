"""Notes of ours: written once for a key, with their pictures, and edited."""

from __future__ import annotations

from ...schema.errors import EntityNotFound
from ...schema.tracker import EntityRef, NoteDraft
from .client import Client, create, quoted, tagged, update
from .files import Files
from .keyed import Keyed
from .session import Row, metadata
from .site import Site

SUBJECT = "wetgate_subject"


class Notes:
    """ftrack's notes have no subject: it is the first line, and kept beside the key."""

    def __init__(self, client: Client, site: Site, files: Files, key_field: str) -> None:
        """The key lies in the metadata entry *key_field*."""
        self._client = client
        self._site = site
        self._files = files
        self._key_field = key_field
        self._keyed = Keyed(client, "note", "Note", key_field, "id", _ref)

    def find(self, key: str) -> EntityRef | None:
        """The note that carries our key."""
        return self._keyed.find(key)

    def write(self, draft: NoteDraft) -> EntityRef:
        """Write the note, or find it by its key; then add the pictures that it lacks."""
        made = self._keyed.make(
            draft.key, draft.subject, f"note '{draft.subject}'", lambda number: self._operations(draft, number)
        )
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

    def _operations(self, draft: NoteDraft, number: str) -> list[Row]:
        versions = [one for one in draft.links if one.type == "AssetVersion"]
        parent = versions[0] if versions else draft.task
        values = {
            "id": number,
            "content": said(draft.subject, draft.text),
            "parent_id": parent.id,
            "parent_type": parent.type,
            "user_id": self._site.me(),
        }
        entries = {self._key_field: draft.key, SUBJECT: draft.subject}
        return [
            create("Note", values),
            *(tagged("Note", number, field, value) for field, value in entries.items() if value),
        ]


def _ref(row: Row) -> EntityRef:
    return EntityRef(type="Note", id=str(row["id"]), name=metadata(row).get(SUBJECT, ""))


def said(subject: str, text: str) -> str:
    """A note's content."""
    return f"{subject}\n\n{text}" if subject else text


def heard(subject: str, content: str) -> str:
    """A note's text without its subject."""
    return content.removeprefix(f"{subject}\n\n") if subject else content
