"""Creating, changing and deleting, each within the batch that it belongs to."""

from __future__ import annotations

from typing import Any

from ..storage import Record
from .customs import TABLE, VALUE_TYPES
from .entities import TYPE, key_of
from .graph import Graph
from .journal import Journal
from .refusal import Refusal
from .rules import Rules, default_of
from .schema import Field, Type
from .values import now, taken

_ABSTRACT = {
    "Resource", "BaseUser", "Context", "TypedContext", "Component", "List", "CustomConfigurationBase", "StatusChange",
}  # fmt: skip
_CASCADES = {
    ("Context", "parent_id"), ("Appointment", "context_id"), ("Appointment", "resource_id"), ("Asset", "context_id"),
    ("AssetVersion", "asset_id"), ("Component", "version_id"), ("Component", "container_id"),
    ("ComponentLocation", "component_id"), ("NoteComponent", "component_id"), ("NoteComponent", "note_id"),
    ("JobComponent", "component_id"), ("JobComponent", "job_id"), ("Recipient", "note_id"),
    ("Recipient", "resource_id"), ("NoteLabelLink", "note_id"), ("Note", "in_reply_to_id"), ("Membership", "user_id"),
    ("Membership", "group_id"), ("Timer", "user_id"), ("UserSecurityRole", "user_id"), ("List", "project_id"),
    ("ListObject", "list_id"), ("ReviewSession", "project_id"), ("ReviewSessionObject", "review_session_id"),
    ("ReviewSessionObject", "version_id"), ("AssetVersionLink", "from_id"), ("AssetVersionLink", "to_id"),
    ("TypedContextLink", "from_id"), ("TypedContextLink", "to_id"), ("_ContextScope", "context_id"),
    ("_ContextScope", "scope_id"), ("CustomAttributeValue", "configuration_id"), ("Feed", "social_id"),
}  # fmt: skip
_LOOSE = {("Context", "status_id"), ("Context", "type_id"), ("Context", "bid"), ("Context", "sort")}
"""Required by the schema, yet a project's scheme may not have any."""
_UNTYPED = (("Note", "parent_id"), ("Metadata", "parent_id"), (TABLE, "entity_id"), ("ListObject", "entity_id"))
"""Fields that hold ids of more than one type: what hangs on a deleted entity goes with it."""


