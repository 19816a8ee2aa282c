"""What would keep Wetgate from working on a site. Nothing that is looked at is changed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...schema.errors import ConnectorError, NotPermitted
from ...schema.tracker import Problem
from .client import Client, Json
from .wire import Wire

MOST_SKEW = 60.0
"""Seconds by which the clocks may differ; notes and versions are told apart by their times."""
_WRITES = {
    "Version": ("code", "a version"),
    "Note": ("subject", "a note"),
    "PublishedFile": ("code", "a published file"),
    "Playlist": ("code", "a playlist"),
}
_NEEDED = {
    "Task": ("sg_description", "sg_status_list", "task_assignees", "due_date"),
    "Version": (
        "sg_task", "sg_status_list", "sg_first_frame", "sg_last_frame", "frame_count", "frame_range",
        "sg_path_to_frames", "sg_path_to_movie", "sg_uploaded_movie",
    ),
    "Note": ("tasks", "note_links", "content", "subject"),
}  # fmt: skip
_NOWHERE = 0
"""An id that no entity has."""


def examine(
    client: Client, wire: Wire, project: str, group: str, key_field: str, statuses: Sequence[str]
) -> tuple[Problem, ...]:
    """Every problem found, each with what to change; the first one that hides the rest ends the look."""
    try:
        client.read("the site", lambda sg: sg.info())
        client.read("our login", lambda sg: sg.find_one("Project", [], ["name"]))
    except ConnectorError as error:
        return (Problem(what=str(error), mend="Check url, script_name and key, and the network to the site."),)
    problems = []
    try:
        row = client.read("projects", lambda sg: sg.find_one("Project", [["name", "is", project]], ["archived"]))
        problems += _project(row, project)
        problems += _group(client, group)
        problems += _fields(client, key_field)
        problems += _statuses(client, row, statuses)
        problems += _script(client)
        problems += _clock(wire)
        problems += _storages(client)
        if row is not None:
            problems += _writes(client, {"type": "Project", "id": row["id"]})
    except ConnectorError as error:
        problems.append(Problem(what=str(error), mend="Give the script a permission group that may read this."))
    return tuple(problems)


def _project(row: Json | None, project: str) -> list[Problem]:
    if row is None:
        return [
            Problem(
                what=f"The site shows no project '{project}'.",
                mend="Set `project` in the show's settings to its name, or let the script see it.",
            )
        ]
    if row["archived"]:
        return [Problem(what=f"The project '{project}' is archived.", mend="Unarchive it, or remove the show.")]
    return []


def _group(client: Client, group: str) -> list[Problem]:
    if client.read("groups", lambda sg: sg.find_one("Group", [["code", "is", group]])):
        return []
    named = [{"filter_operator": "any", "filters": [["name", "is", group], ["login", "is", group]]}]
    if client.read("people", lambda sg: sg.find_one("HumanUser", named)):
        return []
    mend = f"Make a group '{group}' on the site, or set `group` to one that exists."
    return [Problem(what=f"The site has no group and no person '{group}'.", mend=mend)]


def _fields(client: Client, key_field: str) -> list[Problem]:
    problems = []
    for kind, needed in _NEEDED.items():
        known = _schema(client, kind, None)
        if kind != "Task":
            problems += _key_field(known, kind, key_field)
        problems += [
            Problem(
                what=f"{kind} has no field '{field}' on this site.",
                mend=f"Add it to {kind} under its usual name; a site has it unless somebody removed it.",
            )
            for field in needed
            if field not in known
        ]
    return problems


def _key_field(known: Json, kind: str, field: str) -> list[Problem]:
    if field not in known:
        label = field.removeprefix("sg_").replace("_", " ").title()
        return [
            Problem(
                what=f"{kind} has no field '{field}', so nothing could be published safely twice.",
                mend=f"Add a text field '{label}' to {kind}, or set `key_field` to one that Version and Note have.",
            )
        ]
    if known[field]["data_type"]["value"] != "text":
        return [Problem(what=f"{kind}.{field} is not a text field.", mend="Set `key_field` to a text field.")]
    return []


def _statuses(client: Client, project: Json | None, statuses: Sequence[str]) -> list[Problem]:
    known: set[str] = set()
    hidden: dict[str, set[str]] = {}
    for kind in ("Task", "Version"):
        properties = _schema(client, kind, project)["sg_status_list"]["properties"]
        listed = set(properties.get("valid_values", {}).get("value") or [])
        known |= listed
        for status in listed & set(properties.get("hidden_values", {}).get("value") or []):
            hidden.setdefault(status, set()).add(kind)
    problems = [
        Problem(
            what=f"The site has no status '{status}' for tasks or versions.",
            mend=f"Change [statuses] in the show's settings; the site has {', '.join(sorted(known))}.",
        )
        for status in statuses
        if status not in known
    ]
    return problems + [
        Problem(
            what=f"The status '{status}' is hidden from people in this project ({', '.join(sorted(hidden[status]))}).",
            mend="Show it in the project's status settings, or choose another in [statuses].",
            stops=False,
        )
        for status in statuses
        if len(hidden.get(status, ())) == 2
    ]


def _script(client: Client) -> list[Problem]:
    name = client.script_name
    if client.read("scripts", lambda sg: sg.find_one("ApiUser", [["firstname", "is", name]])):
        return []
    mend = "Let the script see ApiUser: without it our own notes are known only until the next restart."
    return [Problem(what=f"The site does not show us our own script '{name}'.", mend=mend)]


def _clock(wire: Wire) -> list[Problem]:
    there = wire.clock()
    skew = time.time() - there if there is not None else 0.0
    if abs(skew) <= MOST_SKEW:
        return []
    way = "ahead of" if skew > 0 else "behind"
    return [
        Problem(
            what=f"This machine's clock is {abs(skew):.0f} s {way} the site's.",
            mend="Switch on time synchronisation (chrony or systemd-timesyncd) on this machine.",
            stops=False,
        )
    ]


def _storages(client: Client) -> list[Problem]:
    rows = client.read("storages", lambda sg: sg.find("LocalStorage", [], ["linux_path"]))
    roots = sorted({row["linux_path"] for row in rows if row["linux_path"]})
    if not roots or any(Path(root).is_dir() for root in roots):
        return []
    return [
        Problem(
            what=f"None of the site's storages is mounted on this machine ({', '.join(roots)}).",
            mend="Mount the shows where the site's LocalStorages say, or correct their Linux paths on the site.",
            stops=False,
        )
    ]


def _writes(client: Client, project: Json) -> list[Problem]:
    """What the script may not create: tried in a batch whose second step must fail, so the site undoes the first."""
    problems = []
    for kind, (field, name) in _WRITES.items():
        steps: list[Any] = [
            {"request_type": "create", "entity_type": kind, "data": {"project": project, field: "Wetgate doctor"}},
            {"request_type": "update", "entity_type": kind, "entity_id": _NOWHERE, "data": {field: "Wetgate doctor"}},
        ]
        refused = _refused(client, f"Making {name}", steps)
        if refused:
            mend = f"Give the script '{client.script_name}' a permission group that may create {kind}."
            problems.append(Problem(what=refused, mend=mend))
    return problems


def _refused(client: Client, what: str, steps: list[Any]) -> str:
    """What the site says against the steps for lack of a right; else it says something about the last one."""
    try:
        client.write(what, lambda sg: sg.batch(steps))
    except NotPermitted as error:
        return str(error)
    except ConnectorError:
        return ""
    return ""


def _schema(client: Client, kind: str, project: Json | None) -> Json:
    found: Json = client.read(f"fields of {kind}", lambda sg: sg.schema_field_read(kind, project_entity=project))
    return found
