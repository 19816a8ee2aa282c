"""The ftrack connector where its site is at its worst: a dead hub, lost answers, pages that are no JSON."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from practice_ftrack import LEAVES_FILES_OPEN, FtrackBench, Practice, practice
from wetgate.connectors.contract import draft, note_draft, read_all, start
from wetgate.connectors.ftrack import Ftrack, doctor
from wetgate.daemon.sandbox import Fault
from wetgate.schema.errors import (
    AmbiguousResult,
    ConfigError,
    ConnectorError,
    EntityNotFound,
    TrackerRejected,
    TrackerUnavailable,
    WetgateError,
)
from wetgate.schema.ports import Push
from wetgate.schema.tracker import EntityRef, FileDraft, MediaKind

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)

MIB = 1 << 20


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[FtrackBench]:
    """A fresh site with one show."""
    with practice(tmp_path / "site") as site:
        made = FtrackBench(site, Fault(action="status", status=504), "PINE")
        yield made
        made.close()


def connector(site: Practice, **options: Any) -> Ftrack:
    """A connector that loses patience early."""
    return Ftrack(site.sandbox.url, "wetgate", site.sandbox.api_key, **{"timeout_seconds": 2.0, **options})


def until(condition: Callable[[], Any], seconds: float = 8.0) -> None:
    """Wait for something that another thread does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def raw(bench: FtrackBench, expression: str) -> list[dict[str, Any]]:
    """Rows as the server sends them."""
    headers = {"ftrack-user": "coordinator", "ftrack-api-key": bench.secret}
    asked = [{"action": "query", "expression": expression}]
    rows: list[dict[str, Any]] = requests.post(
        f"{bench.site.sandbox.url}/api", json=asked, headers=headers, timeout=10
    ).json()[0]["data"]
    return rows


# The push channel


@pytest.fixture
def woken(bench: FtrackBench) -> Iterator[tuple[list[float], Push]]:
    """The times at which the push channel woke us, after it said that it is there."""
    times: list[float] = []
    push = bench.tracker.push(lambda: times.append(time.monotonic()))
    assert push is not None
    until(lambda: push.alive and bench.site.hub.subscriptions == 2)
    times.clear()
    yield times, push
    push.close()


def test_a_change_wakes_us_at_once(bench: FtrackBench, woken: tuple[list[float], Push]) -> None:
    """What a person does is told within two seconds; what we do ourselves does not wake us."""
    times, _ = woken
    began = time.monotonic()
    task = bench.make_task("cleanup")
    until(lambda: times)
    assert times[0] - began < 2.0
    time.sleep(0.3)
    times.clear()
    bench.tracker.set_status(task, bench.busy)
    time.sleep(0.7)
    assert times == []


@pytest.mark.parametrize("clean", [True, False])
def test_a_dead_hub_is_replaced(bench: FtrackBench, woken: tuple[list[float], Push], *, clean: bool) -> None:
    """After a clean close, of which the vendor's hub dies, or a reset the channel is back by itself and wakes us."""
    times, push = woken
    bench.site.hub.close_all(clean=clean, seconds=1.0)
    until(lambda: not push.alive)
    until(lambda: push.alive and bench.site.hub.subscriptions == 2)
    until(lambda: times)  # what happened in the gap is in the Event table
    times.clear()
    bench.make_task("cleanup")
    until(lambda: times)


def test_a_site_without_a_hub_is_waited_for(bench: FtrackBench) -> None:
    """The channel is no error while the hub is shut, and opens with it; closing it ends its thread."""
    bench.site.hub.close_all(seconds=1.0)
    push = bench.tracker.push(lambda: None)
    assert push is not None
    assert not push.alive
    until(lambda: push.alive)
    push.close()
    assert not push.alive
    assert not [one for one in threading.enumerate() if one.name == "ftrack push"]


# The Event table


def test_a_late_number_is_not_lost(bench: FtrackBench) -> None:
    """An event that shows up after later ones is told once it is there, and told once."""
    task = bench.make_task("cleanup")
    cursor = start(bench.tracker)
    bench.site.sandbox.site.journal.hold_back = 1
    bench.set_task_status(task, bench.busy)
    first, cursor = read_all(bench.tracker, cursor)
    assert first == []
    bench.person.get("Task", task.id)["description"] = "words"
    bench.person.commit()
    later, cursor = read_all(bench.tracker, cursor)
    assert [event.kind for event in later] == ["change.status.task", "db.all.task"]
    assert read_all(bench.tracker, cursor)[0] == []


