"""The loop with the artist: replies, drawings, approvals and rejections, as people write them in the tracker."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import made
import numpy as np
import pytest
from practice import LEAVES_FILES_OPEN
from thread import Thread
from waiting import wait_for

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)
BRIEF = "plate: A009C001\nmatte: painted/matte"
SETTINGS = 'approvers = ["vera"]\n[statuses]\nrejected = ["na"]\n'


@pytest.fixture
def thread(tmp_path: Path) -> Iterator[Thread]:
    """A show with its tracker, on which vera approves and `na` rejects."""
    show = Thread(tmp_path, settings=SETTINGS)
    show.start_tracker()
    yield show
    show.close()


def subjects(thread: Thread, task: dict[str, object]) -> list[str]:
    """The subjects of the notes that Wetgate wrote."""
    return [note["subject"] for note in thread.notes(task) if note["subject"] != "note"]


def state(thread: Thread) -> str:
    """Where the one task stands with us."""
    return str(thread.rows("SELECT state FROM task")[0][0])


@pytest.mark.timeout(600)
def test_one_tasks_whole_life(thread: Thread) -> None:
    """Assign, brief mistakes, answer, fix, v001, talk, reply, v002 with what changed, half a reply, approval."""
    thread.shoot()
    thread.start()
    task = thread.assign("cleanup", "Plate: A009C001\nmatt: painted/matte\nframes: 900-950\ngrow: lots")
    thread.wait_status(task, "hld", 120, "the brief is asked about")
    (note,) = thread.notes(task)
    for line in ("matt: painted/matte", "frames: 900-950", "grow: lots"):
        assert note["content"].count(f"`{line}`") == 1
    sg = thread.client()
    sg.update("Task", task["id"], {"sg_description": "Plate: A009C001\nMask = painted/matte\nframes: head+1 - tail-1"})
    thread.wait_status(task, "rev", 240, "the corrected brief is answered")
    (first,) = thread.versions(task)
    assert "Restored 10 frames" in first["description"]

    thread.say("ada", task, "Lovely, the client will like this one.", first)
    thread.say("ada", task, "wider matte, 1003-1008", first)
    wait_for(lambda: len(thread.versions(task)) == 2, 240, "the reply becomes v002")
    thread.wait_status(task, "rev", 120, "v002 is there to be looked at")
    second = thread.versions(task)[1]
    assert "v002: matte 4 px wider on 1003-1008, as asked by Ada" in second["description"]
    assert any("v002: matte 4 px wider" in note["content"] for note in thread.notes(task))

    thread.say("ada", task, "tighter matte, but only where she turns her head", second)
    thread.say("ada", task, "approved", second)
    wait_for(lambda: len(subjects(thread, task)) == 5, 120, "both are answered")
    assert subjects(thread, task).count("This reply was not understood") == 1
    assert subjects(thread, task).count("Not approved yet") == 1
    assert state(thread) == "done"

    thread.person("vera")
    vera = thread.person("vera")
    vera.update("Version", second["id"], {"sg_status_list": "apr"})
    wait_for(lambda: state(thread) == "approved", 120, "the approval closes the task")
    thread.say("ada", task, "wider matte", second)
    wait_for(lambda: "This task is approved" in subjects(thread, task), 120, "what is closed says so")
    assert len(thread.versions(task)) == 2
    found = sg.find("Version", [["sg_task", "is", {"type": "Task", "id": task["id"]}]], ["sg_status_list"])
    assert [version["sg_status_list"] for version in found] == ["rev", "apr"]
    sg.close()


@pytest.mark.timeout(600)
def test_a_reply_is_acted_on_once_through_kills(thread: Thread) -> None:
    """kill -9 between the reply and its job, right after its job, and again: one v002, and nothing more."""
    thread.shoot()
    thread.start()
    task = thread.assign("cleanup", BRIEF)
    thread.wait_status(task, "rev", 240, "v001 is there")
    thread.kill()
    thread.say("ada", task, "tighter matte", thread.versions(task)[0])
    thread.say("ada", task, "softer edge")
    for step in ("task.planned", "task.queued", "job.claimed"):
        thread.start(kill_at=step)
        assert thread.wait_dead(120), f"{step} was never passed"
        assert thread.daemon is not None
        assert thread.daemon.returncode == -signal.SIGKILL
    thread.start()
    wait_for(lambda: len(thread.versions(task)) == 2, 240, "the reply becomes v002")
    thread.wait_status(task, "rev", 120, "v002 is there to be looked at")
    time.sleep(8)  # two sweeps more
    assert len(thread.versions(task)) == 2
    assert thread.rows("SELECT count(*) FROM job WHERE kind = 'process'") == [(2,)]
    assert "matte 4 px tighter" in thread.versions(task)[1]["description"]
    assert "edge 2 px softer" in thread.versions(task)[1]["description"]
    assert thread.stop() == 0


@pytest.mark.timeout(600)
def test_a_red_box_drawn_on_a_version_is_the_mattes_seed(thread: Thread, tmp_path: Path) -> None:
    """What an artist draws on frame 3 of v001 is a box on shot frame 1003 of v002, in plate pixels; green is talk.

    The matte of v001 comes as frames attached one by one, after the work was asked for.
    """
    thread.shoot()
    thread.start()
    task = thread.assign("cleanup", "plate: A009C001\nmatte: matte.####.png")
    thread.wait_status(task, "hld", 120, "the matte is missed")
    thread.say("ada", task, "here they are", files=sorted((thread.work / "PINE" / "painted" / "matte").iterdir()))
    thread.wait_status(task, "rev", 240, "v001 is there")
    (first,) = thread.versions(task)
    x, y, wide, high = made.INTRUDER
    for number, colour in ((2, (40, 200, 20, 255)), (3, (36, 28, 232, 255))):
        picture = np.zeros((384, 640, 4), np.uint8)
        cv2.rectangle(picture, (2 * x, 2 * y), (2 * (x + wide), 2 * (y + high)), colour, 4)
        assert cv2.imwrite(str(tmp_path / f"annot_version_{first['id']}.{number}.png"), picture)
    thread.say("ada", task, "the lamp behind is nice", first, [tmp_path / f"annot_version_{first['id']}.2.png"])
    thread.say("ada", task, "", first, [tmp_path / f"annot_version_{first['id']}.3.png"])
    wait_for(lambda: len(thread.versions(task)) == 2, 240, "the drawing becomes v002")
    description = thread.versions(task)[1]["description"]
    assert "drawn in red on frame 1003" in description
    query = "SELECT payload ->> '$.request.options.box' FROM job WHERE kind = 'process' ORDER BY id DESC LIMIT 1"
    frame, _, box = thread.rows(query)[0][0].partition(": ")
    assert frame == "1003"
    assert all(abs(int(a) - b) <= 3 for a, b in zip(box.split(","), made.INTRUDER, strict=True))


@pytest.mark.timeout(600)
def test_a_rejected_version_waits_for_a_reply_and_is_never_a_source(thread: Thread, tmp_path: Path) -> None:
    """Rejection is said once, its version is refused by name, and the next reply makes the next one.

    The matte comes as a zip of frames.
    """
    thread.shoot()
    thread.start()
    matte = shutil.make_archive(str(tmp_path / "matte"), "zip", thread.work / "PINE" / "painted")
    task = thread.assign("cleanup", "plate: A009C001\nmatte: matte.zip")
    thread.say("ada", task, "the matte", files=[Path(matte)])
    thread.wait_status(task, "rev", 240, "v001 is there")
    (first,) = thread.versions(task)
    thread.person("ada").update("Version", first["id"], {"sg_status_list": "na"})
    wait_for(lambda: state(thread) == "rejected", 120, "the rejection is read")
    thread.say("ada", task, f"takes: {first['code']}")
    thread.wait_status(task, "hld", 120, "a rejected version is no source")
    assert any("was rejected: a rejected version is never a source" in note["content"] for note in thread.notes(task))
    thread.say("ada", task, "use A001C004")
    wait_for(lambda: len(thread.versions(task)) == 2, 240, "the next version is made")
    assert subjects(thread, task).count(f"{first['code']} was rejected") == 1
    assert "picture from A001C004, as asked by Ada" in thread.versions(task)[1]["description"]


@pytest.mark.timeout(300)
def test_the_queue_follows_the_tracker_and_does_nothing_twice(tmp_path: Path) -> None:
    """Due dates order what waits, the same asked twice for a shot is made once, and what is taken back is dropped."""
    thread = Thread(tmp_path, environ={"WETGATE__WORKERS__PROCESS": "0"})
    thread.start_tracker()
    try:
        thread.shoot()
        thread.start()
        one = thread.assign("cleanup", BRIEF)
        thread.wait_status(one, "ip", 120, "the first is queued")
        twin = thread.assign("paint", BRIEF)
        thread.wait_status(twin, "hld", 120, "the same again waits")
        (told,) = thread.notes(twin)
        assert f"Task {one['id']} (cleanup) of this shot asks for the very same" in told["content"]
        other = thread.assign("cleanup", BRIEF, shot="SH020")
        thread.wait_status(other, "ip", 120, "another shot is queued")
        sg = thread.client()
        sg.update("Task", other["id"], {"due_date": "2026-11-26"})
        due = "SELECT due FROM job WHERE kind = 'process' ORDER BY priority DESC, due, id"
        wait_for(lambda: thread.rows(due) == [("2026-11-26",), ("9999-12-31",)], 120, "the new due date counts")
        sg.update("Task", one["id"], {"task_assignees": []})
        wait_for(lambda: ("dropped",) in thread.rows("SELECT state FROM task"), 120, "what is taken back is dropped")
        dropped = "SELECT count(*) FROM job WHERE kind = 'process' AND state = 'cancelled'"
        wait_for(lambda: thread.rows(dropped) == [(1,)], 120, "its job is cancelled")
        assert len(thread.notes(one)) == 0
        thread.say("ada", twin, "redo")
        thread.wait_status(twin, "ip", 120, "`redo` has it made here")
        sg.close()
    finally:
        thread.close()


@pytest.mark.timeout(600)
def test_a_site_that_takes_no_status_of_ours_is_not_worked_for_ever(tmp_path: Path) -> None:
    """A task that stays at ready because our statuses are refused is done once and told; `redo` has it made again."""
    thread = Thread(tmp_path)
    thread.start_tracker()
    try:
        thread.shoot()
        thread.start()
        first = thread.assign("cleanup", "plate: none of this name")
        thread.wait_status(first, "hld", 120, "the show is served")
        sg = thread.client()
        sg.schema_field_update("Task", "sg_status_list", {"valid_values": ["wtg", "rdy", "hld", "fin"]})
        sg.close()
        task = thread.assign("cleanup", BRIEF)
        wait_for(lambda: "The status of this task cannot be changed" in subjects(thread, task), 240, "it is told")
        time.sleep(8)  # two sweeps more
        assert thread.status(task) == "rdy"
        assert len(thread.versions(task)) == 1
        assert subjects(thread, task).count("The status of this task cannot be changed") == 1
        thread.say("ada", task, "redo")
        wait_for(lambda: len(thread.versions(task)) == 2, 240, "the reply is acted on")
    finally:
        thread.close()
