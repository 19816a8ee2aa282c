"""The ShotGrid connector where its site is at its worst: late events, lost answers, dead connections."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from practice import LEAVES_FILES_OPEN, PROJECT, Entity, Practice, SandboxBench, practice
from wetgate.connectors.contract import draft
from wetgate.connectors.shotgrid import ShotGrid
from wetgate.daemon.sandbox import Fault, Sandbox
from wetgate.schema.errors import (
    AmbiguousResult,
    ConfigError,
    ConnectorError,
    EntityNotFound,
    TrackerRejected,
    TrackerUnavailable,
)
from wetgate.schema.tracker import EntityRef, EventPage, FileDraft, MediaKind, TrackerEvent

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Practice]:
    """A fresh sandbox."""
    with practice(tmp_path / "site") as made:
        yield made


@pytest.fixture
def tracker(site: Practice) -> Iterator[ShotGrid]:
    """A connector with short times."""
    made = connector(site.sandbox.url, site.sandbox.script_key)
    yield made
    made.close()


def connector(url: str, key: str, **options: Any) -> ShotGrid:
    """A connector that loses patience early."""
    return ShotGrid(url, "wetgate", key, **{"timeout_seconds": 2.0, "overlap_seconds": 60.0, **options})


def task(site: Practice, sg: Any, **values: Any) -> Entity:
    """A task made by a person."""
    made: Entity = sg.create("Task", {"project": site.project, "content": "cleanup", "entity": site.shot, **values})
    return made


def follow(tracker: ShotGrid, cursor: str) -> tuple[list[TrackerEvent], str]:
    """All events after the cursor."""
    events: list[TrackerEvent] = []
    page = EventPage(events=(), cursor=cursor, more=True)
    while page.more:
        page = tracker.events(page.cursor)
        events += page.events
    return events, page.cursor


def test_a_late_id_is_not_lost(site: Practice, tracker: ShotGrid) -> None:
    """An event that shows up after a later one is told once it is there, and told once."""
    sg = site.coordinator()
    made = task(site, sg)
    cursor = tracker.events(None).cursor
    site.sandbox.site.events.hold_back = 2
    sg.update("Task", made["id"], {"sg_status_list": "rdy"})
    sg.update("Task", made["id"], {"content": "cleanup 2"})
    first, cursor = follow(tracker, cursor)
    assert [event.kind for event in first] == ["Shotgun_Task_Change.content"]
    assert len(json.loads(cursor)["holes"]) == 1
    sg.update("Task", made["id"], {"content": "cleanup 3"})
    later, cursor = follow(tracker, cursor)
    assert [event.kind for event in later] == ["Shotgun_Task_Change.sg_status_list", "Shotgun_Task_Change.content"]
    assert follow(tracker, cursor)[0] == []
    assert json.loads(cursor)["holes"] == {}


def test_an_id_that_never_comes_is_given_up(site: Practice) -> None:
    """A permanent hole is asked for during the overlap and then forgotten."""
    sg = site.coordinator()
    made = task(site, sg)
    tracker = connector(site.sandbox.url, site.sandbox.script_key, overlap_seconds=0.2)
    cursor = tracker.events(None).cursor
    site.sandbox.site.events.skip_ids = 3
    sg.update("Task", made["id"], {"sg_status_list": "rdy"})
    _, cursor = follow(tracker, cursor)
    assert len(json.loads(cursor)["holes"]) == 3
    time.sleep(0.25)
    _, cursor = follow(tracker, cursor)
    assert json.loads(cursor)["holes"] == {}
    tracker.close()


def test_a_long_absence_comes_in_pages(site: Practice, tracker: ShotGrid) -> None:
    """More events than one answer holds arrive in several, in order, none missing."""
    sg = site.coordinator()
    made = task(site, sg)
    cursor = tracker.events(None).cursor
    calls = [
        {"request_type": "update", "entity_type": "Task", "entity_id": made["id"], "data": {"content": f"c{number}"}}
        for number in range(1203)
    ]
    sg.batch(calls)
    assert tracker.events(cursor).more
    events, _ = follow(tracker, cursor)
    numbers = [int(event.id) for event in events]
    assert len(numbers) == 1203
    assert numbers == sorted(set(numbers))


def test_a_note_on_the_version_wakes_its_task(site: Practice, tracker: ShotGrid) -> None:
    """An artist's note on a version, a reply to it and a file on it each count for the version's task."""
    sg = site.coordinator()
    made = task(site, sg)
    ref = EntityRef(type="Task", id=str(made["id"]))
    version = sg.create("Version", {"project": site.project, "code": "v1", "sg_task": made})
    cursor = tracker.events(None).cursor
    data = {"project": site.project, "content": "edge: softer", "note_links": [version]}
    note = sg.create("Note", data)
    sg.create("Reply", {"entity": note, "content": "matte: mine"})
    events, _ = follow(tracker, cursor)
    assert {event.kind for event in events} >= {"Shotgun_Note_New", "Shotgun_Reply_New"}
    assert {event.entity.id for event in events if event.entity} == {ref.id}
    assert [text.text for text in tracker.brief(ref).notes] == ["edge: softer", "matte: mine"]


def test_a_person_may_be_the_trigger(site: Practice) -> None:
    """Instead of a group a person's name or login may be ours."""
    sg = site.coordinator()
    artist = sg.find_one("HumanUser", [["login", "is", "artist"]])
    made = task(site, sg, task_assignees=[artist])
    for name in ("artist", "Arto Artist"):
        tracker = connector(site.sandbox.url, site.sandbox.script_key, group=name)
        assert [one.ref.id for one in tracker.tasks_for_us(PROJECT)] == [str(made["id"])]
        tracker.close()
    nobody = connector(site.sandbox.url, site.sandbox.script_key, group="Nobody")
    with pytest.raises(TrackerRejected, match="Nobody"):
        nobody.tasks_for_us(PROJECT)
    nobody.close()