def test_a_number_that_never_comes_is_given_up(bench: FtrackBench) -> None:
    """A permanent hole is asked for during the overlap and then forgotten."""
    task = bench.make_task("cleanup")
    tracker = connector(bench.site, overlap_seconds=0.2)
    cursor = start(tracker)
    bench.site.sandbox.site.journal.skip_ids = 3
    bench.set_task_status(task, bench.busy)
    _, cursor = read_all(tracker, cursor)
    assert len(json.loads(cursor)["holes"]) == 3
    time.sleep(0.25)
    _, cursor = read_all(tracker, cursor)
    assert json.loads(cursor)["holes"] == {}
    tracker.close()


def test_a_long_absence_comes_in_pages(bench: FtrackBench) -> None:
    """More events than one answer holds arrive in several, in order, none missing."""
    task = bench.make_task("cleanup")
    cursor = start(bench.tracker)
    change = {"action": "update", "entity_type": "Task", "entity_key": [task.id]}
    bench.person.call([{**change, "entity_data": {"description": str(number)}} for number in range(1203)])
    assert bench.tracker.events(cursor).more
    events, _ = read_all(bench.tracker, cursor)
    assert [int(event.id) for event in events] == sorted({int(event.id) for event in events})
    assert len(events) == 1203


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


# What a task and a brief say


def test_a_task_says_how_urgent_and_what_kind_it_is(bench: FtrackBench) -> None:
    """Priority, due date, task type and scopes come with the task."""
    task = bench.make_task("cleanup")
    assert bench.tracker.task(task).priority == 50
    entity = bench.person.get("Task", task.id)
    entity["priority"] = bench.person.query("Priority where name is Urgent").one()
    entity["type"] = bench.person.query("Type where name is Cleanup").one()
    entity["end_date"] = "2026-12-24T00:00:00"
    entity["scopes"].append(bench.person.ensure("Scope", {"name": "wires"}))
    bench.person.commit()
    found = bench.tracker.task(task)
    assert (found.priority, found.due, found.kind, found.tags) == (90, "2026-12-24", "Cleanup", ("wires",))


def test_what_is_drawn_over_a_version_is_marked(bench: FtrackBench, tmp_path: Path) -> None:
    """A picture on a note about a frame of a version is a drawing on that frame; others are plain files."""
    task = bench.make_task("cleanup")
    version = bench.tracker.publish(draft(bench, task))
    picture, plain = tmp_path / "annotated.png", tmp_path / "matte.png"
    for path in (picture, plain):
        path.write_bytes(b"\x89PNG\r\n" + path.name.encode())
    bench.note(version, "this wire", [picture], frame_number=17)
    old = {"key": "reviewFrame", "value": json.dumps({"number": 3})}
    older = bench.note(version, "and this", [picture])
    bench.person.create("Metadata", {"parent_id": older, "parent_type": "Note", **old})
    bench.person.commit()
    bench.note(task, "a matte", [plain], frame_number=17)
    found = bench.tracker.brief(task).attachments
    assert [(one.name, one.drawn, one.frame) for one in found] == [
        ("annotated.png", True, 17),
        ("annotated.png", True, 3),
        ("matte.png", False, None),
    ]
    assert found[0].version is not None
    assert found[0].version.id == version.id
    assert bench.tracker.download(found[0], tmp_path / "got").read_bytes() == picture.read_bytes()


