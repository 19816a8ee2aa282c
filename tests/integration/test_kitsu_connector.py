"""The Kitsu connector where the real server has ways of its own: its log, its movies, its statuses, its tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import gazu
import psycopg
import pytest
from gateway import Gateway
from gazu import client as raw
from kitsu_site import REVISER, KitsuBench, Studio
from wetgate.connectors.contract import draft, note_draft, read_all, retried, start
from wetgate.connectors.kitsu import Kitsu
from wetgate.daemon.sandbox.faults import Fault
from wetgate.schema.errors import (
    AmbiguousResult,
    ConfigError,
    ConnectorError,
    EntityNotFound,
    TrackerRejected,
    TrackerUnavailable,
)
from wetgate.schema.tracker import Ability, EntityRef, MediaKind
from zou import Zou

pytestmark = pytest.mark.services

_projects = itertools.count(1)
STEPS = ("comment", "comments", "add-preview", "preview-files")
"""The writes of a publish, in their order."""


@pytest.fixture
def bench(studio: Studio, gateway: Gateway) -> Iterator[KitsuBench]:
    """A fresh project."""
    made = KitsuBench(studio, gateway, Fault(action="drop"), f"KITSU{next(_projects)}")
    yield made
    made.close()


@pytest.fixture
def task(bench: KitsuBench) -> EntityRef:
    """A task of ours in it."""
    return bench.make_task("cleanup")


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds with a sound track."""
    return make_movie(tmp_path_factory.mktemp("media") / "review.mp4", ["-f", "lavfi", "-i", "anullsrc", "-shortest"])


def make_movie(path: Path, sound: Sequence[str] = ()) -> Path:
    """A moving test card of 24 frames a second."""
    picture = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=24:duration=2"]
    coded = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    command = ["ffmpeg", "-v", "error", "-y", *picture, *sound, *coded, str(path)]
    subprocess.run(command, check=True)
    return path


