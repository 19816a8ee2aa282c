"""Calls as the daemon makes them: again after what may pass, and through a whole log of events."""

from __future__ import annotations

from collections.abc import Iterable

from ...schema.errors import WetgateError
from ...schema.ports import Tracker
from ...schema.tracker import EntityRef, EventPage, TrackerEvent


def retried(call: object, *arguments: object, times: int = 4) -> object:
    """Call as the daemon does: again after every error that is worth another try."""
    assert callable(call)
    for left in reversed(range(times)):
        try:
            return call(*arguments)
        except WetgateError as error:
            if not error.retryable or not left:
                raise
    raise AssertionError("unreachable")


def read_all(tracker: Tracker, cursor: str) -> tuple[list[TrackerEvent], str]:
    """Every event after the cursor, and the cursor at the end."""
    events: list[TrackerEvent] = []
    page = EventPage(events=(), cursor=cursor, more=True)
    while page.more:
        page = tracker.events(page.cursor)
        events.extend(page.events)
    return events, page.cursor


def start(tracker: Tracker) -> str:
    """The cursor of now."""
    return tracker.events(None).cursor


def about(events: Iterable[TrackerEvent], task: EntityRef) -> list[TrackerEvent]:
    """The events that concern the task."""
    return [event for event in events if event.entity and (event.entity.type, event.entity.id) == (task.type, task.id)]
