"""The three trackers under a running daemon: projects, tasks and people on each, and a count of what is asked.

ShotGrid and ftrack are the practice servers, Kitsu is a real Zou (`make zou`). Requests are counted in front of the
site, by the proxy that the tests use; an event stream does not pass it.
"""

from __future__ import annotations

import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from gateway import Gateway
from gazu import client as raw
from kitsu_site import RUNNING, Studio
from practice import Practice
from practice_ftrack import Practice as FtrackPractice
from zou import Zou, running_zou

KINDS = ("shotgrid", "ftrack", "kitsu")
PUSHES = {"shotgrid": (False,), "ftrack": (True, False), "kitsu": (True, False)}
"""With and without a push channel. ShotGrid has none: its webhooks call an address, and a studio's daemon has none."""


class Site(Protocol):
    """One tracker."""

    kind: str
    url: str
    user: str
    key: str
    options: dict[str, str]
    statuses: dict[str, str]
    """What `[statuses]` of a show says."""
    ready: str
    later: str
    review: str

    def project(self, name: str, shots: int) -> None:
        """A project with so many shots."""

    def task(self, project: str, shot: int, status: str, brief: str) -> str:
        """A task of ours on a shot; its id."""

    def set_ready(self, task: str) -> None:
        """A person sets a task to ready."""


class ShotGridSite:
    """The practice server, spoken to with the vendor's client."""

    kind, user, ready, later, review = "shotgrid", "wetgate", "rdy", "wtg", "rev"
    options: dict[str, str] = {}
    statuses: dict[str, str] = {}

    def __init__(self, practice: Practice) -> None:
        """People and the group are there."""
        self._box = practice.sandbox
        self.url, self.key = practice.sandbox.url, practice.sandbox.script_key
        self._person = practice.coordinator()
        self._group = self._person.find_one("Group", [["code", "is", "Wetgate"]])
        self._seeded: dict[str, dict[str, Any]] = {}

    def project(self, name: str, shots: int) -> None:
        self._seeded[name] = self._box.seed(name, "SQ01", [_shot(number) for number in range(shots)])

    def task(self, project: str, shot: int, status: str, brief: str) -> str:
        seeded = self._seeded[project]
        values = {
            "project": seeded["project"], "entity": seeded["shots"][_shot(shot)], "content": "cleanup",
            "sg_description": brief, "sg_status_list": status, "task_assignees": [self._group],
        }  # fmt: skip
        return str(self._person.create("Task", values)["id"])

    def set_ready(self, task: str) -> None:
        self._person.update("Task", int(task), {"sg_status_list": self.ready})


class FtrackSite:
    """The practice server, spoken to with the vendor's client."""

    kind, user, ready, later, review = "ftrack", "wetgate", "Ready to start", "Not started", "Pending Review"
    options: dict[str, str] = {}
    statuses = {
        "ready": "Ready to start", "running": "In progress", "waiting": "On Hold", "done": "Pending Review",
        "version": "Pending Review",
    }  # fmt: skip

    def __init__(self, practice: FtrackPractice) -> None:
        """People and the group are there."""
        self._box = practice.sandbox
        self.url, self.key = practice.sandbox.url, practice.sandbox.api_key
        self._person = practice.session()
        self._ids = {row["name"]: row["id"] for row in self._person.query("select name from Status")}
        self._group = self._person.query("Group where name is Wetgate").one()["id"]
        self._shots: dict[str, dict[str, str]] = {}

    def project(self, name: str, shots: int) -> None:
        self._shots[name] = self._box.seed(name, "SQ01", [_shot(number) for number in range(shots)])["shots"]

    def task(self, project: str, shot: int, status: str, brief: str) -> str:
        task, parent = str(uuid.uuid4()), self._shots[project][_shot(shot)]
        values = {
            "id": task, "name": "cleanup", "parent_id": parent, "description": brief, "status_id": self._ids[status]
        }  # fmt: skip
        given = {"id": str(uuid.uuid4()), "context_id": task, "resource_id": self._group, "type": "assignment"}
        self._person.call(
            [
                {"action": "create", "entity_type": kind, "entity_key": [one["id"]], "entity_data": one}
                for kind, one in (("Task", values), ("Appointment", given))
            ]
        )
        return task

    def set_ready(self, task: str) -> None:
        values = {"action": "update", "entity_type": "Task", "entity_key": [task]}
        self._person.call([{**values, "entity_data": {"status_id": self._ids[self.ready]}}])


class KitsuSite:
    """A real Zou, spoken to with gazu."""

    kind, ready, later, review = "kitsu", "ready", "todo", "wfa"
    statuses = {"ready": "ready", "running": RUNNING, "waiting": "todo", "done": "wfa", "version": "wfa"}

    def __init__(self, zou: Zou) -> None:
        """Hire people and the bot."""
        self._studio = Studio(zou)
        self.url, self.user, self.key = zou.url, self._studio.bot["email"], self._studio.token
        self.options = {"event_url": zou.events}
        self._shots: dict[str, list[Any]] = {}

    def project(self, name: str, shots: int) -> None:
        made = self._studio.project(name)
        first = self._studio.shot(made, name=_shot(0))
        values = {"project_id": made["id"], "sequence_id": first["parent_id"]}
        self._shots[name] = [first]
        for number in range(1, shots):
            path = f"data/projects/{made['id']}/shots"
            self._shots[name].append(raw.post(path, {**values, "name": _shot(number)}, client=self._studio.admin))

    def task(self, project: str, shot: int, status: str, brief: str) -> str:
        place = self._shots[project][shot]
        made = self._studio.task(place, f"cleanup {shot}", status, [self._studio.bot], description=brief)
        return str(made["id"])

    def set_ready(self, task: str) -> None:
        self._studio.comment(task, "", self.ready)


@contextmanager
def site(kind: str, folder: Path) -> Iterator[Site]:
    """A tracker for one block."""
    if kind == "kitsu":
        with running_zou() as zou:
            yield KitsuSite(zou)
        return
    practice = Practice(folder) if kind == "shotgrid" else FtrackPractice(folder)
    try:
        yield ShotGridSite(practice) if isinstance(practice, Practice) else FtrackSite(practice)
    finally:
        practice.close()


@contextmanager
def counted(site: Site, folder: Path) -> Iterator[Gateway]:
    """A proxy in front of *site*, which knows what passed."""
    gateway = Gateway(site.url, folder)
    try:
        yield gateway
    finally:
        gateway.close()


def asked(gateway: Gateway) -> Counter[str]:
    """What passed, by its path without ids."""
    names = (_plain(call.path) for call in gateway.plan.calls)
    return Counter(names)


def _plain(path: str) -> str:
    return "/".join("*" if any(sign.isdigit() for sign in part) and len(part) > 8 else part for part in path.split("/"))


def _shot(number: int) -> str:
    return f"SH{number:04d}"