def test_a_stale_connection_is_no_error(tmp_path: Path) -> None:
    """A site that was restarted between two calls is read, and written once."""
    box = Sandbox(tmp_path / "box")
    box.start()
    port = int(box.url.rpartition(":")[2])
    box.seed(PROJECT, "SQ01", ["SH010"])
    tracker = connector(box.url, box.script_key)
    assert tracker.find_version("none") is None
    box.stop()
    again = Sandbox(tmp_path / "box", port=port)
    again.start()
    assert tracker.find_version("none") is None
    again.stop()
    with pytest.raises(TrackerUnavailable, match="cannot be reached"):
        tracker.find_version("none")
    tracker.close()


def test_a_slow_answer_is_bounded(site: Practice) -> None:
    """A read that takes too long may be tried again; a write that does may have arrived."""
    bench = SandboxBench(site, Fault())
    made = bench.make_task("cleanup")
    version = draft(bench, made)
    tracker = connector(site.sandbox.url, site.sandbox.script_key, timeout_seconds=0.3)
    tracker.publish(draft(bench, made, "warm"))
    site.faults.set(Fault(method="read", action="slow", seconds=1.0))
    began = time.monotonic()
    with pytest.raises(TrackerUnavailable, match="in time"):
        tracker.find_version("x")
    assert time.monotonic() - began < 0.9
    site.faults.set(Fault(method="create", action="slow", when="after", seconds=1.0))
    with pytest.raises(AmbiguousResult):
        tracker.publish(version)
    site.faults.set()
    tracker.publish(version)
    assert bench.versions(version.key) == 1
    tracker.close()
    bench.close()


@pytest.mark.parametrize(
    ("status", "error"),
    [(503, TrackerUnavailable), (429, TrackerUnavailable), (502, TrackerUnavailable), (403, TrackerRejected)],
)
def test_read_errors_by_kind(site: Practice, tracker: ShotGrid, status: int, error: type[Exception]) -> None:
    """A busy site is worth another try, a forbidden one is not."""
    site.faults.set(Fault(method="read", status=status, times=10))
    with pytest.raises(error, match=str(status)):
        tracker.find_version("x")


def test_a_wrong_key_is_named_without_being_shown(site: Practice) -> None:
    """The error says whose key is wrong and where to change it."""
    tracker = connector(site.sandbox.url, "wrong-secret")
    with pytest.raises(TrackerRejected, match="script 'wetgate'") as caught:
        tracker.tasks_for_us(PROJECT)
    assert "wrong-secret" not in str(caught.value)
    assert "does not accept" in tracker.check(PROJECT, [])[0].what
    tracker.close()


def test_the_doctor_on_a_bare_site(site: Practice) -> None:
    """Missing key fields, group and statuses are each named with their mend."""
    sg = site.script()
    sg.schema_field_delete("Version", "sg_wetgate_key")
    tracker = connector(site.sandbox.url, site.sandbox.script_key, group="Nobody")
    problems = tracker.check(PROJECT, ["rdy", "zzz"])
    assert len(problems) == 3
    assert "Version has no field 'sg_wetgate_key'" in " ".join(problem.what for problem in problems)
    assert "Add a text field 'Wetgate Key' to Version" in " ".join(problem.mend for problem in problems)
    tracker.close()
    away = connector("http://127.0.0.1:9", "key")
    assert "cannot be reached" in away.check(PROJECT, [])[0].what


