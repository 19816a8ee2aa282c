"""Notes, statuses and reviews on Kitsu, which are all comments there."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from gazu import client as raw
from kitsu_site import KitsuBench, Studio
from waiting import wait_for
from wetgate.connectors.contract import draft, note_draft, retried
from wetgate.daemon.sandbox.faults import Fault
from wetgate.schema.tracker import EntityRef

pytestmark = pytest.mark.services


def test_a_note_calls_nobody(studio: Studio, bench: KitsuBench, task: EntityRef) -> None:
    """Kitsu copies a comment with #words to other tasks and mails @names; what we write stays where it is."""
    kinds = raw.get("data/task-types", client=studio.admin)
    other = next(one for one in kinds if (one["name"], one["for_entity"]) == ("Layout", "Shot"))
    sibling = studio.task(bench.shot, "layout", "ready", [studio.artist], task_type_id=other["id"])
    text = "Frame #all of #Layout, @Arto Artist"
    note = bench.tracker.note(note_draft(bench, task).model_copy(update={"text": text}))
    assert raw.get(f"data/tasks/{sibling['id']}/comments", client=studio.admin) == []
    assert raw.get(f"data/comments/{note.id}", client=studio.admin)["mentions"] == []
    assert [one.text for one in bench.tracker.brief(task).notes] == [text]


def test_a_note_does_not_undo_what_a_person_sets_meanwhile(studio: Studio, bench: KitsuBench, task: EntityRef) -> None:
    """Every comment carries a status: ours repeats the task's, and a person may change that on the way."""
    bench.faults.set(Fault(action="hold", method="comment", seconds=30, times=2))
    note = note_draft(bench, task)
    thread = threading.Thread(target=bench.tracker.note, args=(note,))
    thread.start()
    wait_for(lambda: bench.faults.met)
    studio.comment(task.id, "stop this", "retake")
    bench.faults.set()
    thread.join()
    assert bench.notes(note.key) == 1
    assert bench.tracker.task(task).status == "retake"


def test_two_that_write_at_once_leave_one(bench: KitsuBench, task: EntityRef) -> None:
    """Two daemons, started by mistake, that both saw nothing: one note is left, which both know."""
    note = note_draft(bench, task)
    bench.faults.set(Fault(action="hold", method="comment", seconds=30, times=2))
    with ThreadPoolExecutor(2) as daemons:
        both = [daemons.submit(retried, one.note, note) for one in (bench.tracker, bench.another())]
        known = [daemon.result() for daemon in both]
    assert known == [bench.another().note(note)] * 2
    assert len(bench.comments()) == bench.notes(note.key) == 1


def test_a_status_is_one_entry(studio: Studio, bench: KitsuBench, task: EntityRef) -> None:
    """A status is set as Kitsu does it, by an empty comment, which is no note; a version has none of its own."""
    bench.tracker.set_status(task, "ip")
    bench.tracker.set_status(task, "ip")
    assert [(one["text"], one["task_status_id"]) for one in bench.comments()] == [("", studio.statuses["ip"]["id"])]
    assert bench.tracker.brief(task).notes == ()
    version = bench.tracker.publish(draft(bench, task))
    bench.tracker.set_status(version, "ip")
    assert bench.tracker.task(task).status == bench.review


def test_reviews_of_several_versions(studio: Studio, bench: KitsuBench, task: EntityRef) -> None:
    """Each version has what was said of it before the next came; writing on decides nothing."""
    first = bench.tracker.publish(draft(bench, task, "1"))
    studio.comment(task.id, "nearly")
    studio.comment(task.id, "wider matte", "retake")
    bench.tracker.set_status(task, "ip")
    studio.comment(task.id, "how far is it?")
    second = bench.tracker.publish(draft(bench, task, "2"))
    studio.comment(task.id, "good", "approved")
    studio.comment(task.id, "thanks")
    found = [(one.version.id, one.status, one.by) for one in bench.tracker.reviews(task)]
    # Our own status after the retake takes nothing back.
    rita = studio.reviser["email"]
    assert found == [(first.id, "retake", rita), (second.id, "approved", rita)]
