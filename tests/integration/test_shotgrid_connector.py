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
from wetgate.schema.tracker import EntityRef, EventPage, MediaKind, TrackerEvent

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


def test_a_slow_upload_is_bounded(site: Practice, tmp_path: Path) -> None:
    """The client itself waits for ever for an upload; the connector does not."""
    bench = SandboxBench(site, Fault())
    movie = tmp_path / "review.mp4"
    movie.write_bytes(b"m" * 5000)
    version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
    tracker = connector(site.sandbox.url, site.sandbox.script_key, timeout_seconds=0.3)
    site.faults.set(Fault(path="/upload/*", action="slow", when="after", seconds=1.0))
    with pytest.raises(AmbiguousResult):
        tracker.upload(version, MediaKind.MOVIE, movie)
    site.faults.set()
    time.sleep(0.9)
    tracker.upload(version, MediaKind.MOVIE, movie)
    assert list(bench.files(version)) == ["review.mp4"]
    tracker.close()
    bench.close()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(path="/upload/*", status=503), TrackerUnavailable),
        (Fault(path="/upload/*", status=429), TrackerUnavailable),
        (Fault(path="/upload/*", status=413), TrackerRejected),
        (Fault(path="/upload/*", status=502), AmbiguousResult),
        (Fault(path="/upload/*", action="drop"), AmbiguousResult),
    ],
)
def test_upload_errors_by_kind(site: Practice, tmp_path: Path, fault: Fault, error: type[Exception]) -> None:
    """The client tells every failed upload alike; the connector tells them apart."""
    bench = SandboxBench(site, Fault())
    version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
    report = tmp_path / "report.json"
    report.write_text("{}")
    site.faults.set(fault)
    with pytest.raises(error):
        bench.tracker.upload(version, MediaKind.FILE, report)
    assert list(bench.files(version)) == []
    bench.close()


@pytest.mark.parametrize(
    "fault",
    [
        Fault(path="/storage/*", status=503),
        Fault(path="/storage/*", status=403),
        Fault(path="/storage/*", action="drop", when="after"),
        Fault(path="/upload/api_link_file", status=504, when="after"),
        Fault(path="/upload/api_get_upload_link_info", status=502),
    ],
)
def test_direct_uploads_are_sent_again_whole(tmp_path: Path, fault: Fault) -> None:
    """Wherever a direct upload breaks, the next try brings the whole file, once."""
    movie = tmp_path / "review.mp4"
    movie.write_bytes(bytes(range(256)) * 300)
    with practice(tmp_path / "site", direct_uploads=True) as site:
        bench = SandboxBench(site, Fault())
        version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
        site.faults.set(fault)
        with pytest.raises(AmbiguousResult):
            bench.tracker.upload(version, MediaKind.MOVIE, movie)
        bench.tracker.upload(version, MediaKind.MOVIE, movie)
        assert list(bench.files(version)) == ["review.mp4"]
        row = site.coordinator().find_one("Version", [["id", "is", int(version.id)]], ["sg_uploaded_movie"])
        assert site.coordinator().download_attachment(row["sg_uploaded_movie"]) == movie.read_bytes()
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