def test_files_put_on_the_task_itself_are_attachments(bench: FtrackBench, tmp_path: Path) -> None:
    """What people upload to a task, which the site keeps as a version, is read; versions of others are not."""
    task = bench.make_task("cleanup")
    path = tmp_path / "plate_matte.mov"
    path.write_bytes(b"matte")
    person = bench.person
    location = person.query("Location where name is ftrack.server").one()
    shot = bench.tracker.task(task).entity
    assert shot is not None
    for short in ("upload", "comp"):
        asset = person.create(
            "Asset",
            {
                "name": short,
                "context_id": shot.id,
                "type": person.query(f"AssetType where short is {short}").one(),
            },
        )
        version = person.create("AssetVersion", {"asset": asset, "task_id": task.id})
        person.commit()
        version.create_component(str(path), {"name": path.stem}, location)
        version.create_component(str(path), {"name": "ftrackreview-mp4"}, location)
    person.commit()
    (found,) = bench.tracker.brief(task).attachments
    assert found.name == path.name
    assert bench.tracker.download(found, tmp_path / "got").read_bytes() == b"matte"


def test_a_person_or_our_own_user_may_be_the_trigger(bench: FtrackBench) -> None:
    """The group's setting may name a person; tasks of the API user itself are always ours."""
    theirs = bench.make_task("of the artist", ours=False)
    direct = bench.make_task("of the robot", ours=False)
    robot = bench.person.query("User where username is wetgate").one()
    bench.person.create("Appointment", {"context_id": direct.id, "resource": robot, "type": "assignment"})
    bench.person.commit()
    tracker = connector(bench.site, group="artist")
    assert {task.ref.id for task in tracker.tasks_for_us("PINE")} == {theirs.id, direct.id}
    assert [task.ref.id for task in bench.tracker.tasks_for_us("PINE")] == [direct.id]
    tracker.close()


# Versions, notes and files


def test_a_version_has_all_that_a_site_shows(bench: FtrackBench) -> None:
    """Number from the name, task, status and text; frames, paths and key in its metadata; on one asset."""
    task = bench.make_task("cleanup")
    made = draft(bench, task)
    version = bench.tracker.publish(made)
    again = bench.tracker.publish(made.model_copy(update={"key": "second", "code": made.code.replace("v001", "v002")}))
    same = bench.tracker.publish(made.model_copy(update={"key": "third"}))
    rows = {
        row["id"]: row
        for row in raw(
            bench,
            "select version, comment, task_id, status.name, user.username, asset.name, asset.type.name, metadata "
            f"from AssetVersion where task_id is {task.id}",
        )
    }
    assert [rows[one.id]["version"] for one in (version, again, same)] == [1, 2, 3]
    assert {row["asset"]["id"] for row in rows.values()} == {rows[version.id]["asset"]["id"]}
    row = rows[version.id]
    assert (row["asset"]["name"], row["asset"]["type"]["name"]) == ("SH010_1", "Render")
    assert (row["comment"], row["status"]["name"]) == (made.description, bench.review)
    assert row["user"]["username"] == "wetgate"
    assert {one["key"]: one["value"] for one in row["metadata"]} == {
        "wetgate_key": made.key,
        "wetgate_code": made.code,
        "wetgate_frames": "1001-1024@24000/1001",
        "frame_count": "24",
        "frames_path": made.frames_path,
        "movie_path": made.movie_path,
    }


def test_a_deleted_version_can_be_made_again(bench: FtrackBench) -> None:
    """A version that a person deleted is made anew when it is published again."""
    made = draft(bench, bench.make_task("cleanup"))
    version = bench.tracker.publish(made)
    bench.person.delete(bench.person.get("AssetVersion", version.id))
    bench.person.commit()
    assert bench.tracker.find_version(made.key) is None
    bench.tracker.publish(made)
    assert bench.versions(made.key) == 1


def test_a_version_that_is_gone_meanwhile_is_said(bench: FtrackBench, tmp_path: Path) -> None:
    """A file for a version that a person deleted is refused by name, and nothing is sent."""
    version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
    bench.person.delete(bench.person.get("AssetVersion", version.id))
    bench.person.commit()
    path = tmp_path / "report.json"
    path.write_bytes(b"{}")
    bench.site.faults.forget()
    with pytest.raises(EntityNotFound, match="no version"):
        bench.tracker.upload(version, MediaKind.FILE, path)
    assert {call.method for call in bench.site.faults.calls} == {"query"}


def test_a_task_assigned_twice_is_one(bench: FtrackBench) -> None:
    """A task of the group and of our user is in the sweep once."""
    task = bench.make_task("cleanup")
    robot = bench.person.query("User where username is wetgate").one()
    bench.person.create("Appointment", {"context_id": task.id, "resource": robot, "type": "assignment"})
    bench.person.commit()
    assert [one.ref.id for one in bench.tracker.tasks_for_us("PINE")] == [task.id]


