"""What would keep Wetgate from working on a site."""

from __future__ import annotations

from collections.abc import Sequence

from ...schema.errors import ConnectorError
from ...schema.tracker import Problem
from .client import Client, Json


def examine(client: Client, project: str, group: str, key_field: str, statuses: Sequence[str]) -> tuple[Problem, ...]:
    """Every problem found, each with what to change; the first one that hides the rest ends the look."""
    try:
        client.read("the site", lambda sg: sg.info())
        client.read("our login", lambda sg: sg.find_one("Project", [], ["name"]))
    except ConnectorError as error:
        return (Problem(what=str(error), mend="Check url, script_name and key, and the network to the site."),)
    problems = []
    try:
        problems += _project(client, project)
        problems += _group(client, group)
        for kind in ("Version", "Note"):
            problems += _key_field(client, kind, key_field)
        problems += _statuses(client, statuses)
        problems += _script(client)
    except ConnectorError as error:
        problems.append(Problem(what=str(error), mend="Give the script a permission group that may read this."))
    return tuple(problems)


def _project(client: Client, project: str) -> list[Problem]:
    found = client.read("projects", lambda sg: sg.find_one("Project", [["name", "is", project]], ["archived"]))
    if found is None:
        return [
            Problem(
                what=f"The site shows no project '{project}'.",
                mend="Set `project` in the show's settings to its name, or let the script see it.",
            )
        ]
    if found["archived"]:
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


def _key_field(client: Client, kind: str, field: str) -> list[Problem]:
    fields = client.read(f"fields of {kind}", lambda sg: sg.schema_field_read(kind))
    if field not in fields:
        label = field.removeprefix("sg_").replace("_", " ").title()
        return [
            Problem(
                what=f"{kind} has no field '{field}', so nothing could be published safely twice.",
                mend=f"Add a text field '{label}' to {kind}, or set `key_field` to one that Version and Note have.",
            )
        ]
    if fields[field]["data_type"]["value"] != "text":
        return [Problem(what=f"{kind}.{field} is not a text field.", mend="Set `key_field` to a text field.")]
    return []


def _statuses(client: Client, statuses: Sequence[str]) -> list[Problem]:
    known: set[str] = set()
    for kind in ("Task", "Version"):
        schema = _status_field(client, kind)
        known |= set(schema["sg_status_list"]["properties"].get("valid_values", {}).get("value") or [])
    return [
        Problem(
            what=f"The site has no status '{status}' for tasks or versions.",
            mend=f"Change [statuses] in the show's settings; the site has {', '.join(sorted(known))}.",
        )
        for status in statuses
        if status not in known
    ]


def _script(client: Client) -> list[Problem]:
    name = client.script_name
    if client.read("scripts", lambda sg: sg.find_one("ApiUser", [["firstname", "is", name]])):
        return []
    mend = "Let the script see ApiUser: without it our own notes are known only until the next restart."
    return [Problem(what=f"The site does not show us our own script '{name}'.", mend=mend)]


def _status_field(client: Client, kind: str) -> Json:
    found: Json = client.read(f"statuses of {kind}", lambda sg: sg.schema_field_read(kind, "sg_status_list"))
    return found
