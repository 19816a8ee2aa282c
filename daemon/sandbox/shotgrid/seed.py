"""The practice project: what a new sandbox holds, so that a first task can be assigned at once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..keys import kept_key
from .auth import Caller
from .permissions import RULE_SETS
from .site import Site

SCRIPT = "wetgate"
GROUP = "Wetgate"
COORDINATOR = "coordinator"
ARTIST = "artist"
STEPS = (("Continuity", "continuity", "Shot"), ("Cleanup", "cleanup", "Shot"), ("Editorial", "editorial", "Shot"))

_SEEDER = Caller(user={"type": "ApiUser", "id": 1}, name=SCRIPT, logs_events=False)


class Access:
    """The ways into a sandbox, kept in files that only their owner may read."""

    def __init__(self, folder: Path) -> None:
        """Read the files in *folder*, or make them."""
        self.key_file = folder / "script_key"
        self.password_file = folder / "coordinator_password"

    @property
    def script_key(self) -> str:
        """The key of the script `wetgate`."""
        return kept_key(self.key_file)

    @property
    def coordinator_password(self) -> str:
        """The password of the login `coordinator`."""
        return kept_key(self.password_file)


def seed_site(site: Site, access: Access) -> None:
    """Script, people, group and pipeline steps; does nothing where they are."""
    with site.storage.transaction():
        script = _one(site, "ApiUser", "firstname", SCRIPT, {"lastname": "script", "description": "Wetgate"})
        coordinator = _person(site, COORDINATOR, "Cora", "Coordinator")
        artist = _person(site, ARTIST, "Arto", "Artist")
        group = _one(site, "Group", "code", GROUP, {})
        if not group.get("users"):
            site.writes.update("Group", group["id"], {"users": [_link(artist)]}, _SEEDER)
        site.auth.set_secret("ApiUser", script["id"], access.script_key)
        site.auth.set_secret("HumanUser", coordinator["id"], access.coordinator_password)
        for order, (name, short, kind) in enumerate(STEPS, start=1):
            _one(site, "Step", "code", name, {"short_name": short, "entity_type": kind, "list_order": order})
        _one(site, "Project", "name", "Template Project", {"is_template": True})
        _one(site, "Page", "name", "Projects", {"last_accessed": site.writes.at()})
        for code in RULE_SETS:
            _one(site, "PermissionRuleSet", "code", code, {"display_name": code.replace("_", " ")})


def seed_project(site: Site, name: str, sequence: str, shots: Iterable[str], *, code: str = "") -> dict[str, Any]:
    """A project with one sequence and shots; gives their links by name. Does nothing where they are."""
    with site.storage.transaction():
        people = [_link(record) for record in site.storage.all("HumanUser").values()]
        values = {"code": code or name, "sg_status": "Active", "users": people}
        project = _link(_one(site, "Project", "name", name, values))
        within = {"project": project}
        scene = _link(_one(site, "Sequence", "code", sequence, within, within))
        made = {
            shot: _link(_one(site, "Shot", "code", shot, {**within, "sg_sequence": scene}, within)) for shot in shots
        }
    return {"project": project, "sequence": scene, "shots": made}


def deny(site: Site, script: str, rules: list[str]) -> None:
    """Take from a script what *rules* name; none gives it back."""
    for record in site.storage.all("ApiUser").values():
        if record.get("firstname") == script:
            site.auth.deny("ApiUser", record["id"], rules)


def _person(site: Site, login: str, first: str, last: str) -> dict[str, Any]:
    values = {"firstname": first, "lastname": last, "email": f"{login}@example.com", "sg_status_list": "act"}
    return _one(site, "HumanUser", "login", login, values)


def _one(
    site: Site, kind: str, field: str, value: str, values: dict[str, Any], within: dict[str, Any] | None = None
) -> dict[str, Any]:
    for record in site.storage.all(kind).values():
        same = all(record.get(name) == wanted for name, wanted in (within or {}).items())
        if record.get(field) == value and same and not record.get("_retired"):
            return record
    return site.writes.create(kind, {field: value, **values}, _SEEDER)


def _link(record: dict[str, Any]) -> dict[str, Any]:
    return {"type": record["type"], "id": record["id"]}