def until(condition: Callable[[], object], seconds: float = 30.0) -> float:
    """Wait for a condition; how long it took."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, "it did not happen"
        time.sleep(0.02)
    return time.monotonic() - begun


# ---- what a task says ----


def test_a_task_in_full(studio: Studio, bench: KitsuBench) -> None:
    """Priority, due date, type, department and the shot with its sequence, in words of every tracker."""
    made = studio.task(
        bench.shot, "main", "ready", [studio.bot], priority=3, due_date="2026-12-01T00:00:00", description="source: B"
    )
    task = bench.tracker.task(EntityRef(type="Task", id=made["id"]))
    # Nobody named it, so that its type does.
    assert (task.name, task.kind, task.step) == ("Compositing", "Compositing", "Compositing")
    assert (task.priority, task.due) == (100, "2026-12-01")
    assert task.entity is not None
    assert (task.entity.type, task.entity.name) == ("Shot", "SQ01_SH010")
    normal = bench.tracker.task(bench.make_task("normal"))
    assert (normal.priority, normal.due) == (50, None)


def test_a_department_or_a_person_may_be_the_trigger(studio: Studio, bench: KitsuBench, task: EntityRef) -> None:
    """Kitsu has no groups: a name, an e-mail or a department of the team says whose tasks are ours."""
    department = raw.post(
        "data/departments", {"name": f"Restoration {bench.project}", "color": "#00FF00"}, client=studio.admin
    )
    raw.post(
        f"actions/persons/{studio.artist['id']}/departments/add",
        {"department_id": department["id"]},
        client=studio.admin,
    )
    other = bench.make_task("by department", ours=False)
    expected = {studio.bot["email"]: task.id, "Wetgate": task.id, "Arto Artist": other.id, department["name"]: other.id}
    for group, number in expected.items():
        found = bench.connector(group=group).tasks_for_us(bench.project)
        assert [one.ref.id for one in found] == [number], group
    with pytest.raises(TrackerRejected, match="Nobody here"):
        bench.connector(group="Nobody here").tasks_for_us(bench.project)
    assert Ability.GROUPS not in bench.tracker.abilities


def test_people_answer_in_every_way(studio: Studio, bench: KitsuBench, task: EntityRef, tmp_path: Path) -> None:
    """Checklists, replies to us, files in replies and what others publish are read; each about its own version."""
    version = bench.tracker.publish(draft(bench, task))
    home = bench.preview(version)["comments"][0]
    comment = studio.comment(task.id, "see list", "retake")
    ticks = [{"text": "edge: softer", "checked": False}, {"text": "matte: wider", "checked": True}]
    raw.put(f"data/comments/{comment['id']}", {"checklist": ticks}, client=studio.admin)
    sketch = tmp_path / "sketch.png"
    cv2.imwrite(str(sketch), cv2.UMat(20, 20, cv2.CV_8UC3).get())
    path = f"data/tasks/{task.id}/comments/{home}/reply"
    raw.upload(path, str(sketch), data={"text": "use take 3"}, client=studio.person)
    theirs = studio.comment(task.id, "my own try")
    made = raw.post(f"actions/tasks/{task.id}/comments/{theirs['id']}/add-preview", {}, client=studio.person)
    raw.upload(f"pictures/preview-files/{made['id']}", str(sketch), client=studio.person)
    studio.comment(task.id, "about mine")
    brief = bench.tracker.brief(task)
    people = {note.text: note for note in brief.notes if not note.by_us}
    assert set(people) == {"see list\nedge: softer\nmatte: wider", "use take 3", "my own try", "about mine"}
    assert people["use take 3"].version == version
    assert people["see list\nedge: softer\nmatte: wider"].version == version
    assert people["about mine"].version is None
    assert [one.name for one in brief.attachments] == ["sketch.png", "sketch.png"]
    for place, attachment in enumerate(brief.attachments):
        got = bench.tracker.download(attachment, tmp_path / str(place))
        assert cv2.imread(str(got)) is not None


# ---- notes and statuses ----


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


def test_a_note_does_not_undo_what_a_person_sets_meanwhile(
    studio: Studio, bench: KitsuBench, gateway: Gateway, task: EntityRef
) -> None:
    """Every comment carries a status: ours repeats the task's, and a person may change that on the way."""
    gateway.plan.set(Fault(action="slow", method="comment", seconds=2.0))
    note = note_draft(bench, task)
    thread = threading.Thread(target=bench.tracker.note, args=(note,))
    thread.start()
    time.sleep(1.0)
    studio.comment(task.id, "stop this", "retake")
    thread.join()
    assert bench.notes(note.key) == 1
    assert bench.tracker.task(task).status == "retake"


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


# ---- publishing ----


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_publish_cut_off_anywhere_makes_one_version(
    bench: KitsuBench, gateway: Gateway, task: EntityRef, step: str, when: Any
) -> None:
    """Whichever write of a publish is lost, on its way there or back, there is one comment with one version."""
    version = draft(bench, task)
    gateway.plan.set(Fault(action="drop", method=step, when=when))
    with pytest.raises(AmbiguousResult):
        bench.tracker.publish(version)
    made = bench.another().publish(version)
    assert bench.versions(version.key) == 1
    assert [one["previews"] for one in bench.comments()] == [[made.id]]
    assert bench.preview(made)["revision"] == 1


def test_the_bench_spoils_what_it_names(bench: KitsuBench, gateway: Gateway, task: EntityRef) -> None:
    """A publish is these writes: none more, none less."""
    gateway.plan.forget()
    bench.tracker.publish(draft(bench, task))
    # A call is noted once its answer has gone out.
    until(lambda: written(gateway) == STEPS, 5)


def written(gateway: Gateway) -> tuple[str, ...]:
    """The writes that passed."""
    return tuple(call.method for call in gateway.plan.calls if call.verb in ("POST", "PUT", "DELETE"))


def test_two_that_publish_at_once_leave_one(bench: KitsuBench, gateway: Gateway, task: EntityRef) -> None:
    """Two daemons, started by mistake, that both saw nothing: of their versions the older one is left."""
    version = draft(bench, task)
    gateway.plan.set(Fault(action="slow", method="comment", seconds=2.0, times=2))
    with ThreadPoolExecutor(2) as daemons:
        both = [daemons.submit(retried, one.publish, version) for one in (bench.tracker, bench.another())]
        for daemon in both:
            daemon.result()
    left = bench.another().publish(version)
    assert bench.versions(version.key) == 1
    assert [one["previews"] for one in bench.comments()] == [[left.id]]


