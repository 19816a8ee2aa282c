"""What a batch changed, as rows of the Event table and as one `ftrack.update` for the hub."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from ..storage import Record
from .entities import TYPE
from .graph import Graph
from .values import now

_SILENT = {
    "Event", "Feed", "Metadata", "StatusChange", "ComponentLocation", "CustomAttributeValue", "Recipient",
    "NoteLabelLink", "ApiKey", "Setting", "_ContextScope", "SchemaStatus", "SchemaType",
}  # fmt: skip
_INSERT = {"add": "insert", "update": "update", "remove": "delete"}


@dataclass
class Change:
    """One entity's change: its record (as it is, or as it was) and old and new values by their old names."""

    action: str
    record: Record
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    custom: bool = False


class Journal:
    """Collects the changes of a batch. With `hold_back` the next row shows up after that many later ones;
    with `skip_ids` that many ids never show up."""

    def __init__(self, graph: Graph) -> None:
        """Rows go to the graph's storage."""
        self._graph = graph
        self._changes: list[Change] = []
        self._held: list[tuple[int, Record]] = []
        self.hold_back = 0
        self.skip_ids = 0

    def begin_anew(self) -> None:
        """Empty the log and number it from 1 again, as a site that was restored elsewhere."""
        storage = self._graph.storage
        with storage.lock, storage.transaction():
            for row in list(storage.all("Event")):
                storage.remove("Event", row["id"])
            storage.set("event", 0)

    def begin(self) -> None:
        """Forget what an unfinished batch left."""
        self._changes = []

    def added(self, record: Record) -> None:
        """An entity was made."""
        values = {self._old_name(record, name): {"old": None, "new": value} for name, value in _plain(record)}
        self._add(Change("add", record, values))

    def updated(self, before: Record, record: Record) -> None:
        """An entity was changed."""
        names = [name for name, value in _plain(record) if before.get(name) != value]
        if names:
            values = {self._old_name(record, name): {"old": before.get(name), "new": record[name]} for name in names}
            self._add(Change("update", record, values))

    def removed(self, record: Record) -> None:
        """An entity was deleted."""
        values = {self._old_name(record, name): {"old": value, "new": None} for name, value in _plain(record)}
        self._add(Change("remove", record, values))

    def custom(self, entity: Record, key: str, old: Any, new: Any) -> None:
        """A custom attribute was set."""
        if old != new:
            self._add(Change("update", entity, {key: {"old": old, "new": new}}, custom=True))

    def close(self, user: Record | None) -> dict[str, Any] | None:
        """Write the rows; gives the event for the hub, None where nothing happened."""
        changes, self._changes = self._changes, []
        for change in changes:
            self._log(change, user)
        if not changes:
            return None
        entities = [self._told(change) for change in changes]
        token = uuid.uuid4().hex
        who = {"username": user["username"], "id": user["id"]} if user else {"username": None, "id": None}
        name = " ".join(filter(None, (user.get("first_name"), user.get("last_name")))) if user else ""
        above = {one["entityId"] for entity in entities for one in entity["parents"]}
        return {
            "id": uuid.uuid4().hex,
            "topic": "ftrack.update",
            "data": {
                "entities": entities,
                "pushToken": token,
                "parents": sorted(above),
                "user": {"userid": user["id"], "name": name} if user else None,
                "clientToken": None,
            },
            "source": {"id": uuid.uuid4().hex, "applicationId": "ftrack.api.np", "user": who},
            "target": "",
            "sent": None,
            "inReplyToEvent": None,
        }

    def _add(self, change: Change) -> None:
        if self._graph.type_of(change.record).table not in _SILENT:
            self._changes.append(change)

    def _old_name(self, record: Record, name: str) -> str:
        found = self._graph.type_of(record).fields.get(name)
        return (found.legacy if found else "") or name

    def _told(self, change: Change) -> dict[str, Any]:
        record, made = change.record, self._graph.type_of(change.record)
        told: dict[str, Any] = {
            "entity_type": made.name,
            "entityType": made.legacy,
            "entityId": record.get("id") or record.get("note_id") or record.get("component_id"),
            "parentId": self._parent(record),
            "action": change.action,
            "keys": list(change.values),
            "changes": change.values,
            "parents": [
                {
                    "entityId": one["id"],
                    "entityType": self._graph.type_of(one).legacy,
                    "entity_type": one[TYPE],
                    "parentId": one.get("parent_id"),
                }
                for one in self._above(record)
            ],
        }
        if made.table == "Context" and record.get("object_type_id"):
            told["objectTypeId"] = record["object_type_id"]
        return told

    def _parent(self, record: Record) -> str | None:
        for name in ("parent_id", "context_id", "asset_id", "version_id", "note_id", "list_id", "review_session_id"):
            if record.get(name):
                return str(record[name])
        return None

    def _above(self, record: Record) -> list[Record]:
        table = self._graph.type_of(record).table
        if table == "Context":
            return list(self._graph.line(record))
        if table == "AssetVersion":
            asset = self._graph.one("Asset", record.get("asset_id"))
            return [record, *(self._above(asset) if asset else [])]
        context = self._graph.one("Context", record.get("context_id") or record.get("parent_id"))
        below = [record] if "id" in record else []
        return [*below, *(self._graph.line(context) if context else [])]

    def _log(self, change: Change, user: Record | None) -> None:
        record, made = change.record, self._graph.type_of(change.record)
        status = change.values.get("statusid") if change.action == "update" else None
        rest = {name: value for name, value in change.values.items() if status is None or name != "statusid"}
        parent_type, parent_id = made.legacy, record.get("id") or record.get("note_id") or record.get("component_id")
        if made.table == "AssetVersion":
            parent_type = "asset_version"
        if status is not None:
            self._row(f"change.status.{made.name.lower()}", change, user, parent_type, parent_id, {"statusid": status})
        if not rest:
            return
        action = f"db.all.{parent_type}"
        if change.custom:
            action = f"update.custom_attribute.{next(iter(rest))}"
        elif made.name == "AssetVersion" and change.action == "add":
            action = "asset.published"
        elif made.name == "Appointment" and record.get("type") == "assignment" and change.action != "update":
            action = f"db.{'append' if change.action == 'add' else 'remove'}.task:user"
            parent_type, parent_id = "task", record["context_id"]
        number = self._row(action, change, user, parent_type, parent_id, rest)
        if action == "asset.published":
            self._feeds(number, [record["id"], record["asset_id"], record.get("task_id")], "version")
        elif action == "db.append.task:user":
            self._feeds(number, [record["resource_id"]], "assigned")

    def _row(
        self, action: str, change: Change, user: Record | None, kind: str, key: Any, values: dict[str, Any]
    ) -> int:
        storage = self._graph.storage
        number = int(storage.setting("event", 0)) + 1 + self.skip_ids
        self.skip_ids = 0
        storage.set("event", number)
        row = {
            TYPE: "Event",
            "id": number,
            "action": action,
            "insert": _INSERT[change.action],
            "parent_type": kind,
            "parent_id": key,
            "project_id": self._graph.project_of(change.record),
            "user_id": user["id"] if user else None,
            "data": json.dumps(values),
            "created_at": now(),
        }
        due = [(left - 1, held) for left, held in self._held]
        self._held = [one for one in due if one[0] > 0]
        for _, held in (one for one in due if one[0] <= 0):
            storage.put("Event", held["id"], held)
        if self.hold_back:
            self._held.append((self.hold_back, row))
            self.hold_back = 0
        else:
            storage.put("Event", number, row)
        return number

    def _feeds(self, number: int, owners: list[Any], relation: str) -> None:
        for distance, owner in enumerate(one for one in owners if one):
            key = str(uuid.uuid4())
            row = {TYPE: "Feed", "id": key, "owner_id": owner, "social_id": number, "distance": distance}
            self._graph.storage.put("Feed", key, row | {"relation": relation, "cluster_id": None, "created_at": now()})


def _plain(record: Record) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in record.items() if name != TYPE]
