"""What the connector knows of a site: who we are, which statuses a project has, how urgent is urgent."""

from __future__ import annotations

import time
from typing import Any

from ...schema.errors import EntityNotFound, TrackerRejected
from .client import Client, among, quoted
from .session import Row

KEPT_SECONDS = 60.0
_URGENCY = {"urgent": 90, "high": 75, "medium": 50, "normal": 50, "low": 25, "none": 50}
_STATUSES = (
    "select id, name, full_name, status, project_schema.task_workflow_schema.statuses.name, "
    "project_schema.asset_version_workflow_schema.statuses.name, "
    "project_schema.task_workflow_schema_overrides.type_id, "
    "project_schema.task_workflow_schema_overrides.workflow_schema.statuses.name from Project"
)


class Site:
    """Looks things up, and keeps what rarely changes."""

    def __init__(self, client: Client, group: str) -> None:
        """Tasks are ours when they are assigned to *group*, a group or a person, or to the API user."""
        self.client = client
        self.group = group
        self._me = ""
        self._us: list[str] = []
        self._us_at = 0.0
        self._projects: dict[str, Row] = {}

    def me(self) -> str:
        """The id of the user that we log in as."""
        if not self._me:
            asked = f"select id from User where username is {quoted(self.client.user)}"
            found = self.client.first("our user", asked)
            if not found:
                raise TrackerRejected(f"The site does not show us our own user '{self.client.user}'.")
            self._me = str(found[0]["id"])
        return self._me

    def us(self) -> list[str]:
        """Ids of the group or person and of our own user, asked anew now and then: people make groups while we run."""
        if self._us and time.monotonic() - self._us_at < KEPT_SECONDS:
            return self._us
        name = quoted(self.group)
        groups = self.client.first("groups", f"select id from Group where name is {name}", 10)
        people = []
        if not groups:
            people = self.client.first("people", f"select id from User where username is {name}", 10)
        if not groups and not people:
            raise TrackerRejected(f"The site has no group and no person '{self.group}'.")
        self._us = list(dict.fromkeys([*(str(one["id"]) for one in [*groups, *people]), self.me()]))
        self._us_at = time.monotonic()
        return self._us

    def project(self, name: str) -> Row:
        """A project by its name or full name, with the statuses that its scheme allows."""
        found = self._find(f"name is {quoted(name)}") or self._find(f"full_name is {quoted(name)}")
        if found is None:
            raise EntityNotFound(f"The tracker has no project '{name}'.")
        return found

    def statuses(self, project: str, kind: str, type_id: str | None = None) -> dict[str, str]:
        """Status names, as the site spells them, with their ids, for Task or AssetVersion in a project's id."""
        row = self._projects.get(project) or self._find(f"id is {quoted(project)}")
        scheme = (row or {}).get("project_schema") or {}
        if kind == "AssetVersion":
            workflow = scheme.get("asset_version_workflow_schema")
        else:
            workflow = scheme.get("task_workflow_schema")
            for override in scheme.get("task_workflow_schema_overrides") or []:
                if type_id is not None and override.get("type_id") == type_id:
                    workflow = override.get("workflow_schema")
        return {str(one["name"]): str(one["id"]) for one in (workflow or {}).get("statuses") or []}

    def status(self, project: str, kind: str, name: str, type_id: str | None = None) -> str:
        """The id of a status; raises TrackerRejected where the project has none of that name."""
        for fresh in (False, True):
            if fresh:
                self._projects.pop(project, None)
            found = self.statuses(project, kind, type_id)
            for spelled, key in found.items():
                if spelled.lower() == name.lower():
                    return key
        raise TrackerRejected(
            f"{kind} has no status '{name}' in this project; it has {', '.join(found) or 'none'}. "
            "Change [statuses] in the show's settings."
        )

    def logins(self, users: list[str]) -> dict[str, str]:
        """User names by id; collaborators have none."""
        wanted = sorted({one for one in users if one})
        if not wanted:
            return {}
        rows = self.client.query("people", f"select id, username from User where id in {among(wanted)}")
        return {str(row["id"]): str(row["username"]) for row in rows}

    def _find(self, criteria: str) -> Row | None:
        rows = self.client.first("project", f"{_STATUSES} where {criteria}")
        if not rows:
            return None
        self._projects[str(rows[0]["id"])] = rows[0]
        return rows[0]


def urgency(priority: Any) -> int:
    """A task's priority as 0..100; a site's own ones count as medium."""
    name = str((priority or {}).get("name") or "").lower()
    return _URGENCY.get(name, 50)