def test_revisions_of_people_are_left_alone(studio: Studio, bench: KitsuBench, task: EntityRef) -> None:
    """A person who published by hand meanwhile took a revision; ours is the next, never refused as taken."""
    theirs = studio.comment(task.id, "by hand")
    path = f"actions/tasks/{task.id}/comments/{theirs['id']}/add-preview"
    raw.post(path, {"revision": 7}, client=studio.person)
    first = bench.tracker.publish(draft(bench, task, "1"))
    second = bench.tracker.publish(draft(bench, task, "2"))
    assert [bench.preview(one)["revision"] for one in (first, second)] == [8, 9]


def test_a_version_that_a_person_deleted(studio: Studio, bench: KitsuBench, task: EntityRef, movie: Path) -> None:
    """It is not found any more; sending to it says so; publishing its key again makes it anew, on the same comment."""
    version = draft(bench, task)
    made = bench.tracker.publish(version)
    raw.delete(f"data/preview-files/{made.id}?force=true", client=studio.admin)
    assert bench.tracker.find_version(version.key) is None
    assert list(bench.tracker.reviews(task)) == []
    with pytest.raises(EntityNotFound):
        bench.tracker.upload(made, MediaKind.MOVIE, movie)
    again = bench.tracker.publish(version)
    assert again.id != made.id
    assert [one["previews"] for one in bench.comments()] == [[again.id]]


# ---- movies ----


def test_a_movie_becomes_playable(studio: Studio, bench: KitsuBench, task: EntityRef, movie: Path) -> None:
    """A movie with sound is ready when `upload` returns; sent again, nothing happens; another is refused by name."""
    version = bench.tracker.publish(draft(bench, task))
    bench.tracker.upload(version, MediaKind.MOVIE, movie)
    found = bench.preview(version)
    assert (found["status"], found["extension"], found["original_name"]) == ("ready", "mp4", "review")
    assert found["duration"] == pytest.approx(2.0, abs=0.1)
    # The site keeps its own notes in the same field as our key.
    assert found["data"]["wetgate_key"] == draft(bench, task).key
    bench.another().upload(version, MediaKind.MOVIE, movie)
    other = movie.with_name("other.mp4")
    other.write_bytes(movie.read_bytes())
    with pytest.raises(TrackerRejected, match="review"):
        bench.tracker.upload(version, MediaKind.MOVIE, other)
    answer = studio.admin.session.get(
        f"{studio.site.url}/api/pictures/thumbnails/preview-files/{version.id}.png",
        headers=studio.admin.make_auth_header(),
    )
    assert answer.headers["Content-Type"] == "image/png"


def test_a_movie_that_the_site_cannot_read_is_said(bench: KitsuBench, task: EntityRef, tmp_path: Path) -> None:
    """The upload itself is answered as done; that the version is broken comes out as a refusal that says what to do."""
    version = bench.tracker.publish(draft(bench, task))
    torn = tmp_path / "torn.mp4"
    torn.write_bytes(b"\0\0\0\x18ftypmp42" + b"nothing" * 5000)
    for tracker in (bench.tracker, bench.another()):
        with pytest.raises(TrackerRejected, match=r"torn\.mp4 arrived, but .* broken"):
            tracker.upload(version, MediaKind.MOVIE, torn)


def test_a_silent_movie(bench: KitsuBench, task: EntityRef, tmp_path: Path) -> None:
    """Without a sound track Kitsu may end with a broken version: it is told either way, never taken for done."""
    version = bench.tracker.publish(draft(bench, task))
    silent = make_movie(tmp_path / "silent.mp4")
    try:
        bench.tracker.upload(version, MediaKind.MOVIE, silent)
    except TrackerRejected as error:
        assert "sound track" in str(error)
        assert bench.preview(version)["status"] == "broken"
    else:
        assert bench.preview(version)["status"] == "ready"


