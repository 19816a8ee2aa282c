"""What the site fills in and forbids on its own."""

from __future__ import annotations

import uuid
from typing import Any

from ..storage import Record
from .entities import TYPE
from .graph import Graph
from .refusal import Refusal
from .values import now


class Rules:
    """Completes new records. The record is a fresh copy that may be changed here."""

    def __init__(self, graph: Graph) -> None:
        """Look things up in the graph."""
        self._graph = graph

    def complete(self, record: Record, user: Record | None) -> None:
        """Fill in what the maker left out; refuses what may not be."""
        fields = self._graph.type_of(record).fields
        who = user["id"] if user else None
        for name, value in (("created_at", now()), ("created_by_id", who)):
            if name in fields and record.get(name) is None:
                record[name] = value
        special = getattr(self, f"_{self._graph.type_of(record).table.lower()}", None)
        if special is not None:
            special(record, who)

    def changed(self, before: Record, record: Record, user: Record | None) -> Record | None:
        """What a change brings with it: the row that remembers a status."""
        old, new = before.get("status_id"), record.get("status_id")
        if "status_id" not in record or old == new or record[TYPE] not in self._graph.schema.types:
            return None
        table = self._graph.type_of(record).table
        if table not in {"Context", "AssetVersion"}:
            return None
        kind = "TypedContextStatusChange" if table == "Context" else "AssetVersionStatusChange"
        return {
            TYPE: kind,
            "id": str(uuid.uuid4()),
            "parent_id": record["id"],
            "parent_type": "task" if table == "Context" else "asset_version",
            "date": now(),
            "status_id": new,
            "from_status_id": old,
            "user_id": user["id"] if user else None,
        }

    def _context(self, record: Record, _: str | None) -> None:
        if record[TYPE] == "Project":
            record["project_id"] = record["id"]
            if record.get("project_schema_id") is None:
                first = next(iter(self._graph.storage.all("ProjectSchema")), None)
                record["project_schema_id"] = first["id"] if first else None
            return
        record["parent_id"] = record.get("parent_id") or record.get("project_id")
        parent = self._graph.one("Context", record["parent_id"])
        record["project_id"] = self._graph.project_of(parent) or record.get("project_id")
        for name in ("bid", "sort"):
            if record.get(name) is None:
                record[name] = 0
        project = self._graph.one("Project", record["project_id"])
        schema = self._graph.one("ProjectSchema", project["project_schema_id"]) if project else None
        if schema is None:
            return
        record["status_id"] = record.get("status_id") or self._first(schema, record, "status")
        record["type_id"] = record.get("type_id") or self._first(schema, record, "type")

    def _first(self, schema: Record, record: Record, what: str) -> str | None:
        storage = self._graph.storage
        if record[TYPE] == "Task":
            table, field, name = (
                ("WorkflowSchemaStatus", "workflow_schema_id", "task_workflow_schema_id")
                if what == "status"
                else ("TaskTypeSchemaType", "task_type_schema_id", "task_type_schema_id")
            )
            rows = storage.where(table, field, schema[name])
        else:
            table = "SchemaStatus" if what == "status" else "SchemaType"
            own = [
                one
                for one in storage.where("Schema", "project_schema_id", schema["id"])
                if one["object_type_id"] == record["object_type_id"]
            ]
            rows = storage.where(table, "schema_id", own[0]["id"]) if own else []
        return rows[0][f"{what}_id"] if rows else None

    def _assetversion(self, record: Record, who: str | None) -> None:
        siblings = self._graph.storage.where("AssetVersion", "asset_id", record["asset_id"])
        if not record.get("version"):
            record["version"] = max((one["version"] or 0 for one in siblings), default=0) + 1
        record["date"] = record.get("date") or now()
        record["user_id"] = record.get("user_id") or who
        if record.get("is_published") is None:
            record["is_published"] = True
        project = self._graph.one("Project", self._graph.project_of(record))
        schema = self._graph.one("ProjectSchema", project["project_schema_id"]) if project else None
        if schema is not None and record.get("status_id") is None:
            workflow = schema["asset_version_workflow_schema_id"]
            rows = self._graph.storage.where("WorkflowSchemaStatus", "workflow_schema_id", workflow)
            record["status_id"] = rows[0]["status_id"] if rows else None

    def _note(self, record: Record, who: str | None) -> None:
        record["date"] = record.get("date") or now()
        record["thread_activity"] = record["date"]
        record["user_id"] = record.get("user_id") or who
        parent_type = self._graph.schema.types.get(record.get("parent_type") or "")
        if parent_type is not None and record.get("project_id") is None:
            record["project_id"] = self._graph.project_of(self._graph.one(parent_type.name, record["parent_id"]))

    def _resource(self, record: Record, _: str | None) -> None:
        if record[TYPE] != "User":
            return
        record["username"] = record.get("username") or record["id"]
        if record.get("is_active") is None:
            record["is_active"] = True
        if any(one.get("username") for one in self._graph.storage.where("Resource", "username", record["username"])):
            raise Refusal(f"Duplicate entry '{record['username']}' for key 'username'", "DuplicateEntryError")

    def _timer(self, record: Record, who: str | None) -> None:
        record["start"] = record.get("start") or now()
        record["user_id"] = record.get("user_id") or who
        if self._graph.storage.where("Timer", "user_id", record["user_id"]):
            raise Refusal(f"Duplicate entry '{record['user_id']}' for key 'user_id'", "DuplicateEntryError")

    def _job(self, record: Record, who: str | None) -> None:
        record["user_id"] = record.get("user_id") or who

    def _list(self, record: Record, who: str | None) -> None:
        record["date"] = record.get("date") or now()
        record["user_id"] = record.get("user_id") or who
        if record.get("is_open") is None:
            record["is_open"] = True

    def _reviewsession(self, record: Record, _: str | None) -> None:
        for name in ("start_date", "end_date"):
            record[name] = record.get(name) or now()

    def _reviewsessionobject(self, record: Record, _: str | None) -> None:
        if record.get("sort_order") is None:
            others = self._graph.storage.where("ReviewSessionObject", "review_session_id", record["review_session_id"])
            record["sort_order"] = len(others)

    def _schema(self, record: Record, _: str | None) -> None:
        either = record.get("object_type_id") or record.get("type_id")
        record["object_type_id"] = record["type_id"] = either


def default_of(value: Any) -> Any:
    """A field's default, made anew where it is an id."""
    return str(uuid.uuid4()) if value == "{uid}" else value