def test_an_id_that_is_never_free_again_is_passed_over(bench: FtrackBench) -> None:
    """Where the site keeps the id of what was deleted, the next one is taken."""
    made = draft(bench, bench.make_task("cleanup"))
    version = bench.tracker.publish(made)
    entry = bench.person.query(f"Metadata where parent_id is {version.id} and key is wetgate_key").one()
    bench.person.delete(entry)  # as good as gone: it is found by its key alone
    bench.person.commit()
    other = bench.tracker.publish(made)
    assert other.id != version.id
    assert bench.another().publish(made).id == other.id


def test_a_commit_is_not_replayed(bench: FtrackBench) -> None:
    """What a failed write was about is not sent along with the next one."""
    task = bench.make_task("cleanup")
    bench.site.faults.set(Fault(method="*create:AssetVersion*", status=503))
    with pytest.raises(TrackerUnavailable):
        bench.tracker.publish(draft(bench, task))
    bench.site.faults.set()
    bench.site.faults.forget()
    bench.tracker.note(note_draft(bench, task))
    assert bench.versions(draft(bench, task).key) == 0
    assert not [call for call in bench.site.faults.calls if "AssetVersion" in call.method]


def test_two_at_once_leave_one_version(bench: FtrackBench) -> None:
    """Two daemons that publish the same key at the same moment end with one version, and both know it."""
    made = draft(bench, bench.make_task("cleanup"))
    bench.site.faults.set(Fault(method="*create:AssetVersion*", action="slow", seconds=0.5, times=2))
    found: list[str] = []

    def publish() -> None:
        tracker = connector(bench.site, timeout_seconds=10.0)
        found.append(tracker.publish(made).id)
        tracker.close()

    threads = [threading.Thread(target=publish) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert bench.versions(made.key) == 1


def mp4(path: Path, width: int, height: int) -> Path:
    """The header of a movie, and no movie."""
    size = (width << 16).to_bytes(4, "big") + (height << 16).to_bytes(4, "big")

    def box(kind: bytes, body: bytes) -> bytes:
        return (len(body) + 8).to_bytes(4, "big") + kind + body

    tracks = box(b"trak", box(b"tkhd", bytes(84))) + box(b"trak", box(b"tkhd", bytes(76) + size))
    path.write_bytes(box(b"ftyp", b"isom") + box(b"moov", box(b"mvhd", bytes(100)) + tracks) + box(b"mdat", b"x" * 64))
    return path


def test_a_movie_can_be_played_and_has_a_thumbnail(bench: FtrackBench, tmp_path: Path) -> None:
    """The movie has the name and the facts that the player asks for; the thumbnail is the version's."""
    version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
    bench.tracker.upload(version, MediaKind.MOVIE, mp4(tmp_path / "SH010_v001.mp4", 1920, 800))
    picture = tmp_path / "SH010_v001.jpg"
    picture.write_bytes(b"jpeg")
    bench.tracker.upload(version, MediaKind.THUMBNAIL, picture)
    rows = raw(bench, f"select name, file_type, size, metadata from FileComponent where version_id is {version.id}")
    movie, thumbnail = sorted(rows, key=lambda row: str(row["name"]))
    assert (movie["name"], movie["file_type"], thumbnail["name"]) == ("ftrackreview-mp4", ".mp4", "thumbnail")
    told = {one["key"]: one["value"] for one in movie["metadata"]}
    assert json.loads(told["ftr_meta"]) == {
        "frameIn": 0,
        "frameOut": 23,
        "frameRate": 23.976,
        "width": 1920,
        "height": 800,
    }
    (row,) = raw(bench, f"select thumbnail_id from AssetVersion where id is {version.id}")
    assert row["thumbnail_id"] == thumbnail["id"]


def test_a_sequence_is_registered_frame_by_frame(bench: FtrackBench) -> None:
    """Frames by path are a sequence outside of ftrack's storage, with a member for each frame of the version."""
    version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
    path = "/show/SH010/v001/master.%04d.exr"
    bench.tracker.register(version, [FileDraft(name="SH010_v001", kind="Rendered Image", path=path, number=1)])
    (row,) = raw(
        bench,
        "select name, padding, file_type, members.name, members.component_locations.resource_identifier "
        f"from SequenceComponent where version_id is {version.id}",
    )
    assert (row["name"], row["padding"], row["file_type"]) == ("Rendered Image", 4, ".exr")
    assert [one["name"] for one in row["members"]] == [str(number) for number in range(1001, 1025)]
    places = row["members"][0]["component_locations"]
    assert [one["resource_identifier"] for one in places] == ["/show/SH010/v001/master.1001.exr"]


def big(tmp_path: Path, size: int) -> Path:
    """A file whose every MiB differs."""
    path = tmp_path / "big.mov"
    with path.open("wb") as out:
        for number in range(-(-size // MIB)):
            out.write(bytes([number % 251]) * min(MIB, size - number * MIB))
    return path


def stored(bench: FtrackBench, version: EntityRef) -> bytes:
    """What arrived of the version's only file."""
    (row,) = raw(bench, f"select id from FileComponent where version_id is {version.id}")
    return bench.site.sandbox.site.media.path(row["id"]).read_bytes()


def test_a_large_file_goes_in_parts(bench: FtrackBench, tmp_path: Path) -> None:
    """A file above 16 MiB is sent in parts of 8 MiB, of which a lost one alone is sent again."""
    version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
    path = big(tmp_path, 20 * MIB + 5)
    bench.site.faults.set(
        Fault(path="/component/part/*/2", action="drop"), Fault(path="/component/part/*/3", status=503, when="after")
    )
    bench.site.faults.forget()
    bench.tracker.upload(version, MediaKind.FILE, path)
    sent = [call.path.rsplit("/", 1)[-1] for call in bench.site.faults.calls if call.path.startswith("/component/part")]
    assert sorted(sent) == ["1", "2", "2", "3", "3"]
    assert stored(bench, version) == path.read_bytes()


def test_a_cut_upload_goes_on_where_it_was(bench: FtrackBench, tmp_path: Path) -> None:
    """After a cut the next try sends the parts that are missing and no others."""
    version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
    path = big(tmp_path, 30 * MIB)
    bench.site.faults.set(Fault(path="/component/part/*/3", action="drop", times=4))
    with pytest.raises(TrackerUnavailable, match="part 3"):
        bench.tracker.upload(version, MediaKind.FILE, path)
    assert bench.files(version) == []
    bench.site.faults.set()
    bench.site.faults.forget()
    bench.tracker.upload(version, MediaKind.FILE, path)
    sent = [call.path.rsplit("/", 1)[-1] for call in bench.site.faults.calls if call.path.startswith("/component/part")]
    assert sent == ["3", "4"]
    assert stored(bench, version) == path.read_bytes()


def test_a_file_that_changed_begins_anew(bench: FtrackBench, tmp_path: Path) -> None:
    """Parts of a file that has been written again since are not mixed with new ones."""
    version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
    path = big(tmp_path, 30 * MIB)
    bench.site.faults.set(Fault(path="/component/part/*/3", action="drop", times=4))
    with pytest.raises(TrackerUnavailable):
        bench.tracker.upload(version, MediaKind.FILE, path)
    bench.site.faults.set()
    path.write_bytes(path.read_bytes()[::-1])
    bench.tracker.upload(version, MediaKind.FILE, path)
    assert stored(bench, version) == path.read_bytes()


def test_a_storage_that_gave_up_is_asked_anew(bench: FtrackBench, tmp_path: Path) -> None:
    """Addresses that expired make the next try begin a new upload."""
    version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
    path = big(tmp_path, 20 * MIB)
    bench.site.faults.set(Fault(path="/component/part/*/2", status=403))
    with pytest.raises(TrackerUnavailable, match="part 2"):
        bench.tracker.upload(version, MediaKind.FILE, path)
    bench.tracker.upload(version, MediaKind.FILE, path)
    assert stored(bench, version) == path.read_bytes()


class Storage(BaseHTTPRequestHandler):
    """A storage apart from the site: sends on once, then gives the file; keeps what it was shown."""

    shown: list[dict[str, str]] = []

    def do_GET(self) -> None:
        self.shown.append({name.lower(): value for name, value in self.headers.items()})
        moved = "/moved" not in self.path
        self.send_response(302 if moved else 200)
        if moved:
            self.send_header("Location", "/moved")
        self.end_headers()
        if not moved:
            self.wfile.write(b"from the storage")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_only_the_site_sees_our_key(bench: FtrackBench, tmp_path: Path) -> None:
    """A file that lies in another house's storage is fetched without our credentials, also by way of a redirect."""
    task = bench.make_task("cleanup")
    path = tmp_path / "matte.png"
    path.write_bytes(b"matte")
    bench.write_note(task, "matte", [path])
    with HTTPServer(("127.0.0.1", 0), Storage) as storage:
        thread = threading.Thread(target=storage.serve_forever)
        thread.start()
        bench.site.sandbox.site.base = f"http://127.0.0.1:{storage.server_port}"
        got = bench.tracker.download(bench.tracker.brief(task).attachments[0], tmp_path / "got")
        storage.shutdown()
        thread.join()
    assert got.read_bytes() == b"from the storage"
    assert len(Storage.shown) == 2
    assert not any(name.startswith("ftrack-") for headers in Storage.shown for name in headers)


# Errors


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, TrackerUnavailable),
        (500, TrackerUnavailable),
        (502, TrackerUnavailable),
        (503, TrackerUnavailable),
        (504, TrackerUnavailable),
        (404, TrackerRejected),
    ],
)
def test_a_page_that_is_no_json_is_read_by_its_status(bench: FtrackBench, status: int, error: type[Exception]) -> None:
    """A gateway's page, on which the vendor's client fails with a JSON error, is told by kind."""
    task = bench.make_task("cleanup")
    bench.site.faults.set(Fault(path="/api", method="query", status=status))
    with pytest.raises(error, match=str(status)) as caught:
        bench.tracker.task(task)
    assert not isinstance(caught.value, AmbiguousResult)


