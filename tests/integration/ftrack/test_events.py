"""ftrack's Event table, where rows come late or not at all."""

from __future__ import annotations

import pytest
from alike import NumberedEvents
from practice_ftrack import LEAVES_FILES_OPEN, FtrackBench
from wetgate.connectors.contract import note_draft, read_all, start

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


class TestEvents(NumberedEvents):
    """Against the practice site."""

    status_change = "change.status.task"


def test_a_withdrawn_assignment_is_an_event(bench: FtrackBench) -> None:
    """A task that is taken from us tells, and is not ours any more."""
    task = bench.make_task("cleanup")
    cursor = start(bench.tracker)
    appointment = bench.person.query(f"Appointment where context_id is {task.id}").one()
    bench.person.delete(appointment)
    bench.person.commit()
    events, _ = read_all(bench.tracker, cursor)
    assert {event.entity.id for event in events if event.entity} == {task.id}
    assert not bench.tracker.task(task).assigned_to_us


def test_a_reply_to_our_note_is_an_event_and_part_of_the_brief(bench: FtrackBench) -> None:
    """An answer in a thread, which names the note alone, belongs to the task; and an answer to that."""
    task = bench.make_task("cleanup")
    ours = bench.tracker.note(note_draft(bench, task))
    cursor = start(bench.tracker)
    author = bench.person.query("User where username is coordinator").one()
    reply = bench.person.get("Note", ours.id).create_reply("use take 3", author)
    bench.person.commit()
    reply.create_reply("and wider", author)
    bench.person.commit()
    events, _ = read_all(bench.tracker, cursor)
    assert {event.entity.id for event in events if event.entity} == {task.id}
    notes = bench.tracker.brief(task).notes
    assert [(note.text, note.by_us) for note in notes] == [
        ("Two things.", True),
        ("use take 3", False),
        ("and wider", False),
    ]
