"""What a site has beside tasks: people, statuses, task types, projects and entities, each asked for now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from ...schema.errors import EntityNotFound, TrackerRejected
from ...schema.tracker import EntityRef, TrackerTask
from .client import Client, Json
from .many import listed, pages

T = TypeVar("T")

KEEP_SECONDS = 300.0
"""People, names and lists change seldom."""
ANEW_SECONDS = 20.0
"""What is not found in an answer older than this is asked for anew."""


class Site:
    """Reads of one site, remembered for a while."""

    def __init__(self, client: Client, group: str, final_statuses: Sequence[str]) -> None:
        """*group* names the person, bot or department whose tasks are ours."""
        self._client = client
        self._group = group
        self._final = frozenset(final_statuses)
        self._kept: dict[str, tuple[float, Any]] = {}
        self._entities: dict[str, tuple[float, Json]] = {}

    def project(self, name: str, *, anew: bool = False) -> Json:
        """The project of that name. Raises EntityNotFound."""
        if name not in self._projects(anew=anew):
            self._kept.pop("projects", None)
        found = self._projects().get(name)
        if found is None:
            raise EntityNotFound(f"The tracker has no project '{name}', or does not show it to us.")
        return found

    def project_of(self, number: str) -> Json:
        """The project of an id. Raises EntityNotFound."""
        known = next((one for one in self._projects().values() if one["id"] == number), None)
        if known is not None:
            return known
        found: Json = self._keep(
            f"project id {number}", lambda: self._client.get(f"project {number}", f"data/projects/{number}")
        )
        return found

    def statuses(self, *, anew: bool = False) -> list[Json]:
        """Every task status of the site."""
        found: list[Json] = self._keep("statuses", lambda: self._client.get("statuses", "data/task-status"), anew=anew)
        return found

    def status(self, code: str) -> Json:
        """The status of a short name. Raises TrackerRejected where the site has none of it."""
        for anew in (False, True):
            for one in self.statuses(anew=anew):
                if one["short_name"] == code and not one.get("archived"):
                    return one
        codes = ", ".join(sorted(one["short_name"] for one in self.statuses() if not one.get("archived")))
        raise TrackerRejected(
            f"The site has no task status '{code}'; it has {codes}. Change [statuses] in the show's settings."
        )

    def code(self, number: str | None) -> str:
        """A status's short name; empty for none."""
        for anew in (False, True):
            for one in self.statuses(anew=anew):
                if one["id"] == number:
                    return str(one["short_name"])
        return ""

    def is_open(self, task: Json) -> bool:
        """Whether there may be work left on a task."""
        number = task["task_status_id"]
        status = next((one for one in self.statuses() if one["id"] == number), None)
        return status is None or not (status["is_done"] or status["short_name"] in self._final)

    def team(self, project: str, *, anew: bool = False) -> list[Json]:
        """The people and bots of a project, by its id, with e-mails where we may see them."""
        found: list[Json] = self._keep(
            f"team {project}",
            lambda: self._client.get("the project's team", f"data/projects/{project}/team"),
            anew=anew,
        )
        return found

    def us(self, project: str) -> frozenset[str]:
        """The ids of those in the project's team whose tasks are ours."""
        if self._group == self._client.script_name:
            # People who are no managers are not shown e-mails, not even their own in the team.
            return frozenset({self._client.me["id"]})
        for anew in (False, True):
            team = self.team(project, anew=anew)
            named = {one["id"] for one in team if self._group in map(one.get, ("full_name", "email", "desktop_login"))}
            if named:
                return frozenset(named)
            departments = {one["id"] for one in self._departments() if one["name"] == self._group}
            members = {one["id"] for one in team if departments & set(one.get("departments") or [])}
            if members:
                return frozenset(members)
        return frozenset()

    def login(self, person: str | None) -> str:
        """What a person logs in with: the e-mail, or the desktop login where the e-mail is not shown to us."""
        if person is None:
            return ""
        found = self.person(person)
        return str(found.get("email") or found.get("desktop_login") or found.get("full_name") or "")

    def person(self, number: str) -> Json:
        """A person or bot of an id; empty where it is gone."""

        def ask() -> Json:
            try:
                found: Json = self._client.get(f"person {number}", f"data/persons/{number}")
            except EntityNotFound:
                return {}
            return found

        result: Json = self._keep(f"person {number}", ask)
        return result

    def tasks(self, rows: Sequence[Json]) -> list[TrackerTask]:
        """Tasks as the site gives them, in our words."""
        entities = self._places({row["entity_id"] for row in rows})
        return [self._task(row, entities) for row in rows]

    def entity(self, number: str) -> Json:
        """A shot, asset or the like of an id; empty where it is gone."""
        return self._places({number}).get(number) or {}

    def _task(self, row: Json, entities: dict[str, Json]) -> TrackerTask:
        kinds = self._by_id("task types", "data/task-types")
        departments = {one["id"]: one["name"] for one in self._departments()}
        kind = kinds.get(row["task_type_id"]) or {}
        kind_name = str(kind.get("name") or "")
        # A task that nobody named is called "main" on every site.
        name = kind_name if row["name"] == "main" and kind_name else row["name"]
        project = self.project_of(row["project_id"])
        return TrackerTask(
            ref=EntityRef(type="Task", id=row["id"], name=name),
            name=name,
            project=project["name"],
            entity=self._place(entities.get(row["entity_id"]), entities),
            status=self.code(row["task_status_id"]),
            assigned_to_us=bool(self.us(row["project_id"]) & set(row["assignees"])),
            step=str(departments.get(kind.get("department_id")) or ""),
            kind=kind_name,
            priority=_priority(row["priority"]),
            due=(row["due_date"] or "")[:10] or None,
        )

    def _place(self, entity: Json | None, entities: dict[str, Json]) -> EntityRef | None:
        if not entity:
            return None
        name = str(entity["name"])
        parent = (entities.get(entity["parent_id"] or "") or {}).get("name")
        # Shots are named within their sequence: SH010 is on every second one.
        if parent and entity["type"] == "Shot" and not name.startswith(str(parent)):
            name = f"{parent}_{name}"
        return EntityRef(type=entity["type"], id=entity["id"], name=name)

    def _places(self, wanted: Iterable[str]) -> dict[str, Json]:
        """Entities by id, with their parents."""
        now = time.monotonic()
        ask = {one for one in wanted if one}
        found: dict[str, Json] = {}
        for _ in range(2):
            kept = {
                one: self._entities[one][1] for one in ask if one in self._entities and self._entities[one][0] > now
            }
            for row in self._rows("entities", sorted(ask - set(kept))):
                kept[row["id"]] = row
                self._entities[row["id"]] = (now + KEEP_SECONDS, row)
            found |= kept
            ask = {row["parent_id"] for row in kept.values() if row["parent_id"]} - set(found)
        return found

    def _rows(self, kind: str, ids: Sequence[str]) -> list[Json]:
        rows: list[Json] = []
        for some in pages(ids):
            rows += self._client.get(kind, f"data/{kind}", id=listed(some))
        return rows

    def _departments(self) -> list[Json]:
        found: list[Json] = self._keep("departments", lambda: self._client.get("departments", "data/departments"))
        return found

    def _by_id(self, what: str, path: str) -> dict[str, Json]:
        rows: list[Json] = self._keep(what, lambda: self._client.get(what, path))
        return {row["id"]: row for row in rows}

    def _projects(self, *, anew: bool = False) -> dict[str, Json]:
        """What the site shows us, by name: to all but admins the open projects in whose team they are."""
        rows: list[Json] = self._keep("projects", lambda: self._client.get("projects", "data/projects"), anew=anew)
        return {row["name"]: row for row in rows}

    def _keep(self, name: str, ask: Callable[[], T], *, anew: bool = False) -> T:
        kept = self._kept.get(name)
        if kept is not None and time.monotonic() - kept[0] < (ANEW_SECONDS if anew else KEEP_SECONDS):
            value: T = kept[1]
            return value
        answer = ask()
        self._kept[name] = (time.monotonic(), answer)
        return answer


def _priority(level: int | None) -> int:
    """Kitsu's four levels, from normal (0) to emergency (3), as 50 to 100."""
    return 50 + round(50 * min(max(level or 0, 0), 3) / 3)
