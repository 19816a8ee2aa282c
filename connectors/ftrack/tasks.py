"""Tasks as the site has them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from ...schema.errors import EntityNotFound
from ...schema.tracker import EntityRef, TrackerTask
from .client import Client, among, quoted
from .session import Row
from .site import Site, urgency

_FIELDS = (
    "id, name, description, end_date, type_id, project_id, project.name, project.full_name, parent.name, "
    "status.name, status.state.short, type.name, priority.name, scopes.name, assignments.resource_id"
)
CLOSED = ("DONE",)


class Tasks:
    """Reads tasks."""

    def __init__(self, client: Client, site: Site, final: Sequence[str]) -> None:
        """Statuses named in *final*, and those whose state is done, end a task."""
        self._client = client
        self._site = site
        self._final = {name.lower() for name in final}

    def ours(self, projects: Sequence[str], only: Collection[str] | None) -> list[TrackerTask]:
        """Every task of the projects that is assigned to us and still open, or of those the ones in *only*.

        A project goes by its name or its full name.
        """
        if only is not None and not only:
            return []
        us, names = self._site.us(), among(projects)
        rows = self._client.query(
            "our tasks",
            f"select {_FIELDS} from Task where (project.name in {names} or project.full_name in {names}) "
            f"and assignments any (resource_id in {among(us)})"
            + (f" and id in {among(sorted(only))}" if only is not None else ""),
        )
        return [self._task(row, us, projects) for row in rows if not self._closed(row)]

    def row(self, key: str) -> Row:
        """A task's row; raises EntityNotFound when it is gone."""
        found = self._client.first(f"task {key}", f"select {_FIELDS} from Task where id is {quoted(key)}")
        if not found:
            raise EntityNotFound(f"The tracker has no task {key} (any more).")
        return found[0]

    def task(self, key: str) -> TrackerTask:
        """A task as it stands now."""
        return self.of(self.row(key))

    def of(self, row: Row) -> TrackerTask:
        """The task of a row."""
        return self._task(row, self._site.us())

    def _closed(self, row: Row) -> bool:
        status = row.get("status") or {}
        state = (status.get("state") or {}).get("short")
        return state in CLOSED or str(status.get("name")).lower() in self._final

    def _task(self, row: Row, us: list[str], asked: Sequence[str] = ()) -> TrackerTask:
        due = row.get("end_date")
        kind = (row.get("type") or {}).get("name") or ""
        assigned = {one.get("resource_id") for one in row.get("assignments") or []}
        return TrackerTask(
            ref=EntityRef(type="Task", id=str(row["id"]), name=row["name"] or ""),
            name=row["name"] or "",
            project=_project(row, asked),
            entity=ref(row.get("parent")),
            status=(row.get("status") or {}).get("name") or "",
            assigned_to_us=bool(assigned & set(us)),
            step=kind,
            kind=kind,
            tags=tuple(one["name"] for one in row.get("scopes") or []),
            priority=urgency(row.get("priority")),
            due=due.date().isoformat() if isinstance(due, datetime) else None,
        )


def _project(row: Row, asked: Sequence[str]) -> str:
    """The project's name, or the full name where it was asked for by that."""
    project = row.get("project") or {}
    names = [str(project.get(one) or "") for one in ("name", "full_name")]
    return next((name for name in names if name in asked), names[0])


def ref(row: Row | None) -> EntityRef | None:
    """A row as a reference."""
    if not row:
        return None
    return EntityRef(type=str(row["__entity_type__"]), id=str(row["id"]), name=str(row.get("name") or ""))