@pytest.mark.parametrize("action", ["drop", "status", "slow"])
def test_a_write_whose_answer_is_lost_is_looked_up(bench: FtrackBench, action: Any) -> None:
    """Where the change is found afterwards, nothing is wrong; where it is not, the result is doubtful."""
    task = bench.make_task("cleanup")
    tracker = connector(bench.site)
    lost = Fault(method="update:*", action=action, status=504, when="after", seconds=3.0)
    bench.site.faults.set(lost)
    tracker.set_status(task, bench.busy)
    assert tracker.task(task).status == bench.busy
    bench.site.faults.set(lost.model_copy(update={"when": "before"}))
    if action == "slow":
        tracker.close()
        return
    with pytest.raises(AmbiguousResult):
        tracker.set_status(task, bench.ready)
    tracker.close()


def test_a_dropped_question_is_asked_again(bench: FtrackBench) -> None:
    """A connection that broke under a query costs nothing."""
    task = bench.make_task("cleanup")
    bench.tracker.task(task)
    bench.site.faults.set(Fault(path="/api", method="query", action="drop"))
    assert bench.tracker.task(task).name == "cleanup"


def test_a_slow_answer_is_bounded(bench: FtrackBench) -> None:
    """A site that does not answer costs the time-out, not for ever."""
    task = bench.make_task("cleanup")
    tracker = connector(bench.site, timeout_seconds=0.5)
    tracker.task(task)
    bench.site.faults.set(Fault(path="/api", method="query", action="slow", seconds=5.0, times=3))
    began = time.monotonic()
    with pytest.raises(TrackerUnavailable, match="in time"):
        tracker.task(task)
    assert time.monotonic() - began < 2.0
    tracker.close()