class Writes:
    """Carries out one operation after the other; `settle` ends the batch."""

    def __init__(self, graph: Graph, journal: Journal) -> None:
        """Write to the graph's storage and tell *journal*."""
        self._graph = graph
        self._storage = graph.storage
        self._journal = journal
        self._rules = Rules(graph)
        self._touched: dict[tuple[str, str], None] = {}

    def begin(self) -> None:
        """Start a batch."""
        self._touched = {}
        self._journal.begin()

    def create(self, name: str, data: dict[str, Any], user: Record | None) -> Record:
        """Make an entity. Refuses a key that is taken."""
        made = self._graph.schema.type(name)
        if name in _ABSTRACT:
            raise Refusal(f"Entity type {name!r} cannot be created.", "ValidationError")
        if made.table == TABLE:
            return self._set_custom(name, data["configuration_id"], data["entity_id"], data.get("value"))
        record: Record = {TYPE: name}
        for field in made.fields.values():
            if field.kind == "scalar" and not field.computed:
                record[field.name] = default_of(field.default)
        relations = self._fill(made, record, data)
        key = key_of(made, record)
        if self._storage.get(made.table, key) is not None:
            raise Refusal(f"Duplicate entry '{key}' for key 'PRIMARY'", "DuplicateEntryError")
        self._rules.complete(record, user)
        self._put(record)
        self._journal.added(record)
        self._follow(record, user)
        for field, value in relations:
            self._relate(record, field, value, user)
        return record

    def update(self, name: str, keys: list[Any], data: dict[str, Any], user: Record | None) -> Record:
        """Change an entity."""
        made = self._graph.schema.type(name)
        if made.table == TABLE:
            return self._set_custom(name, str(keys[0]), str(keys[1]), data.get("value"))
        before = self._known(made, keys)
        own = self._graph.type_of(before)
        for field_name, value in data.items():
            field = own.fields.get(field_name)
            same = field is not None and before.get(field_name) == value
            if field is not None and (field.fixed or field.computed or field_name in own.key) and not same:
                raise Refusal(f"Attribute {field_name!r} of {own.name!r} is immutable.", "ValidationError")
        record = dict(before)
        relations = self._fill(own, record, data)
        self._save(before, record, user)
        for field, value in relations:
            self._relate(record, field, value, user)
        return self._storage.get(own.table, key_of(own, record)) or record

    def delete(self, name: str, keys: list[Any]) -> None:
        """Delete an entity and what hangs on it."""
        made = self._graph.schema.type(name)
        self._drop(self._known(made, keys))

    def settle(self) -> None:
        """Check what a batch left: required values and ids that lead nowhere."""
        for table, key in self._touched:
            record = self._storage.get(table, key)
            if record is None:
                continue
            for field in self._graph.type_of(record).fields.values():
                value = record.get(field.name)
                if field.required and value is None and (table, field.name) not in _LOOSE:
                    raise Refusal(f"Attribute {field.name!r} of {record[TYPE]!r} is required.", "ValidationError")
                if field.points_at and value is not None and self._graph.one(field.points_at, value) is None:
                    raise Refusal(
                        f"{record[TYPE]}.{field.name}: there is no {field.points_at} {value!r}.", "IntegrityError"
                    )

    def save(self, before: Record, record: Record, user: Record | None) -> None:
        """Write a changed record with all that a change brings with it."""
        self._save(before, record, user)

    def _known(self, made: Type, keys: list[Any]) -> Record:
        found = self._storage.get(made.table, "|".join(str(one) for one in keys))
        if found is None or found[TYPE] not in made.heirs:
            raise Refusal(f"{made.name} {keys} does not exist.", "EntityNotFoundError")
        return found

    def _fill(self, made: Type, record: Record, data: dict[str, Any]) -> list[tuple[Field, Any]]:
        """Put scalars and references into the record; gives the collections, which come after."""
        relations = []
        for name, value in data.items():
            if name == TYPE:
                continue
            field = made.fields.get(name)
            if field is None:
                raise Refusal(f"Attribute {name!r} does not exist on {made.name!r}.", "ValidationError")
            if field.kind == "scalar":
                if not field.computed:
                    record[name] = taken(field, value)
            elif field.kind == "reference":
                if not field.computed and field.by in made.fields:
                    record[field.by] = None if value is None else _key_in(value)
            else:
                relations.append((field, value))
        return relations

    def _put(self, record: Record) -> None:
        made = self._graph.type_of(record)
        key = key_of(made, record)
        self._touched[made.table, key] = None
        self._storage.put(made.table, key, record)

    def _save(self, before: Record, record: Record, user: Record | None) -> None:
        if before == record:
            return
        if record[TYPE] == "Job" and record["status"] in {"done", "failed"} and not record.get("finished_at"):
            record["finished_at"] = now()
        self._put(record)
        self._journal.updated(before, record)
        row = self._rules.changed(before, record, user)
        if row is not None:
            self._put(row)

    def _follow(self, record: Record, user: Record | None) -> None:
        """What comes with a new record."""
        match record[TYPE]:
            case "Note" if user is not None:
                self._make("Recipient", {"note_id": record["id"], "resource_id": user["id"]})
            case "NoteLabelLink":
                note = self._graph.one("Note", record["note_id"])
                label = self._graph.one("NoteCategory", record["label_id"])
                if note is not None and label is not None and not note.get("category_id"):
                    self._put(note | {"category_id": label["id"]})
            case _:
                pass

    def _make(self, name: str, values: Record) -> None:
        made = self._graph.schema.types[name]
        record: Record = {TYPE: name}
        for field in made.fields.values():
            if field.kind == "scalar" and not field.computed:
                record[field.name] = default_of(field.default)
        record |= values
        if self._storage.get(made.table, key_of(made, record)) is None:
            self._put(record)
            self._journal.added(record)

    def _relate(self, record: Record, field: Field, value: Any, user: Record | None) -> None:
        """Set a collection. Over a link the whole is replaced; otherwise entities are only added."""
        if field.computed:
            raise Refusal(f"Attribute {field.name!r} is computed.", "ValidationError")
        if field.through:
            link, mine, theirs = field.through
            keys = [_key_in(one) for one in value or []]
            there = {row[theirs]: row for row in self._storage.where(link, mine, record["id"])}
            for key, row in there.items():
                if key not in keys:
                    self._drop(row)
            for key in keys:
                if key not in there:
                    self._make(link, {mine: record["id"], theirs: key})
            return
        made = self._graph.schema.types[field.type]
        if made.table == TABLE:
            return
        for one in value or []:
            names = [str(one[name]) for name in made.key if name in one] if isinstance(one, dict) else [str(one)]
            before = self._storage.get(made.table, "|".join(names))
            if before is None:
                raise Refusal(f"{field.type} {names} does not exist.", "EntityNotFoundError")
            after = before | {field.by: record["id"]}
            if "parent_type" in before and field.by == "parent_id":
                after["parent_type"] = record[TYPE]
            if before[TYPE] == "Note" and field.by == "parent_id":
                after["project_id"] = self._graph.project_of(record)
            self._save(before, after, user)
            if field.name == "replies":
                self._put((self._storage.get("Note", record["id"]) or record) | {"thread_activity": now()})

    def _set_custom(self, name: str, configuration: str, entity: str, value: Any) -> Record:
        owner, found, before = self._graph.customs.set(name, configuration, entity, value)
        self._journal.custom(owner, found["key"], before, value)
        kind = name if name != TABLE else VALUE_TYPES[self._graph.type_of(owner).table]
        return {TYPE: kind, "configuration_id": configuration, "entity_id": entity, "value": value}

    def _drop(self, record: Record) -> None:
        made = self._graph.type_of(record)
        key = key_of(made, record)
        if self._storage.get(made.table, key) is None:
            return
        self._storage.remove(made.table, key)
        self._journal.removed(record)
        if "id" not in record:
            return
        for table, field in self._graph.schema.pointing(made.table):
            for row in self._storage.where(table, field.name, record["id"]):
                if (table, field.name) in _CASCADES:
                    self._drop(row)
                elif not field.required:
                    self._storage.put(table, key_of(self._graph.type_of(row), row), row | {field.name: None})
                else:
                    raise Refusal(f"{row[TYPE]} still needs {record[TYPE]} {record['id']}.", "IntegrityError")
        for table, name in _UNTYPED:
            for row in self._storage.where(table, name, record["id"]):
                self._drop(row)


def _key_in(value: Any) -> str:
    """The id in a reference."""
    if isinstance(value, dict):
        if "id" not in value:
            raise Refusal(f"Not a reference: {value!r}.", "ValidationError")
        return str(value["id"])
    return str(value)
