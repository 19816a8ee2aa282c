"""Where a task stands, in words that stay the same until there is something new to say."""

from __future__ import annotations

from ...schema.job import JobState
from ..store.standing import Standing

_STEP = 0.2
"""Progress is told in steps of this share: five edits for a job, however long it takes."""
_LONGEST = 300
_EXACT = 5
"""Places from the front that are told exactly; behind them only the step is, so that a job that ends costs a dozen
edits, and not one of every note."""
_STEPS = (10, 20, 50, 100, 200, 500, 1000)


def standing_words(one: Standing) -> str:
    """Where a task stands, for its people; the same until there is something new to say."""
    if one.held:
        return "Paused by a person."
    if one.fault and (one.job is JobState.QUEUED or (one.job is JobState.RUNNING and one.progress < _STEP)):
        # The same before and while it is tried: a storage that is away for a night edits the note once.
        return f"Tried again by itself: {_short(one.fault)}"
    if one.job is JobState.RUNNING:
        return f"Being worked on: {_STEP * int(one.progress / _STEP):.0%}."
    if one.job is JobState.QUEUED:
        return _turn(one.place)
    if one.job is JobState.WAITING:
        return "In the queue, after another job that it needs."
    heads = {
        "waiting": "Waiting",
        "queued": "Made, and on its way into the tracker",
        "done": "Done",
        "refused": "Refused: not good enough to be trusted",
        "failed": "Could not be done",
        "approved": "Approved",
        "dropped": "Taken back",
    }
    head, reason = heads.get(one.state, one.state.capitalize()), _short(one.reason)
    return f"{head}: {reason}" if reason else f"{head}."


def _short(text: str) -> str:
    words = text.strip()
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST].rsplit(' ', 1)[0]} ..."


def _turn(place: int) -> str:
    if place <= _EXACT:
        return "In the queue, next." if place <= 1 else f"In the queue, number {place}."
    step = next((step for step in _STEPS if place <= step), None)
    return f"In the queue, among the next {step}." if step is not None else "In the queue, far behind."