def test_a_movie_whose_answer_is_lost_is_not_sent_twice(
    bench: KitsuBench, gateway: Gateway, task: EntityRef, movie: Path
) -> None:
    """The site works on a movie before it answers: a cut-off answer is waited out, not answered with a second one."""
    version = bench.tracker.publish(draft(bench, task))
    gateway.plan.set(Fault(action="drop", method="upload", when="after"))
    gateway.plan.forget()
    bench.tracker.upload(version, MediaKind.MOVIE, movie)
    assert [call.method for call in gateway.plan.calls].count("upload") == 1
    assert bench.preview(version)["status"] == "ready"


def test_an_impatient_connector_waits_for_the_site(
    bench: KitsuBench, gateway: Gateway, task: EntityRef, movie: Path
) -> None:
    """An answer that takes longer than the time-out is looked for, not repeated."""
    version = bench.tracker.publish(draft(bench, task))
    hasty = bench.connector(timeout_seconds=3.0)
    gateway.plan.set(Fault(action="slow", method="upload", when="after", seconds=4.0))
    gateway.plan.forget()
    hasty.upload(version, MediaKind.MOVIE, movie)
    assert [call.method for call in gateway.plan.calls].count("upload") <= 1
    assert bench.preview(version)["status"] == "ready"


def test_files_that_kitsu_does_not_take(bench: KitsuBench, task: EntityRef, tmp_path: Path) -> None:
    """A movie of a foreign kind, which the site would throw the version away for, is refused before it is sent."""
    version = bench.tracker.publish(draft(bench, task))
    for name, kind in (("master.mxf", MediaKind.MOVIE), ("report.checksums", MediaKind.FILE)):
        path = tmp_path / name
        path.write_bytes(b"content")
        with pytest.raises(TrackerRejected, match=name):
            bench.tracker.upload(version, kind, path)
    assert bench.preview(version)["id"] == version.id


# ---- drawings ----


def test_a_drawing_becomes_a_picture(
    studio: Studio, bench: KitsuBench, task: EntityRef, movie: Path, tmp_path: Path
) -> None:
    """A red box that a person draws in the player wakes the task and comes as a picture of its frame."""
    version = bench.tracker.publish(draft(bench, task))
    bench.tracker.upload(version, MediaKind.MOVIE, movie)
    cursor = start(bench.tracker)
    box = {"type": "rect", "left": 80, "top": 40, "width": 60, "height": 40, "stroke": "#ff0000", "strokeWidth": 4}
    canvas = {"canvasWidth": 320, "canvasHeight": 180, "createdBy": studio.reviser["id"]}
    additions = [{"time": 0.5, "drawing": {"objects": [{**box, **canvas}]}}]
    path = f"actions/preview-files/{version.id}/update-annotations"
    raw.put(path, {"additions": additions}, client=studio.person)
    events = [one for one in read_all(bench.tracker, cursor)[0] if one.entity]
    assert {(one.kind, one.entity.id, one.by_us) for one in events if one.entity} == {
        ("preview-file:annotation-update", task.id, False)
    }
    (found,) = bench.tracker.brief(task).attachments
    assert (found.drawn, found.frame, found.version) == (True, 12, version)
    picture = cv2.imread(str(bench.tracker.download(found, tmp_path)), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    size = bench.preview(version)
    assert picture.shape == (size["height"], size["width"], 4)
    scale = size["width"] / 320
    # A further stroke on the same frame makes another drawing of it, which holds both.
    more = [{"time": 0.5, "drawing": {"objects": [{**box, **canvas, "left": 200}]}}]
    raw.put(path, {"additions": more}, client=studio.person)
    (grown,) = bench.tracker.brief(task).attachments
    assert grown.id != found.id
    both = cv2.imread(str(bench.tracker.download(grown, tmp_path / "grown")), cv2.IMREAD_UNCHANGED)
    assert both is not None
    assert both[round(60 * scale), round(200 * scale), 3] == both[round(60 * scale), round(80 * scale), 3] == 255
    assert tuple(picture[round(60 * scale), round(80 * scale)]) == (0, 0, 255, 255)
    assert picture[round(60 * scale), round(110 * scale), 3] == 0


# ---- the log ----


def log_rows(zou: Zou, project: str, times: Sequence[datetime]) -> list[str]:
    """Put task events of a project into the log, each at its time; their ids."""
    rows = [
        (str(uuid.uuid4()), "task:update", when, project, json.dumps({"task_id": str(uuid.uuid4())})) for when in times
    ]
    with psycopg.connect(zou.dsn) as database, database.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO api_event (id, name, created_at, updated_at, project_id, data)"
            " VALUES (%s, %s, %s, now(), %s, %s)",
            rows,
        )
    return [row[0] for row in rows]


