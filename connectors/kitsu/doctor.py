"""What would keep Wetgate from working on a site."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from ...schema.errors import ConnectorError, EntityNotFound, TrackerRejected
from ...schema.tracker import Problem
from .client import Client, Json
from .site import Site

ROLES = ("admin", "manager")
"""Who may read the event log and change the status of every task."""
CLOCK_SECONDS = 60.0


def examine(client: Client, site: Site, project: str, group: str, statuses: Sequence[str]) -> tuple[Problem, ...]:
    """Every problem found, each with what to change; the first one that hides the rest ends the look."""
    try:
        me = client.me
    except ConnectorError as error:
        mend = "Check url, script_name and key, and the network to the site."
        return (Problem(what=str(error), mend=mend),)
    problems: list[Problem] = []
    try:
        problems += _clock(client)
        problems += _statuses(site, statuses)
        problems += _project(client, site, project, group, me, statuses)
    except ConnectorError as error:
        problems.append(Problem(what=str(error), mend="Give our login the role of a production manager."))
    return tuple(problems)


def _clock(client: Client) -> Iterator[Problem]:
    off = abs(client.server_time() - time.time())
    if off > CLOCK_SECONDS:
        yield Problem(
            what=f"The clock of this machine and that of {client.url} are {off:.0f} s apart.",
            mend="Let both follow a time server.",
            stops=False,
        )


def _statuses(site: Site, statuses: Sequence[str]) -> Iterator[Problem]:
    for status in statuses:
        try:
            site.status(status)
        except TrackerRejected as error:
            yield Problem(what=str(error), mend="Change [statuses] in the show's settings, or make the status.")


def _project(client: Client, site: Site, name: str, group: str, me: Json, statuses: Sequence[str]) -> Iterator[Problem]:
    try:
        project = site.project(name, anew=True)
    except EntityNotFound:
        yield Problem(
            what=f"The site shows no project '{name}'.",
            mend=f"Set `project` in the show's settings to its name, and put '{me['full_name']}' in its team.",
        )
        return
    opened = {one["id"]: one for one in client.get("open projects", "data/projects/open")}
    if project["id"] not in opened:
        yield Problem(what=f"The project '{name}' is closed.", mend="Open it again, or remove the show.")
    shown = set((opened.get(project["id"]) or {}).get("task_statuses") or [])
    known = {one["short_name"]: one["id"] for one in site.statuses()}
    for status in statuses:
        # A project that lists none has them all.
        if shown and status in known and known[status] not in shown:
            yield Problem(
                what=f"'{name}' does not use the task status '{status}'.",
                mend="Add it to the project's statuses, or change [statuses] in the show's settings.",
            )
    team = {one["id"]: one for one in site.team(project["id"], anew=True)}
    role = (team.get(me["id"]) or {}).get("project_role") or me["role"]
    if me["role"] not in ROLES and role not in ROLES:
        yield Problem(
            what=f"'{me['full_name']}' is {me['role']} on the site; the event log is shown to managers alone.",
            mend="Give it the role of a production manager, or of an admin.",
        )
    if me["id"] not in team and me["role"] != "admin":
        yield Problem(what=f"'{me['full_name']}' is not in the team of '{name}'.", mend="Add it to the team.")
    yield from _assignees(site, project, name, group, team)
    yield from _expiry(name, me)


def _assignees(site: Site, project: Json, name: str, group: str, team: dict[str, Json]) -> Iterator[Problem]:
    us = site.us(project["id"])
    if not us:
        yield Problem(
            what=f"Nobody in the team of '{name}' is called '{group}', or is in a department of that name.",
            mend=f"Add '{group}' to the team, or set `group` to a person, bot or department of it.",
        )
    if any((team.get(one) or {}).get("is_bot") for one in us) and not project.get("is_bot_collaboration_enabled", True):
        yield Problem(
            what=f"'{group}' is a bot, and '{name}' lets nobody assign tasks to bots.",
            mend="Switch on bot collaboration in the project's settings.",
        )


def _expiry(name: str, me: Json) -> Iterator[Problem]:
    if me.get("expiration_date"):
        left = (time.mktime(time.strptime(me["expiration_date"], "%Y-%m-%d")) - time.time()) / 86400
        if left < 14:
            yield Problem(
                what=f"The token of '{me['full_name']}' ends on {me['expiration_date']}.",
                mend=f"Set a later date for the bot, before the work on '{name}' stops.",
                stops=False,
            )
