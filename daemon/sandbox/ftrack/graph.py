"""From entity to entity: what stands behind a relation, and what is worked out when asked for."""

from __future__ import annotations

from typing import Any

from ..storage import Record
from .customs import Customs
from .entities import TYPE, Entities
from .schema import Field, Schema
from .storage import Storage


class Graph(Entities):
    """Follows fields from record to record."""

    def __init__(self, schema: Schema, storage: Storage, address: Any) -> None:
        """*address* makes the URL of a component: `address(kind, component id)`."""
        super().__init__(schema, storage)
        self.customs = Customs(self)
        self._address = address

    def value(self, record: Record, field: Field) -> Any:
        """A scalar's value, worked out where it is not kept."""
        if field.computed:
            return getattr(self, f"_{field.name.lstrip('_')}")(record)
        return record.get(field.name)

    def behind(self, record: Record, field: Field) -> list[Record]:
        """The entities behind a relation, in the order in which they were made."""
        if field.computed:
            made = getattr(self, f"_{field.name}")(record)
            return made if isinstance(made, list) else [made] if made else []
        if field.kind == "reference":
            holder = self.type_of(record).fields.get(field.by)
            key = self.value(record, holder) if holder else None
            found = self.one(field.type, key) if key is not None else None
            return [found] if found else []
        if field.through:
            link, mine, theirs = field.through
            rows = self.storage.where(self.schema.types[link].table, mine, record["id"])
            found_all = [self.one(field.type, row[theirs]) for row in rows]
            return [one for one in found_all if one]
        if field.type.endswith("CustomAttributeValue") and field.kind == "mapped":
            return self.customs.rows(record, field.type)
        made_type = self.schema.types[field.type]
        rows = self.storage.where(made_type.table, field.by, record["id"])
        return [
            row
            for row in rows
            if row[TYPE] in made_type.heirs and (field.where is None or row.get(field.where[0]) == field.where[1])
        ]

    def _project_id(self, record: Record) -> str | None:
        return self.project_of(record)

    def _link(self, record: Record) -> list[dict[str, Any]]:
        match self.type_of(record).table:
            case "AssetVersion":
                asset = self.one("Asset", record["asset_id"])
                above = self._link(self.one("Context", asset["context_id"]) or {}) if asset else []
                name = f"{(asset or {}).get('name') or ''} v{record['version']}"
                return [*above, {"type": "AssetVersion", "id": record["id"], "name": name}]
            case "Resource":
                parent = self.one("Group", record.get("parent_id"))
                above = self._link(parent) if parent else []
                return [*above, {"type": "Group", "id": record["id"], "name": record["name"]}]
            case _:
                line = [{"type": one[TYPE], "id": one["id"], "name": one["name"]} for one in self.line(record)]
                return line[::-1]

    def _ancestors(self, record: Record) -> list[Record]:
        start = self.one("Context", record["context_id"]) if "context_id" in record else record
        line = [one for one in self.line(start) if one is not record and one[TYPE] != "Project"]
        return line[::-1]

    def _descendants(self, record: Record) -> list[Record]:
        found: list[Record] = []
        queue = [record]
        while queue:
            below = self.storage.where("Context", "parent_id", queue.pop(0)["id"])
            found += below
            queue += below
        return found

    def _latest_version(self, record: Record) -> Record | None:
        versions = self.storage.where("AssetVersion", "asset_id", record["id"])
        return max(versions, key=lambda one: one["version"] or 0, default=None)

    def _is_latest_version(self, record: Record) -> bool:
        asset = self.one("Asset", record["asset_id"])
        latest = self._latest_version(asset) if asset else None
        return latest is not None and latest["id"] == record["id"]

    def _time_logged(self, record: Record) -> float:
        line = [record, *self._descendants(record)]
        logged = [row for one in line for row in self.storage.where("Timelog", "context_id", one["id"])]
        return float(sum(row["duration"] or 0 for row in logged))

    def _bid_time_logged_difference(self, record: Record) -> float:
        return float(record.get("bid") or 0) - self._time_logged(record)

    def _key(self, record: Record) -> str | None:
        found = self.one("CustomAttributeConfiguration", record["configuration_id"])
        return found["key"] if found else None

    def _url(self, record: Record) -> dict[str, Any]:
        return {"__type__": "url", "value": self._address("get", record["component_id"])}

    def _thumbnail_url(self, record: Record) -> dict[str, Any] | None:
        component = record.get("thumbnail_id") or record.get("component_id")
        return {"__type__": "url", "value": self._address("thumbnail", component)} if component else None
