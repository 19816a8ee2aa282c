"""The thread from a copied clip to a version in the tracker, and what happens when people or machines err."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import made
import pytest
from thread import SHOW, Thread
from waiting import wait_for


@pytest.fixture
def thread(tmp_path: Path) -> Iterator[Thread]:
    """A show with its tracker; the daemon is not started yet."""
    show = Thread(tmp_path)
    show.start_tracker()
    yield show
    show.close()


BRIEF = "plate: A009C001\nmatte: painted/matte"


def test_a_task_becomes_a_version(thread: Thread) -> None:
    """Two takes arrive, a cleanup task is assigned, and one version comes back that verifies."""
    thread.shoot()
    thread.start()
    task = thread.assign("cleanup", BRIEF)
    thread.wait_status(task, "rev", 240, "the task is answered")
    (version,) = thread.versions(task)
    assert version["code"] == f"{SHOW}_SH010_cleanup_WG_v001"
    assert version["sg_uploaded_movie"] and version["image"] and version["sg_wetgate_key"]
    report = Path(version["sg_path_to_frames"]).parent / "report.json"
    assert thread.run("verify", str(report)).returncode == 0
    (note,) = thread.notes(task)
    assert "every code value" in note["content"]
    assert thread.stop() == 0


def test_a_grade_becomes_a_version_without_a_master(thread: Thread) -> None:
    """A colour task comes back as one version with the review movie, its CDL attached, and a note that says so."""
    thread.shoot(frames=8, look=True)
    thread.start()
    task = thread.assign("match grade", "plate: A009C001\nreference: A001C004")
    thread.wait_status(task, "rev", 120, "the task is answered")
    (version,) = thread.versions(task)
    assert version["sg_uploaded_movie"] and version["image"] and not version["sg_path_to_frames"]
    folder = thread.work / SHOW / "versions" / version["code"]
    names = {path.name for path in folder.iterdir()}
    assert {"grade.cc", "grade.ccc", "grade.edl", "report.json"} <= names
    sg = thread.client()
    attached = sg.find("Attachment", [], ["this_file"])
    sg.close()
    assert {"report.html", "grade.cc", "grade.ccc", "grade.edl"} <= {file["this_file"]["name"] for file in attached}
    told = [note["content"] for note in thread.notes(task)]  # that a clip was still on its way may come first
    assert sum("dE2000" in text and "grade.cc" in text for text in told) == 1


@pytest.mark.services
def test_the_thread_runs_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    """The same daemon on PostgreSQL: a task becomes one version, and its lock keeps a second daemon out."""
    show = Thread(tmp_path, environ={"WETGATE__DATABASE_URL": postgres_url})
    show.start_tracker()
    try:
        show.shoot()
        show.start()
        task = show.assign("cleanup", BRIEF)
        wait_for(lambda: show.status(task) == "rev", 240, "the task is answered")
        assert len(show.versions(task)) == 1
        second = show.run("run")
        assert second.returncode == 1 and "running already" in second.stdout + second.stderr
        assert show.stop() == 0
    finally:
        show.close()


def test_a_wrong_brief_is_answered_and_mended(thread: Thread) -> None:
    """A brief without a plate gets one note that says what to write; the reply starts the work."""
    thread.shoot()
    thread.start()
    task = thread.assign("cleanup", "please make it nice")
    thread.wait_status(task, "hld", 120, "the question is asked")
    (note,) = thread.notes(task)
    assert "plate:" in note["content"]
    sg = thread.client()
    sg.update("Task", task["id"], {"sg_description": BRIEF, "sg_status_list": "rdy"})
    sg.close()
    thread.wait_status(task, "rev", 240, "the mended task is answered")
    assert len(thread.versions(task)) == 1


def test_what_cannot_be_understood_is_said_once(thread: Thread) -> None:
    """An unknown clip, a task without a shot, and one that no rule knows or two do: each gets exactly one note."""
    thread.start()
    unknown = thread.assign("cleanup", "plate: Z999C999")
    homeless = thread.assign("cleanup", BRIEF, shot=None)
    strange = thread.assign("make coffee", BRIEF)
    for task, words in ((unknown, "Z999C999"), (homeless, "shot"), (strange, "make coffee")):
        thread.wait_status(task, "hld", 60, f"an answer about {words}")
        (note,) = thread.notes(task)
        assert words in note["content"]
        assert "Reply with the missing line" not in note["content"]
    both = thread.assign("cleanup colour", "plate: Z999C999")
    thread.wait_status(both, "hld", 120, "an answer about two rules")
    wait_for(lambda: len(thread.notes(both)) == 2, 120, "what is wrong with the brief, and which rule counts")
    assert (
        sum("`*cleanup*` (remove) and `*colour*` (match_grade)" in note["content"] for note in thread.notes(both)) == 1
    )
    sg = thread.client()
    sg.update("Task", both["id"], {"sg_description": "plate: Z999C998"})
    sg.close()
    wait_for(lambda: len(thread.notes(both)) == 3, 120, "the brief is wrong in another way")
    assert sum("two rules" in note["content"] for note in thread.notes(both)) == 1
    assert not thread.dead()


def test_a_tracker_that_is_away_loses_nothing(thread: Thread) -> None:
    """The tracker goes down before the work and comes back: the task is answered, once."""
    thread.shoot()
    task = thread.assign("cleanup", BRIEF)
    thread.stop_tracker()
    thread.start()
    wait_for((thread.work / "run" / "pages.url").exists, 120, "the daemon is up without its tracker")
    thread.start_tracker()
    # At work it says so only until it has done, which on a busy machine nobody may see.
    wait_for(lambda: thread.status(task) != "rdy", 120, "the task was read")
    thread.stop_tracker()
    wait_for(lambda: any((thread.work / SHOW / "versions").glob("*/report.json")), 120, "the fix is made")
    thread.start_tracker()
    thread.wait_status(task, "rev", 240, "the version is sent when the tracker is back")
    assert len(thread.versions(task)) == 1


def test_a_clip_that_arrives_later_starts_the_task(thread: Thread) -> None:
    """A task whose plate is still on its way waits, says so once, and goes on by itself."""
    thread.start()
    task = thread.assign("cleanup", BRIEF)
    thread.wait_status(task, "hld", 120, "the task waits")
    thread.shoot()
    thread.wait_status(task, "rev", 240, "the plate has arrived")
    assert len(thread.versions(task)) == 1


def test_ingest_beside_a_daemon(thread: Thread, tmp_path: Path) -> None:
    """The command hands its files to the daemon that runs, also those of a show that the daemon was not told of."""
    thread.start()
    wait_for((thread.work / "run" / "pages.url").exists, 120, "the daemon is up")
    card = made.write_movie(tmp_path / "card" / "B001C001.mp4", made.take(4, intruder=False)).parent
    for show in (SHOW, "OAK"):
        done = thread.run("ingest", show, str(card), "--json")
        assert [row["state"] for row in json.loads(done.stdout)] == ["indexed"], done.stderr
    assert thread.stop() == 0
