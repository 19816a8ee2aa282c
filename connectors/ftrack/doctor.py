"""What would keep Wetgate from working on a site."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ...schema.errors import ConnectorError, EntityNotFound
from ...schema.tracker import Problem
from ..answers import moment
from .client import Client, quoted
from .site import Site

SKEW_SECONDS = 120.0


def examine(client: Client, site: Site, project: str, statuses: Sequence[str], asset_type: str) -> tuple[Problem, ...]:
    """Every problem found, each with what to change; the first one that hides the rest ends the look."""
    try:
        client.session()
        site.me()
    except ConnectorError as error:
        return (Problem(what=str(error), mend="Check url, script_name and key, and the network to the site."),)
    problems = _clock(client)
    try:
        problems += _rights(client)
        problems += _group(site)
        problems += _asset_type(client, asset_type)
        problems += _project(site, project, statuses)
    except ConnectorError as error:
        problems.append(Problem(what=str(error), mend="Give the API user a role that may read this."))
    return tuple(problems)


def _clock(client: Client) -> list[Problem]:
    answered = client.answered
    told = moment(answered.headers.get("Date")) if answered is not None else None
    skew = 0.0 if told is None else abs(time.time() - told)
    if skew <= SKEW_SECONDS:
        return []
    return [
        Problem(
            what=f"This machine's clock and the site's differ by {skew:.0f} s.", mend="Set it with NTP.", stops=False
        )
    ]


def _rights(client: Client) -> list[Problem]:
    rows = client.first(
        "our roles", f"select security_role.name from UserSecurityRole where user.username is {quoted(client.user)}"
    )
    if rows:
        return []
    mend = "Give it a role that may create versions, notes and components on the show's project."
    return [Problem(what=f"The user '{client.user}' has no security role, so it may not write.", mend=mend)]


def _group(site: Site) -> list[Problem]:
    name = quoted(site.group)
    if site.client.first("groups", f"select id from Group where name is {name}"):
        return []
    if site.client.first("people", f"select id from User where username is {name}"):
        return []
    mend = f"Make a group '{site.group}' on the site, or set `group` to one that exists."
    return [Problem(what=f"The site has no group and no person '{site.group}'.", mend=mend)]


def _asset_type(client: Client, name: str) -> list[Problem]:
    wanted = quoted(name)
    if client.first("asset types", f"select id from AssetType where name is {wanted} or short is {wanted}"):
        return []
    return [Problem(what=f"The site has no asset type '{name}'.", mend="Make one, or set `asset_type`.")]


def _project(site: Site, name: str, statuses: Sequence[str]) -> list[Problem]:
    problems = []
    try:
        row = site.project(name)
    except EntityNotFound:
        mend = "Set `project` in the show's settings to its name, or let the API user see it."
        problems.append(Problem(what=f"The site shows no project '{name}'.", mend=mend))
        known = {str(one["name"]) for one in site.client.query("statuses", "select name from Status")}
    else:
        if row["status"] != "active":
            problems.append(Problem(what=f"The project '{name}' is {row['status']}.", mend="Make it active."))
        if row["name"] != name:
            what = f"'{name}' is the full name of the project '{row['name']}'."
            problems.append(Problem(what=what, mend=f"Set `project` in the show's settings to '{row['name']}'."))
        key = str(row["id"])
        known = {*site.statuses(key, "Task"), *site.statuses(key, "AssetVersion")}
    spelled = {one.lower() for one in known}
    for status in statuses:
        if status.lower() not in spelled:
            mend = f"Change [statuses] in the show's settings; the project has {', '.join(sorted(known)) or 'none'}."
            problems.append(Problem(what=f"There is no status '{status}' for tasks or versions.", mend=mend))
    return problems
