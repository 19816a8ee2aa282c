"""Tasks as they stand now, with what a site of its own makes of type, tags and priority."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import Any

from ...schema.errors import EntityNotFound, TrackerRejected
from ...schema.tracker import EntityRef, TrackerTask
from . import priorities
from .client import Client, Json
from .refs import ref

_FIELDS = ["content", "project", "entity", "step", "sg_status_list", "task_assignees", "due_date"]
KINDS = ("sg_task_type", "sg_type")
"""Where sites keep a task's type; on all others it is the pipeline step."""
TAGS = ("tags", "tag_list")
KEPT_SECONDS = 60.0
"""How long it is remembered whose tasks are ours."""
_BY_ID = [{"field_name": "id", "direction": "asc"}]


class TaskReader:
    """Reads tasks; they are ours when they are assigned to *group* (a Group, or a person's name or login)."""

    def __init__(self, client: Client, group: str, final: Sequence[str]) -> None:
        """Tasks in a *final* status are closed."""
        self._client = client
        self._group = group
        self._final = tuple(final)
        self._schema: Json | None = None
        self._we: list[Json] = []
        self._we_at = 0.0

    def ours(self, projects: Sequence[str], only: Collection[str] | None) -> tuple[TrackerTask, ...]:
        """Every open task of the projects that is assigned to us, or of those the ones in *only*."""
        us = self._us()
        if not us:
            raise TrackerRejected(f"The site has no group and no person '{self._group}'.")
        filters: list[Any] = [
            ["project.Project.name", "in", list(projects)],
            ["task_assignees", "in", us],
            ["sg_status_list", "not_in", list(self._final)],
        ]
        if only is not None:
            filters.append(["id", "in", sorted(int(one) for one in only if one.isdigit())])
        fields = self._fields()
        rows = self._client.read("our tasks", lambda sg: sg.find("Task", filters, fields, order=_BY_ID))
        return tuple(self._task(row, us) for row in rows)

    def one(self, task: EntityRef) -> TrackerTask:
        """A task; raises EntityNotFound when it is gone."""
        return self.described(task)[0]

    def described(self, task: EntityRef) -> tuple[TrackerTask, str]:
        """A task with its description; raises EntityNotFound when it is gone."""
        number, fields = int(task.id), [*self._fields(), "sg_description"]
        row = self._client.read(f"task {number}", lambda sg: sg.find_one("Task", [["id", "is", number]], fields))
        if row is None:
            raise EntityNotFound(f"The tracker has no task {number} (any more).")
        return self._task(row, self._us()), row["sg_description"] or ""

    def _us(self) -> list[Json]:
        """The group's or person's links, asked anew now and then: people make groups while we run."""
        if self._we and time.monotonic() - self._we_at < KEPT_SECONDS:
            return self._we
        name = self._group
        groups = self._client.read("groups", lambda sg: sg.find("Group", [["code", "is", name]], ["id"]))
        any_name = [{"filter_operator": "any", "filters": [["name", "is", name], ["login", "is", name]]}]
        people = [] if groups else self._client.read("people", lambda sg: sg.find("HumanUser", any_name, ["id"]))
        self._we = [{"type": one["type"], "id": one["id"]} for one in [*groups, *people]]
        self._we_at = time.monotonic()
        return self._we

    def _known(self) -> Json:
        if self._schema is None:
            self._schema = self._client.read("fields of Task", lambda sg: sg.schema_field_read("Task"))
        return self._schema

    def _fields(self) -> list[str]:
        schema = self._known()
        own = [name for name in (*KINDS, *TAGS, priorities.find(schema)) if name and name in schema]
        return [*_FIELDS, *own]

    def _task(self, row: Json, us: list[Json]) -> TrackerTask:
        assigned = {(one["type"], one["id"]) for one in row["task_assignees"] or []}
        step = _name(row["step"])
        return TrackerTask(
            ref=ref({"type": "Task", "id": row["id"], "name": row["content"]}),
            name=row["content"] or "",
            project=_name(row["project"]),
            entity=ref(row["entity"]) if row["entity"] else None,
            status=row["sg_status_list"] or "",
            assigned_to_us=any((one["type"], one["id"]) in assigned for one in us),
            step=step,
            kind=next((_name(row[name]) for name in KINDS if row.get(name)), step),
            tags=tuple(dict.fromkeys(_name(tag) for field in TAGS for tag in row.get(field) or [])),
            priority=self._priority(row),
            due=str(row["due_date"]) if row["due_date"] else None,
        )

    def _priority(self, row: Json) -> int:
        schema = self._known()
        field = priorities.find(schema)
        if field is None:
            return priorities.MIDDLE
        return priorities.read(row[field], schema[field]["properties"].get("valid_values", {}).get("value") or [])


def _name(value: Any) -> str:
    """A link's name, or a plain value."""
    return str((value.get("name") if isinstance(value, dict) else value) or "")
