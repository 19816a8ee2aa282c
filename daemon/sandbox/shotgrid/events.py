"""The event log: an EventLogEntry for everything that changes, as a site writes it."""

from __future__ import annotations

from typing import Any

from ..storage import Record
from .records import Records
from .schema import SiteField

_UNLOGGED = {"EventLogEntry", "PermissionRuleSet", "PlaylistVersionConnection"}
HIDDEN = "_hidden_until"
"""Kept on an entry that shows up late: the id that the log must have reached first."""


class EventLog:
    """Writes entries. Tests may order the next entry's id to show up late or never."""

    def __init__(self, records: Records) -> None:
        """Write to the records' storage."""
        self._records = records
        self.hold_back: int = 0
        """The next entry shows up only after this many later ones; a test sets it."""
        self.skip_ids: int = 0
        """So many ids are left out for ever before the next entry; a test sets it."""

    def begin_anew(self) -> None:
        """Empty the log and number it from 1 again, as a site that was restored elsewhere."""
        storage = self._records.storage
        with storage.lock, storage.transaction():
            storage.forget("EventLogEntry")

    def born(self, record: Record, fields: list[SiteField], caller: Any, at: str) -> None:
        """A record was made: one New entry and a Change for each field that was given."""
        self._write(record, "New", None, caller, at, {"type": "new_entity"})
        for field in fields:
            if record.get(field.name) not in (None, [], {}):
                self.changed(record, field, None, record.get(field.name), caller, at, in_create=True)

    def changed(
        self,
        record: Record,
        field: SiteField,
        old: Any,
        new: Any,
        caller: Any,
        at: str,
        *,
        in_create: bool = False,
        **more: Any,
    ) -> None:
        """One field got another value."""
        meta: dict[str, Any] = {
            "type": "attribute_change",
            "attribute_name": field.name,
            "entity_type": record["type"],
            "entity_id": record["id"],
            "field_data_type": field.type,
            **more,
        }
        if field.type == "multi_entity":
            before, after = old or [], new or []
            meta["added"] = [self._records.link(one) for one in after if one not in before]
            meta["removed"] = [self._records.link(one) for one in before if one not in after]
        elif field.type == "password":
            meta["old_value"] = meta["new_value"] = "*******"
        else:
            meta["old_value"], meta["new_value"] = self._plain(old), self._plain(new)
        if in_create:
            meta["in_create"] = True
        self._write(record, "Change", field.name, caller, at, meta)

    def retired(self, record: Record, caller: Any, at: str) -> None:
        """A record was retired."""
        self._write(record, "Retirement", "retirement_date", caller, at, {"type": "entity_retirement"})

    def revived(self, record: Record, caller: Any, at: str) -> None:
        """A retired record was brought back."""
        self._write(record, "Revival", "retirement_date", caller, at, {"type": "entity_revival"})

    def visible(self, entry: Record) -> bool:
        """Whether an entry can be read already."""
        return int(entry.get(HIDDEN, 0)) <= self._records.storage.last_id("EventLogEntry")

    def _plain(self, value: Any) -> Any:
        if isinstance(value, dict) and "id" in value and "type" in value:
            return self._records.link(value)
        if isinstance(value, dict) and "attachment" in value:
            return self._records.link({"type": "Attachment", "id": value["attachment"]})
        return value

    def _write(
        self, record: Record, what: str, attribute: str | None, caller: Any, at: str, meta: dict[str, Any]
    ) -> None:
        if record["type"] in _UNLOGGED or not caller.logs_events:
            return
        storage = self._records.storage
        for _ in range(self.skip_ids):
            storage.next_id("EventLogEntry")
        self.skip_ids = 0
        number = storage.next_id("EventLogEntry")
        link = {"type": record["type"], "id": record["id"]}
        name = self._records.name(record)
        did = f'changed "{attribute}" on' if what == "Change" else {"New": "created"}.get(what, what.lower())
        entry = {
            "type": "EventLogEntry",
            "id": number,
            "event_type": f"Shotgun_{record['type']}_{what}",
            "attribute_name": attribute,
            "entity": link,
            "project": link if record["type"] == "Project" else record.get("project"),
            "user": caller.user,
            "created_at": at,
            "session_uuid": caller.session_uuid,
            "description": f"{caller.name} {did} {record['type']} {name}",
            "meta": {**meta, "entity_type": record["type"], "entity_id": record["id"]},
        }
        if self.hold_back:
            entry[HIDDEN] = number + self.hold_back
            self.hold_back = 0
        storage.put(entry)
