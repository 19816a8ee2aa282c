"""Entities by type and key, and where they belong."""

from __future__ import annotations

from collections.abc import Iterator

from ..storage import Record
from .schema import Schema, Type
from .storage import Storage

TYPE = "__entity_type__"
_WAYS_UP = {
    "Asset": ("context_id",),
    "AssetVersion": ("asset_id",),
    "Component": ("version_id", "container_id"),
    "Note": ("in_reply_to_id",),
    "Appointment": ("context_id",),
    "Timelog": ("context_id",),
    "NoteComponent": ("note_id",),
    "ReviewSessionObject": ("review_session_id",),
}
"""The fields that lead from an entity without a project towards the one that has it."""


class Entities:
    """Finds entities, and the project and the contexts that they lie in."""

    def __init__(self, schema: Schema, storage: Storage) -> None:
        """The records lie in *storage*, by the tables of *schema*."""
        self.schema = schema
        self.storage = storage

    def type_of(self, record: Record) -> Type:
        """The record's own type."""
        return self.schema.types[record[TYPE]]

    def key(self, record: Record) -> str:
        """The record's key in its table."""
        return key_of(self.type_of(record), record)

    def one(self, kind: str, key: object) -> Record | None:
        """An entity of a type or its heirs."""
        made = self.schema.types[kind]
        found = self.storage.get(made.table, key)
        return found if found is not None and found[TYPE] in made.heirs else None

    def project_of(self, record: Record | None) -> str | None:
        """The id of the project that an entity belongs to."""
        if record is None:
            return None
        if record[TYPE] == "Project":
            return str(record["id"])
        if record.get("project_id"):
            return str(record["project_id"])
        for name in _WAYS_UP.get(self.type_of(record).table, ()):
            field = self.type_of(record).fields[name]
            found = self.one(field.points_at, record.get(name))
            if found is not None:
                return self.project_of(found)
        return None

    def line(self, context: Record | None) -> Iterator[Record]:
        """A context and those above it, upwards."""
        while context is not None:
            yield context
            context = self.one("Context", context.get("parent_id"))


def key_of(made: Type, record: Record) -> str:
    """The key of a record: its primary key's values."""
    return "|".join(str(record.get(name)) for name in made.key)