def test_a_site_that_is_not_there(bench: FtrackBench) -> None:
    """An address where nothing listens is worth another try."""
    tracker = Ftrack("http://127.0.0.1:9", "wetgate", "key", timeout_seconds=1)
    with pytest.raises(TrackerUnavailable, match="cannot be reached"):
        tracker.tasks_for_us("PINE")
    assert "cannot be reached" in tracker.check("PINE", [])[0].what


def test_a_wrong_key_is_named_without_being_shown(bench: FtrackBench) -> None:
    """The doctor says which setting is wrong; the key is in no message."""
    tracker = Ftrack(bench.site.sandbox.url, "wetgate", "not-the-key", timeout_seconds=2)
    (problem,) = tracker.check("PINE", [])
    assert "does not accept the user 'wetgate'" in problem.what
    assert "not-the-key" not in problem.what + problem.mend


def test_a_permission_taken_away_is_said(bench: FtrackBench) -> None:
    """Without a role nothing can be written, and the doctor says so."""
    task = bench.make_task("cleanup")
    for role in bench.person.query("UserSecurityRole where user.username is wetgate"):
        bench.person.delete(role)
    bench.person.commit()
    with pytest.raises(TrackerRejected, match="permission"):
        bench.tracker.set_status(task, bench.busy)
    assert any("no security role" in problem.what for problem in bench.tracker.check("PINE", []))


