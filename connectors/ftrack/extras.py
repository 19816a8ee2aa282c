"""Lists for review, and time-logs: each entry made once."""

from __future__ import annotations

from ...schema.errors import AmbiguousResult, TrackerRejected
from ...schema.tracker import EntityRef
from .client import Client, Duplicate, create, own_id, quoted
from .session import Row
from .site import Site

_CATEGORY = "Dailies"


class Extras:
    """Writes what is not essential."""

    def __init__(self, client: Client, site: Site) -> None:
        """Find projects and ourselves with *site*."""
        self._client = client
        self._site = site

    def playlist(self, project: str, name: str, version: EntityRef) -> None:
        """Put the version on the list of that name, which is made where it is missing."""
        key = str(self._site.project(project)["id"])
        listed = self._list(key, name)
        where = f"list_id is {quoted(listed)} and entity_id is {quoted(version.id)}"
        if not self._client.first("list", f"select id from ListObject where {where}"):
            values = {"id": own_id("listed", listed, version.id), "list_id": listed, "entity_id": version.id}
            self._once(f"list '{name}'", create("ListObject", values))

    def log_time(self, task: EntityRef, key: str, day: str, minutes: int) -> None:
        """Log time on an ISO day, once for one key."""
        number = own_id("time", key)
        if self._client.first("time", f"select id from Timelog where id is {quoted(number)}"):
            return
        values = {
            "id": number,
            "start": {"__type__": "datetime", "value": f"{day}T00:00:00"},
            "duration": minutes * 60,
            "user_id": self._site.me(),
            "context_id": task.id,
            "comment": "",
        }
        self._once(f"time on {task.name or task.id}", create("Timelog", values))

    def _list(self, project: str, name: str) -> str:
        asked = (
            f"select id, name from AssetVersionList where project_id is {quoted(project)} and name is {quoted(name)}"
        )
        found = [row for row in self._client.query("list", f"{asked} order by date") if row["name"] == name]
        if found:
            return str(found[0]["id"])
        categories = self._client.query("list categories", "select id, name from ListCategory")
        chosen = [one for one in categories if one["name"] == _CATEGORY] or categories
        if not chosen:
            raise TrackerRejected("The site has no list category. Make one, for example 'Dailies'.")
        key = own_id("list", project, name)
        values: Row = {"id": key, "name": name, "project_id": project, "category_id": chosen[0]["id"]}
        self._once(f"list '{name}'", create("AssetVersionList", values | {"user_id": self._site.me()}))
        return key

    def _once(self, what: str, operation: Row) -> None:
        """Make an entity of ours; that it is there already is what was asked for."""
        try:
            self._client.write(what, [operation])
        except Duplicate:
            pass
        except AmbiguousResult:
            key = quoted(str(operation["entity_data"]["id"]))
            if not self._client.first(what, f"select id from {operation['entity_type']} where id is {key}"):
                raise
