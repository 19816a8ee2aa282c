"""Create, update, retire and revive: values checked, defaults set, mirrored links kept, events written."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from .attachments import linked_file
from .auth import Auth, Caller
from .events import EventLog
from .records import Records
from .refusal import Refusal
from .schema import SiteField
from .storage import Record
from .values import fit

_NEEDS_PROJECT = {"Asset", "Cut", "PublishedFile", "Scene", "Sequence", "Shot", "Task", "Version"}
_SET_ONCE = {"created_at", "created_by"}


class Writes:
    """All changes of a site go through here, inside the caller's transaction."""

    def __init__(self, records: Records, events: EventLog, auth: Auth, now: Callable[[], float]) -> None:
        """Write through *records*' storage."""
        self._records = records
        self._storage = records.storage
        self._schema = records.schema
        self._events = events
        self._auth = auth
        self._now = now

    def create(self, kind: str, values: dict[str, Any], caller: Caller, call: str = "create") -> Record:
        """Make a record."""
        entity = self._schema.entity(kind, call)
        caller.demand_write(call, kind)
        given = {name: self._schema.field(kind, name, call) for name in values}
        for name, field in given.items():
            if field.read_only and name not in _SET_ONCE and kind != "EventLogEntry":
                raise Refusal(f"API {call}() {kind}.{name} is read only.")
        if kind in _NEEDS_PROJECT and not values.get("project"):
            raise Refusal(f"API {call}() CRUD ERROR: Create failed for [{kind}]: Project must be given.")
        at = self.at()
        record: Record = {
            "type": kind, "id": self._storage.next_id(kind), "created_at": at, "updated_at": at,
            "created_by": caller.user, "updated_by": caller.user,
        }  # fmt: skip
        record = {name: value for name, value in record.items() if name in {"type", "id"} or name in entity.fields}
        for field in entity.fields.values():
            if field.default is not None and not field.reverse:
                record[field.name] = field.default
        mirrored = []
        for name, field in given.items():
            value = self._fit(field, values[name], record, caller, call)
            if field.reverse:
                mirrored.append((field, value))
            else:
                record[name] = value
        _complete(record, values, caller)
        if kind == "LocalStorage":
            record.setdefault("uuid", str(uuid.uuid4()))
        self._storage.put(record)
        told = [*given.values(), *(entity.fields[name] for name in ("sg_status_list",) if name in entity.fields)]
        self._events.born(record, list(dict.fromkeys(told)), caller, at)
        for field, value in mirrored:
            self._mirror(record, field, value, caller, at)
        return record

    def update(
        self,
        kind: str,
        number: int,
        values: dict[str, Any],
        caller: Caller,
        modes: dict[str, str] | None = None,
        call: str = "update",
    ) -> Record:
        """Change a record's fields; *modes* says how a list field is changed (set, add, remove)."""
        self._schema.entity(kind, call)
        caller.demand_write(call, kind)
        record = self.existing(kind, number, call)
        at, changes = self.at(), []
        changed = dict(record)
        for name, raw in values.items():
            field = self._schema.field(kind, name, call)
            if field.read_only or name == "created_at":
                raise Refusal(f"API {call}() {kind}.{name} is read only.")
            before = self._records.value(record, field)
            value = self._fit(field, raw, record, caller, call)
            if field.type == "multi_entity":
                value = _merged(before, value, (modes or {}).get(name) or "set")
            if field.reverse:
                self._mirror(record, field, value, caller, at)
            elif value != before:
                changed[name] = value
            if value != before:
                changes.append((field, before, value))
        if not changes:
            return record
        _complete(changed, values, caller)
        if "updated_at" in self._schema.entity(kind, call).fields:
            changed.update(updated_at=at, updated_by=caller.user)
        self._storage.put(changed)
        for field, before, value in changes:
            self._events.changed(changed, field, before, value, caller, at)
        return changed

    def retire(self, kind: str, number: int, caller: Caller) -> bool:
        """Hide a record; False if it was hidden already."""
        self._schema.entity(kind, "delete")
        caller.demand_write("delete", kind)
        record = self._storage.get(kind, number)
        if record is None:
            raise Refusal(f"API delete() Entity of type [{kind}] cannot be found with id={number}.")
        if record.get("_retired"):
            return False
        self._storage.put({**record, "_retired": True})
        self._events.retired(record, caller, self.at())
        return True

    def revive(self, kind: str, number: int, caller: Caller) -> bool:
        """Bring a hidden record back; False if it was not hidden."""
        self._schema.entity(kind, "revive")
        caller.demand_write("revive", kind)
        record = self._storage.get(kind, number)
        if record is None:
            raise Refusal(f"API revive() Entity of type [{kind}] cannot be found with id={number}.")
        if not record.get("_retired"):
            return False
        revived = {name: value for name, value in record.items() if name != "_retired"}
        self._storage.put(revived)
        self._events.revived(revived, caller, self.at())
        return True

    def put_field(self, kind: str, number: int, name: str, value: Any, caller: Caller, **more: Any) -> None:
        """Set a field that people may not write (a picture, a transcode's result), with its event."""
        record = self.existing(kind, number, "update")
        field = self._schema.field(kind, name, "update")
        changed = {**record, name: value}
        self._storage.put(changed)
        self._events.changed(changed, field, record.get(name), value, caller, self.at(), **more)

    def existing(self, kind: str, number: int, call: str) -> Record:
        """The record, unless it is retired or was never there."""
        record = self._storage.get(kind, number)
        if record is None or record.get("_retired"):
            raise Refusal(f"API {call}() Entity of type [{kind}] cannot be found with id={number}.")
        return record

    def _fit(self, field: SiteField, raw: Any, record: Record, caller: Caller, call: str) -> Any:
        value = fit(field, raw, call, self._records.exists)
        if value is None:
            return None
        if field.type == "password" or (field.entity, field.name) == ("ApiUser", "salted_password"):
            self._auth.set_secret(field.entity, record["id"], str(value))
            return "*******"
        if field.type == "url" and field.entity != "Attachment":
            return self._file_link(value, record, caller, call)
        if field.entity == "Attachment" and field.name == "this_file":
            return linked_file(value, self._storage, call)
        return value

    def _file_link(self, value: dict[str, Any], record: Record, caller: Caller, call: str) -> Any:
        if value.get("type") == "Attachment" and isinstance(value.get("id"), int):
            self.existing("Attachment", value["id"], call)
            return {"attachment": value["id"]}
        values: dict[str, Any] = {"this_file": value}
        project = record.get("project")
        made = self.create("Attachment", {**values, "project": project} if project else values, caller, call)
        return {"attachment": made["id"]}

    def _mirror(self, record: Record, field: SiteField, value: list[Any], caller: Caller, at: str) -> None:
        kind, _, name = (field.reverse or "").partition(".")
        there = self._schema.field(kind, name, "update")
        me = {"type": record["type"], "id": record["id"]}
        before = self._records.value(record, field)
        for link in [*(one for one in before if one not in value), *(one for one in value if one not in before)]:
            other = self._storage.get(link["type"], link["id"])
            if other is None:
                continue
            old = other.get(name)
            new: Any
            if there.type == "multi_entity":
                new = [*(old or []), me] if link in value else [one for one in old or [] if one != me]
            else:
                new = me if link in value else None
            self._storage.put({**other, name: new})
            self._events.changed({**other, name: new}, there, old, new, caller, at)

    def at(self) -> str:
        """Now, as the wire writes it."""
        return datetime.fromtimestamp(self._now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _complete(record: Record, values: dict[str, Any], caller: Caller) -> None:
    if record["type"] == "HumanUser" and {"firstname", "lastname"} & set(values):
        parts = (record.get("firstname"), record.get("lastname"))
        record["name"] = " ".join(str(part) for part in parts if part)
    if record["type"] in {"Note", "Reply"} and not record.get("user"):
        record["user"] = caller.user
    if record["type"] == "Version" and not record.get("user") and caller.user["type"] == "HumanUser":
        record["user"] = caller.user


def _merged(before: list[Any] | None, value: list[Any], mode: str) -> list[Any]:
    if mode == "add":
        return [*(before or []), *(one for one in value if one not in (before or []))]
    if mode == "remove":
        return [one for one in before or [] if one not in value]
    return value
