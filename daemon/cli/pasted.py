"""A task as a person pastes it: its number, or its address in ShotGrid, ftrack or Kitsu."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote, urlsplit

from ...schema.errors import ConfigError, EntityNotFound
from ...schema.settings import TrackerSettings
from ...schema.tables import TaskRow
from ..store.tasks import Tasks

_ID = r"(?:\d+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_BARE = re.compile(rf"(?:task)?[\s_#:-]*({_ID})", re.IGNORECASE)
_IN_ADDRESS = re.compile(rf"(?<![a-z])tasks?(?:_?id)?[/_=]({_ID})(?![0-9a-z])", re.IGNORECASE)
"""`/detail/Task/5812` and `#Task_5812` (ShotGrid), `/shots/tasks/<id>` (Kitsu)."""

_HOW = "Give the task's number, or its address as the browser shows it."


def task_id(text: str) -> str:
    """The id that *text* gives a task in its tracker. Raises ConfigError where it names none."""
    told = unquote(text.strip().strip("<>\"'"))
    bare = _BARE.fullmatch(told)
    if bare:
        return bare[1].lower()
    for part in (urlsplit(told).fragment, urlsplit(told).query):
        found = _in_pairs({key.casefold(): values[-1] for key, values in parse_qs(part.lstrip("?")).items()})
        if found:
            return found.lower()
    named = _IN_ADDRESS.findall(told)
    if not named:
        raise ConfigError(f"{text} names no task. {_HOW}")
    return str(named[-1]).lower()


def pasted_task(tasks: Tasks, trackers: Mapping[str, TrackerSettings], text: str) -> TaskRow:
    """The task of ours that *text* means. Raises ConfigError where it names none or several, EntityNotFound."""
    number, host = task_id(text), urlsplit(text.strip().strip("<>\"'")).hostname
    rows = tasks.called(number)
    # An address says which tracker is meant, where it is that of one.
    of_host = {name for name, tracker in trackers.items() if host and urlsplit(tracker.url).hostname == host}
    rows = [row for row in rows if row.tracker in of_host] if of_host else rows
    if not rows:
        raise EntityNotFound(
            f"Wetgate knows no task {number}. It knows those that are, or were, assigned to it and were read since. "
            f"{_HOW}"
        )
    if len(rows) > 1:
        several = "; ".join(f"{row.entity_name} {row.name} ({row.show}, tracker {row.tracker})" for row in rows)
        raise ConfigError(f"Several tasks are called {number}: {several}. Give the task's address.")
    return rows[0]


def _in_pairs(pairs: Mapping[str, str]) -> str:
    """ftrack's: the panel that is open (`slideEntityId`) before the page behind it (`entityId`)."""
    for kind, key in (("slideentitytype", "slideentityid"), ("entitytype", "entityid"), ("type", "id")):
        if pairs.get(kind, "").casefold() == "task" and re.fullmatch(_ID, pairs.get(key, ""), re.IGNORECASE):
            return pairs[key]
    return ""