def server_now() -> datetime:
    """The site's time, which it keeps in UTC without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def test_a_long_absence_comes_in_order_and_whole(zou: Zou, bench: KitsuBench, task: EntityRef) -> None:
    """Thousands of events, dense ones among them, arrive once each and in order, over many answers."""
    begun = server_now() - timedelta(hours=3)
    cursor = json.dumps({"at": int(begun.replace(tzinfo=UTC).timestamp()) - 1, "seen": [], "span": 0})
    sparse = [begun + timedelta(seconds=2 * number) for number in range(1500)]
    # More than one answer holds within one second.
    dense = [begun + timedelta(seconds=4000, microseconds=300 * number) for number in range(2300)]
    ids = log_rows(zou, bench.made["id"], [*sparse, *dense])
    order = [one for _, one in sorted(zip([*sparse, *dense], ids, strict=True))]
    events, end = read_all(bench.tracker, cursor)
    ours = set(ids)
    assert [one.id for one in events if one.id in ours] == order
    assert len({one.id for one in events}) == len(events)
    assert read_all(bench.tracker, end)[0] == []


def test_a_row_that_is_written_late_is_not_lost(zou: Zou, bench: KitsuBench) -> None:
    """An event whose row appears after younger ones is told when it is there, once; after the overlap no more."""
    tracker = bench.connector(overlap_seconds=20)
    cursor = start(tracker)
    now = server_now()
    (young,) = log_rows(zou, bench.made["id"], [now])
    events, cursor = read_all(tracker, cursor)
    assert young in {one.id for one in events}
    late, lost = log_rows(zou, bench.made["id"], [now - timedelta(seconds=10), now - timedelta(seconds=60)])
    events, cursor = read_all(tracker, cursor)
    assert [one.id for one in events] == [late]
    assert lost not in {one.id for one in events}
    assert read_all(tracker, cursor)[0] == []
    assert time.time() - json.loads(cursor)["at"] < 20 + 15


def test_a_cursor_that_is_none_is_refused(bench: KitsuBench) -> None:
    """A cursor of another tracker is told apart from an error of the site."""
    for text in ("", "12", '{"last": 3, "holes": {}}'):
        with pytest.raises(ConnectorError, match="cursor"):
            bench.tracker.events(text)


def test_a_reply_wakes_its_task(studio: Studio, bench: KitsuBench, task: EntityRef) -> None:
    """An answer below our comment is an event of the task, by a person."""
    note = bench.tracker.note(note_draft(bench, task))
    cursor = start(bench.tracker)
    path = f"data/tasks/{task.id}/comments/{note.id}/reply"
    raw.post(path, {"text": "use take 3"}, client=studio.person)
    (event,) = read_all(bench.tracker, cursor)[0]
    assert (event.kind, event.by_us) == ("comment:reply", False)
    assert event.entity is not None
    assert event.entity.id == task.id


# ---- push ----


class Bell:
    """Counts rings."""

    def __init__(self) -> None:
        self.rings = 0

    def __call__(self) -> None:
        self.rings += 1

    def quiet(self) -> None:
        """Wait for the last ring, and forget."""
        before = -1
        while before != self.rings:
            before = self.rings
            time.sleep(1.5)
        self.rings = 0


def test_a_change_wakes_within_two_seconds(studio: Studio, bench: KitsuBench, task: EntityRef) -> None:
    """From a person's comment to an event in hand: below two seconds."""
    cursor = start(bench.tracker)
    found = threading.Event()
    reader = bench.another()

    def look() -> None:
        if any(one.kind == "comment:new" for one in read_all(reader, cursor)[0]):
            found.set()

    push = bench.tracker.push(look)
    assert push is not None
    try:
        until(lambda: push.alive)
        time.sleep(2.0)
        studio.comment(task.id, "edge: softer")
        assert found.wait(2.0)
    finally:
        push.close()
    assert not push.alive


