"""ShotGrid's event log, where entries come late or not at all, and of which there are many."""

from __future__ import annotations

import json
import time

import pytest
from alike import NumberedEvents
from practice import LEAVES_FILES_OPEN, Practice, SandboxBench
from wetgate.connectors.contract import read_all, start
from wetgate.connectors.shotgrid import ShotGrid
from wetgate.schema.tracker import EntityRef

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


class TestEvents(NumberedEvents):
    """Against the practice site."""

    status_change = "Shotgun_Task_Change.sg_status_list"


def test_a_note_on_the_version_wakes_its_task(site: Practice, tracker: ShotGrid) -> None:
    """An artist's note on a version, a reply to it and a file on it each count for the version's task."""
    sg = site.coordinator()
    made = site.task(sg)
    ref = EntityRef(type="Task", id=str(made["id"]))
    version = sg.create("Version", {"project": site.project, "code": "v1", "sg_task": made})
    cursor = start(tracker)
    data = {"project": site.project, "content": "edge: softer", "note_links": [version]}
    note = sg.create("Note", data)
    sg.create("Reply", {"entity": note, "content": "matte: mine"})
    events, _ = read_all(tracker, cursor)
    assert {event.kind for event in events} >= {"Shotgun_Note_New", "Shotgun_Reply_New"}
    assert {event.entity.id for event in events if event.entity} == {ref.id}
    assert [text.text for text in tracker.brief(ref).notes] == ["edge: softer", "matte: mine"]


def test_a_long_backlog_is_picked_from(bench: SandboxBench, site: Practice) -> None:
    """Of old events only those that can concern a task are asked for; none of them is missed, new ones neither."""
    sg = site.coordinator()
    tracker = bench.connector(overlap_seconds=0.5)
    made = site.task(sg)
    cursor = start(tracker)
    noise = [
        {"request_type": "update", "entity_type": "Shot", "entity_id": site.shot["id"], "data": {"description": f"{n}"}}
        for n in range(400)
    ]
    for number in range(10):
        sg.batch(noise)
        sg.update("Task", made["id"], {"content": f"cleanup {number}"})
    time.sleep(2.1)
    sg.update("Task", made["id"], {"content": "new"})
    site.faults.forget()
    events, end = read_all(tracker, cursor)
    assert [event.kind for event in events] == ["Shotgun_Task_Change.content"] * 11
    assert len(site.faults.calls) <= 8
    assert read_all(tracker, end)[0] == []
    assert "settled" not in json.loads(end)
