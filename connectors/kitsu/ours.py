"""The tasks that are assigned to us, of several projects by one question."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ...schema.errors import TrackerRejected
from .client import Client, Json
from .many import listed, pages
from .site import Site


class OurTasks:
    """Asks once for each person that we are, however many projects there are."""

    def __init__(self, client: Client, site: Site, group: str) -> None:
        """*group* names, for people, whose tasks are ours."""
        self._client, self._site, self._group = client, site, group

    def rows(self, projects: Sequence[str], only: Collection[str] | None) -> list[Json]:
        """Open tasks, oldest first; of those the ones in *only*.

        Raises EntityNotFound where a project is not shown to us, and TrackerRejected where we are in no team.
        """
        teams: dict[frozenset[str], list[str]] = {}
        for project in projects:
            # The site tells nothing of a project that we may not see (any more), neither tasks nor events: an empty
            # answer would be taken for no work.
            number = self._site.project(project, anew=True)["id"]
            us = self._site.us(number)
            if not us:
                raise TrackerRejected(
                    f"Nobody in the team of '{project}' is called '{self._group}', or is in a department of that name."
                )
            teams.setdefault(us, []).append(number)
        found: dict[str, Json] = {}
        for us, numbers in teams.items():
            for person in sorted(us):
                for row in self._of(person, numbers, only):
                    if self._site.is_open(row):
                        found[row["id"]] = row
        return sorted(found.values(), key=lambda row: (row["created_at"], row["id"]))

    def _of(self, person: str, projects: list[str], only: Collection[str] | None) -> Iterator[Json]:
        for some in pages(projects, lists=2):
            asked = {"project_id": listed(some), "assignees": person, "relations": "true"}
            if only is None:
                yield from self._client.get("our tasks", "data/tasks", **asked)
                continue
            for ids in pages(sorted(only), lists=2):
                yield from self._client.get("our tasks", "data/tasks", **asked, id=listed(ids))