@pytest.mark.parametrize("clean", [True, False])
def test_the_bell_is_hung_again(zou: Zou, studio: Studio, bench: KitsuBench, task: EntityRef, clean: bool) -> None:
    """After the event stream went away, in good order or not, the bell rings for what was missed, and goes on."""
    bell = Bell()
    push = bench.tracker.push(bell)
    assert push is not None
    try:
        until(lambda: push.alive)
        bell.quiet()
        zou.stop_events(clean=clean)
        until(lambda: not push.alive)
        studio.comment(task.id, "nobody heard this")
        zou.start_events()
        until(lambda: push.alive, 120)
        until(lambda: bell.rings)
        bell.quiet()
        studio.comment(task.id, "but this")
        assert until(lambda: bell.rings) < 2.0
    finally:
        push.close()
        if "events" not in zou.running:
            zou.start_events()
        zou.until_up("events")


# ---- logins and errors ----


def expired(token: str, secret: str) -> str:
    """The same token, as if its time were over."""
    head, body, _ = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    claims["exp"] = int(time.time()) - 60
    text = f"{head}.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}"
    sign = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(sign).decode().rstrip('=')}"


def as_person(bench: KitsuBench, studio: Studio, gateway: Gateway, password: str = REVISER) -> Kitsu:
    """A connector that logs in with a password."""
    return Kitsu(gateway.url, studio.reviser["email"], password, group=studio.reviser["email"], timeout_seconds=30)


@pytest.mark.parametrize("both", [False, True])
def test_a_token_that_ran_out_is_renewed(
    zou: Zou, bench: KitsuBench, studio: Studio, gateway: Gateway, both: bool
) -> None:
    """With a password the refresh token helps, and where that ran out too, a new login; a write is made once."""
    task = EntityRef(type="Task", id=studio.task(bench.shot, "mine", "ready", [studio.reviser])["id"])
    tracker = as_person(bench, studio, gateway)
    assert tracker.task(task).assigned_to_us
    tokens = tracker._client._tokens  # what time does to it cannot be had in another way
    tokens["access_token"] = expired(tokens["access_token"], zou.secret)
    if both:
        tokens["refresh_token"] = expired(tokens["refresh_token"], zou.secret)
    gateway.plan.forget()
    note = tracker.note(note_draft(bench, task))
    assert bench.notes(note_draft(bench, task).key) == 1
    logins = [call.path for call in gateway.plan.calls if "auth" in call.path]
    assert ("/api/auth/login" in logins) == both
    assert tracker.find_note(note_draft(bench, task).key) == EntityRef(type="Comment", id=note.id)
    tracker.close()


def test_a_login_that_is_not_accepted(bench: KitsuBench, studio: Studio, gateway: Gateway) -> None:
    """A wrong password, and a bot's token that was taken back, are told with what to do, without the secret."""
    wrong = as_person(bench, studio, gateway, "not-the-password")
    fired = studio.hire("Fired", "Bot", role="manager", is_bot=True)
    studio_token = fired["access_token"]
    raw.put(f"data/persons/{fired['id']}", {"active": False}, client=studio.admin)
    taken = Kitsu(gateway.url, fired["email"], studio_token, timeout_seconds=30)
    for tracker, secret, what in ((wrong, "not-the-password", "password"), (taken, studio_token, "token")):
        with pytest.raises(TrackerRejected, match=what) as caught:
            tracker.tasks_for_us(bench.project)
        assert secret not in str(caught.value)
        (problem,) = tracker.check(bench.project, [])
        assert secret not in f"{problem.what} {problem.mend}"
        tracker.close()