def test_settings_that_cannot_work(site: Practice, tracker: ShotGrid) -> None:
    """An address without a scheme, an empty key and a foreign cursor are clear errors."""
    with pytest.raises(ConfigError, match="https://"):
        ShotGrid("studio.example.com", "wetgate", "key")
    with pytest.raises(ConfigError, match="api_key"):
        ShotGrid("https://studio.example.com", "wetgate", "")
    with pytest.raises(ConnectorError, match="cursor"):
        tracker.events("yesterday")
    with pytest.raises(EntityNotFound, match="OAK"):
        bench = SandboxBench(site, Fault())
        made = bench.make_task("cleanup")
        tracker.publish(draft(bench, made).model_copy(update={"project": "OAK"}))
    bench.close()


def test_threads_have_connections_of_their_own(site: Practice, tracker: ShotGrid) -> None:
    """Several threads may use one connector: no answer reaches the wrong one."""
    bench = SandboxBench(site, Fault())
    tasks = [bench.make_task(f"cleanup {number}") for number in range(4)]
    wrong: list[str] = []

    def look(ref: EntityRef) -> None:
        for _ in range(15):
            if tracker.task(ref).name != ref.name:
                wrong.append(ref.name)
        tracker.close()

    threads = [threading.Thread(target=look, args=(ref,)) for ref in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    bench.close()


def test_two_at_once_leave_one_version(site: Practice) -> None:
    """Two daemons that publish the same key at the same time leave one active version."""
    bench = SandboxBench(site, Fault())
    version = draft(bench, bench.make_task("cleanup"))
    site.faults.set(Fault(method="create", contains='"Version"', action="slow", seconds=0.3, times=2))
    found: list[str] = []

    def publish() -> None:
        tracker = connector(site.sandbox.url, site.sandbox.script_key)
        found.append(tracker.publish(version).id)
        tracker.close()

    threads = [threading.Thread(target=publish) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert bench.versions(version.key) == 1
    bench.close()


@pytest.mark.parametrize("kind", ["Version", "Note", "PublishedFile", "Playlist"])
def test_the_doctor_tries_what_may_be_created(site: Practice, tracker: ShotGrid, kind: str) -> None:
    """A right that is missing is named with its mend, and the trial leaves nothing on the site."""
    assert list(tracker.check(PROJECT, ["rdy"])) == []
    site.sandbox.deny("wetgate", f"create {kind}")
    (problem,) = tracker.check(PROJECT, ["rdy"])
    assert kind in problem.what
    assert f"may create {kind}" in problem.mend
    site.sandbox.deny("wetgate")
    assert site.coordinator().find(kind, []) == []
    assert site.coordinator().find("EventLogEntry", [["event_type", "is", f"Shotgun_{kind}_New"]]) == []


def test_the_doctor_knows_what_else_goes_wrong(site: Practice, tracker: ShotGrid, tmp_path: Path) -> None:
    """Storages that are not mounted here, fields that were removed, and a project that the script may not see."""
    sg = site.script()
    storage = sg.create("LocalStorage", {"code": "primary", "linux_path": str(tmp_path / "nowhere")})
    sg.schema_field_delete("Version", "sg_path_to_frames")
    problems = tracker.check(PROJECT, ["rdy"])
    assert any("None of the site's storages" in problem.what for problem in problems)
    assert any("Version has no field 'sg_path_to_frames'" in problem.what for problem in problems)
    assert len(problems) == 2
    sg.update("LocalStorage", storage["id"], {"linux_path": str(tmp_path)})
    other = site.sandbox.seed("OAK", "SQ01", ["SH010"])["project"]
    limited = sg.create("ApiUser", {"firstname": "limited", "salted_password": "limited-key", "projects": [other]})
    assert limited
    blind = ShotGrid(site.sandbox.url, "limited", "limited-key", timeout_seconds=5)
    assert any(f"no project '{PROJECT}'" in problem.what for problem in blind.check(PROJECT, []))
    assert not any("no project" in problem.what for problem in blind.check("OAK", []))
    blind.close()


def test_rights_that_end_in_the_middle(site: Practice, tracker: ShotGrid) -> None:
    """A right that is taken away is a refusal at the very next call, and back it works as if nothing had been."""
    bench = SandboxBench(site, Fault())
    made = bench.make_task("cleanup")
    version = draft(bench, made)
    ref = tracker.publish(version)
    site.sandbox.deny("wetgate", "update Task.sg_status_list", "create Attachment")
    with pytest.raises(TrackerRejected, match="sg_status_list"):
        tracker.set_status(made, "ip")
    picture = site.sandbox.access.key_file
    with pytest.raises(TrackerRejected, match="cannot be created"):
        tracker.upload(ref, MediaKind.FILE, picture)
    site.sandbox.deny("wetgate")
    tracker.set_status(made, "ip")
    assert tracker.publish(version).id == ref.id
    bench.close()


def test_what_people_drew(site: Practice, tracker: ShotGrid, tmp_path: Path) -> None:
    """Annotations of the web player and of RV come with their version and frame; other pictures are pictures."""
    bench = SandboxBench(site, Fault())
    made = bench.make_task("cleanup")
    version = tracker.publish(draft(bench, made))
    sg = site.coordinator()
    link = {"type": "Version", "id": int(version.id)}
    note = sg.create("Note", {"project": site.project, "content": "here", "note_links": [link, site.shot]})
    names = [f"annot_version_{version.id}.12.png", f"annot_version_{version.id}_v2.1015.jpg", "frame.png"]
    for name in names:
        (tmp_path / name).write_bytes(b"picture")
        sg.upload("Note", note["id"], str(tmp_path / name))
    found = {one.name: one for one in tracker.brief(made).attachments}
    assert [(found[name].drawn, found[name].frame) for name in names] == [(True, 11), (True, 14), (False, None)]
    assert {one.version.id for one in found.values() if one.version} == {version.id}
    assert all(one.version and one.at > 0 for one in found.values())
    bench.close()


def test_a_task_has_what_its_site_gives_it(site: Practice, tracker: ShotGrid) -> None:
    """Step, tags, due date and priority come along; a site's own task type goes before the step."""
    sg = site.coordinator()
    step = sg.find_one("Step", [["code", "is", "Cleanup"]])
    tag = sg.create("Tag", {"name": "rush"})
    made = task(site, sg, step=step, tags=[tag], due_date="2026-12-01", sg_priority_1="1_Tier")
    ref = EntityRef(type="Task", id=str(made["id"]))
    found = tracker.task(ref)
    assert (found.step, found.kind, found.tags, found.due) == ("Cleanup", "Cleanup", ("rush",), "2026-12-01")
    assert found.priority == 100
    site.script().schema_field_create("Task", "list", "Task Type", {"valid_values": ["paint", "roto"]})
    sg.update("Task", made["id"], {"sg_task_type": "paint"})
    again = connector(site.sandbox.url, site.sandbox.script_key)
    assert (again.task(ref).kind, again.task(ref).step) == ("paint", "Cleanup")
    again.close()


def test_files_below_a_storage_are_local(site: Practice, tracker: ShotGrid) -> None:
    """Where the site knows the storage a published file is a local path, and is found again."""
    site.script().create("LocalStorage", {"code": "primary", "linux_path": "/show"})
    bench = SandboxBench(site, Fault())
    version = tracker.publish(draft(bench, bench.make_task("cleanup")))
    file = FileDraft(name="SH010", kind="Rendered Image", path="/show/SH010/master.%04d.exr", number=1)
    for _ in range(2):
        tracker.register(version, [file])
    tracker.register(version, [file.model_copy(update={"number": 2})])
    fields = ["path", "version_number", "published_file_type", "entity", "task", "path_cache_storage"]
    rows = site.coordinator().find("PublishedFile", [], fields)
    assert [(row["path"]["link_type"], row["version_number"]) for row in rows] == [("local", 1), ("local", 2)]
    assert rows[0]["published_file_type"]["name"] == "Rendered Image"
    assert rows[0]["path_cache_storage"]["name"] == "primary"
    assert (rows[0]["entity"]["id"], bool(rows[0]["task"])) == (site.shot["id"], True)
    bench.close()


def test_a_long_backlog_is_picked_from(site: Practice) -> None:
    """Of old events only those that can concern a task are asked for; none of them is missed, new ones neither."""
    sg = site.coordinator()
    tracker = connector(site.sandbox.url, site.sandbox.script_key, overlap_seconds=0.5)
    made = task(site, sg)
    cursor = tracker.events(None).cursor
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
    events, end = follow(tracker, cursor)
    assert [event.kind for event in events] == ["Shotgun_Task_Change.content"] * 11
    assert len(site.faults.calls) <= 8
    assert follow(tracker, end)[0] == []
    assert "settled" not in json.loads(end)
    tracker.close()
