"""Create, update, retire and revive: values checked, defaults set, mirrored links kept, events written."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ..storage import Record
from .attachments import linked_file
from .auth import Auth, Caller
from .events import EventLog
from .records import Records
from .refusal import PERMISSION, Refusal
from .schema import SiteEntity, SiteField
from .values import fit

_NEEDS_PROJECT = {
    "Asset", "Cut", "Note", "Playlist", "PublishedFile", "Scene", "Sequence", "Shot", "Task", "TimeLog", "Version",
}  # fmt: skip
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
        caller.may.demand(call, kind)
        if kind in _NEEDS_PROJECT and not values.get("project") and not values.get("task_template"):
            raise Refusal(f"API {call}() missing 'project' attribute: {values}")
        given = self._given(kind, values, call)
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
        self._place(record, values)
        _fill(record, entity)
        if not caller.may.sees(record):
            raise Refusal(f"API {call}() Entity of type {kind} cannot be created by this user.", PERMISSION)
        self._storage.put(record)
        self._connect(record)
        told = [*given.values(), *(entity.fields[name] for name in ("sg_status_list",) if name in entity.fields)]
        self._events.born(record, list(dict.fromkeys(told)), caller, at)
        for field, value in mirrored:
            self._mirror(record, field, value, caller, at)
        return record

    def _given(self, kind: str, values: dict[str, Any], call: str) -> dict[str, SiteField]:
        """The fields of a new record's values."""
        given = {name: self._schema.field(kind, name, call) for name in values}
        for name, field in given.items():
            if field.read_only and name not in _SET_ONCE and kind != "EventLogEntry":
                raise Refusal(f"API {call}() {kind}.{name} is read only.")
        return given

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
        record = self.existing(kind, number, call, caller)
        for name in values or [None]:
            caller.may.demand(call, kind, name)
        at, changes = self.at(), []
        changed = dict(record)
        for name, raw in values.items():
            field = self._schema.field(kind, name, call)
            if name in _SET_ONCE or (kind, name) == ("Note", "client_note"):
                raise Refusal(f"API {call}() {kind}.{name} is editable on create only.")
            if field.read_only:
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
        self._place(changed, values)
        if "updated_at" in self._schema.entity(kind, call).fields:
            changed.update(updated_at=at, updated_by=caller.user)
        self._storage.put(changed)
        self._connect(changed)
        for field, before, value in changes:
            self._events.changed(changed, field, before, value, caller, at)
        return changed

    def retire(self, kind: str, number: int, caller: Caller) -> bool:
        """Hide a record; False if it was hidden already."""
        record = self._known(kind, number, "delete", caller)
        if record.get("_retired"):
            return False
        self._storage.put({**record, "_retired": True})
        self._events.retired(record, caller, self.at())
        return True

    def revive(self, kind: str, number: int, caller: Caller) -> bool:
        """Bring a hidden record back; False if it was not hidden."""
        record = self._known(kind, number, "revive", caller)
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

    def existing(self, kind: str, number: int, call: str, caller: Caller | None = None) -> Record:
        """The record, unless it is retired, was never there or is none of *caller*'s."""
        record = self._seen(kind, number, call, caller)
        if record.get("_retired"):
            raise _not_found(kind, number, call)
        return record

    def _known(self, kind: str, number: int, call: str, caller: Caller) -> Record:
        """The record, retired or not, to a caller who may do this to such ones."""
        self._schema.entity(kind, call)
        caller.may.demand(call, kind)
        return self._seen(kind, number, call, caller)

    def _seen(self, kind: str, number: int, call: str, caller: Caller | None) -> Record:
        record = self._storage.get(kind, number)
        if record is None or (caller is not None and not caller.may.sees(record)):
            raise _not_found(kind, number, call)
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
            if (record["type"], field.name) == ("Note", "replies") and link not in value:
                self.retire("Reply", link["id"], caller)
                continue
            new: Any
            if there.type == "multi_entity":
                new = [*(old or []), me] if link in value else [one for one in old or [] if one != me]
            else:
                new = me if link in value else None
            self._storage.put({**other, name: new})
            self._connect({**other, name: new})
            self._events.changed({**other, name: new}, there, old, new, caller, at)

    def _place(self, record: Record, values: dict[str, Any]) -> None:
        """A published path below a storage names that storage; the path itself is not cached."""
        if record["type"] == "PublishedFile" and values.get("path"):
            file = self._storage.get("Attachment", record["path"]["attachment"]) or {}
            found = file.get("this_file", {}).get("local_storage")
            record["path_cache_storage"] = {"type": found["type"], "id": found["id"]} if found else None

    def _connect(self, record: Record) -> None:
        """Keep a playlist's connections in step with its versions; a new one has no place in the order yet."""
        if record["type"] != "Playlist":
            return
        kind, me = "PlaylistVersionConnection", {"type": "Playlist", "id": record["id"]}
        mine = {
            one["version"]["id"]: one
            for one in self._storage.all(kind).values()
            if one.get("playlist") == me and not one.get("_retired")
        }
        wanted = {link["id"] for link in record.get("versions") or []}
        for number in sorted(wanted - set(mine)):
            version = {"type": "Version", "id": number}
            self._storage.put({"type": kind, "id": self._storage.next_id(kind), "playlist": me, "version": version})
        for number in set(mine) - wanted:
            self._storage.put({**mine[number], "_retired": True})

    def at(self) -> str:
        """Now, as the wire writes it."""
        return datetime.fromtimestamp(self._now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _fill(record: Record, entity: SiteEntity) -> None:
    """What a site gives a new record by itself."""
    if record["type"] in _NEEDS_PROJECT and "code" in entity.fields and not record.get("code"):
        record["code"] = f"New {entity.label} {record['id']}"
    if record["type"] == "LocalStorage":
        record.setdefault("uuid", str(uuid.uuid4()))
    if record["type"] == "TimeLog":
        record["date"] = record.get("date") or record["created_at"][:10]


def _complete(record: Record, values: dict[str, Any], caller: Caller) -> None:
    if record["type"] == "HumanUser" and {"firstname", "lastname"} & set(values):
        parts = (record.get("firstname"), record.get("lastname"))
        record["name"] = " ".join(str(part) for part in parts if part)
    if record["type"] in {"Note", "Reply"} and not record.get("user"):
        record["user"] = caller.user
    if record["type"] == "Version" and not record.get("user"):
        record["user"] = caller.user


def _not_found(kind: str, number: int, call: str) -> Refusal:
    return Refusal(f"API {call}() Entity of type [{kind}] cannot be found with id={number}.")


def _merged(before: list[Any] | None, value: list[Any], mode: str) -> list[Any]:
    if mode == "add":
        return [*(before or []), *(one for one in value if one not in (before or []))]
    if mode == "remove":
        return [one for one in before or [] if one not in value]
    return value