def test_answers_that_are_none(bench: KitsuBench, gateway: Gateway, task: EntityRef) -> None:
    """Busy is worth another try, a page of a proxy is no answer, and a write that may have arrived is ambiguous."""
    cases: list[tuple[Fault, type[Exception]]] = [
        (Fault(status=429, method="get", headers={"Retry-After": "1"}), TrackerUnavailable),
        (Fault(status=503, method="get"), TrackerUnavailable),
        (Fault(status=504, method="get"), TrackerUnavailable),
        (Fault(status=200, method="get"), TrackerUnavailable),
        (Fault(status=403, method="get"), TrackerRejected),
        (Fault(action="slow", seconds=3, method="get"), TrackerUnavailable),
    ]
    tracker = bench.connector(timeout_seconds=1.0)
    for fault, expected in cases:
        gateway.plan.set(fault)
        with pytest.raises(expected) as caught:
            tracker.task(task)
        assert bench.secret not in str(caught.value)
    gateway.plan.set(Fault(action="drop", method="get"))
    assert tracker.task(task).name == "cleanup"
    moved = Fault(status=308, method="comment", headers={"Location": "https://kitsu.example.com/api/comment"})
    gateway.plan.set(moved)
    with pytest.raises(TrackerRejected, match=r"redirects to https://kitsu\.example\.com; use that as url"):
        tracker.set_status(task, "ip")
    for status, kind in (
        (429, TrackerUnavailable),
        (503, TrackerUnavailable),
        (500, AmbiguousResult),
        (200, AmbiguousResult),
    ):
        gateway.plan.set(Fault(status=status, method="comment"))
        with pytest.raises(kind):
            tracker.set_status(task, "ip")


def test_an_address_that_leads_elsewhere() -> None:
    """Nobody there is worth another try; what is no address is a wrong setting."""
    nobody = Kitsu("http://127.0.0.1:9", "wetgate@example.com", "secret", timeout_seconds=1)
    with pytest.raises(TrackerUnavailable, match="cannot be reached"):
        nobody.tasks_for_us("PINE")
    with pytest.raises(TrackerUnavailable):
        nobody.set_status(EntityRef(type="Task", id=str(uuid.uuid4())), "ip")
    with pytest.raises(ConfigError, match="https"):
        Kitsu("kitsu.example.com", "wetgate@example.com", "secret")
    with pytest.raises(ConfigError, match="api_key"):
        Kitsu("https://kitsu.example.com", "wetgate@example.com", "")


# ---- doctor ----


def test_the_doctor_knows_kitsu(bench: KitsuBench, studio: Studio, gateway: Gateway) -> None:
    """A role that may not read the log, a team without us, a bot that may not be assigned: each with what to do."""
    assert list(bench.tracker.check(bench.project, ["ip"])) == []
    raw.put(f"data/projects/{bench.made['id']}", {"is_bot_collaboration_enabled": False}, client=studio.admin)
    assert any("bot collaboration" in one.mend for one in bench.another().check(bench.project, []))
    gazu.project.add_task_status(bench.made, studio.statuses["done"], client=studio.admin)
    assert any("does not use the task status 'ip'" in one.what for one in bench.another().check(bench.project, ["ip"]))
    small = studio.hire("Small", "Bot", role="user", is_bot=True)
    gazu.project.add_person_to_team(bench.made, small, client=studio.admin)
    tracker = Kitsu(gateway.url, small["email"], small["access_token"], group="Nobody here", timeout_seconds=30)
    whats = " ".join(one.what for one in tracker.check(bench.project, []))
    assert "is user on the site" in whats
    assert "Nobody here" in whats
    with pytest.raises(TrackerRejected, match="does not allow"):
        tracker.events(None)
    tracker.close()
    soon = (server_now() + timedelta(days=3)).date().isoformat()
    brief = studio.hire("Brief", "Bot", role="admin", is_bot=True, expiration_date=soon)
    tracker = Kitsu(gateway.url, brief["email"], brief["access_token"], timeout_seconds=30)
    assert any(soon in one.what for one in tracker.check(bench.project, []))
    tracker.close()
    gazu.project.remove_person_from_team(bench.made, studio.bot, client=studio.admin)
    assert bench.another().check(bench.project, [])