def test_the_doctor_on_a_bare_site(bench: FtrackBench) -> None:
    """Missing group, project and asset type are named, and a project that goes by its full name."""
    project = bench.person.query("Project where name is PINE").one()
    project["full_name"] = "The Pine Show"
    project["status"] = "hidden"
    bench.person.commit()
    tracker = connector(bench.site, group="Nobody", asset_type="Holograms")
    said = " ".join(problem.what for problem in tracker.check("The Pine Show", [bench.ready]))
    assert all(word in said for word in ("'Nobody'", "'Holograms'", "hidden", "full name of the project 'PINE'"))
    with pytest.raises(TrackerRejected, match="Nobody"):
        tracker.tasks_for_us("PINE")
    tracker.close()


def test_a_key_that_was_revoked_is_said(bench: FtrackBench) -> None:
    """A key that is switched off in the middle is named as such, and no retry hides it."""
    task = bench.make_task("cleanup")
    bench.tracker.task(task)
    bench.person.query("ApiKey").first()["enabled"] = False
    bench.person.commit()
    with pytest.raises(TrackerRejected, match="does not accept the user"):
        bench.tracker.set_status(task, bench.busy)


def test_a_wrong_clock_is_said(bench: FtrackBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor compares this machine's clock with the site's."""
    monkeypatch.setattr(doctor, "SKEW_SECONDS", -1.0)
    (problem,) = bench.tracker.check("PINE", [bench.ready])
    assert "clock" in problem.what


@pytest.mark.parametrize("values", [{"url": "ftrack.example.com"}, {"api_key": ""}])
def test_settings_that_cannot_work(values: dict[str, Any]) -> None:
    """An address without a scheme and an empty key are errors at once."""
    with pytest.raises(ConfigError):
        Ftrack(**{"url": "https://x", "script_name": "wetgate", "api_key": "k", **values})


def test_a_cursor_of_something_else_is_refused(bench: FtrackBench) -> None:
    """What is no cursor of ours is named."""
    with pytest.raises(ConnectorError, match="cursor"):
        bench.tracker.events("yesterday")


def test_threads_have_sessions_of_their_own(bench: FtrackBench) -> None:
    """The vendor's session is used by the thread that opened it, whoever shares the connector."""
    task = bench.make_task("cleanup")
    names: list[str] = []
    threads = [threading.Thread(target=lambda: names.append(bench.tracker.task(task).name)) for _ in range(3)]
    bench.site.faults.forget()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names == ["cleanup"] * 3
    assert len([call for call in bench.site.faults.calls if call.method == "query_server_information"]) == 3


def test_the_key_is_in_no_log(bench: FtrackBench, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    """Not even the libraries' most detailed log shows what we log in with."""
    task = bench.make_task("cleanup")
    path = tmp_path / "matte.png"
    path.write_bytes(b"matte")
    bench.write_note(task, "matte", [path])
    with caplog.at_level(logging.DEBUG):
        tracker = connector(bench.site)
        tracker.download(tracker.brief(task).attachments[0], tmp_path / "got")
        version = tracker.publish(draft(bench, task))
        tracker.upload(version, MediaKind.FILE, path)
        bench.site.faults.set(Fault(method="update:*", status=500))
        with pytest.raises(WetgateError):
            tracker.set_status(task, bench.busy)
        tracker.close()
    assert bench.secret not in caplog.text
