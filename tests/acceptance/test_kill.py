"""kill -9 at every named step and at random moments: nothing is lost, nothing is made twice."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from thread import Thread
from waiting import wait_for
from wetgate.daemon.steps import Step

BRIEF = "plate: A009C001\nmatte: painted/matte"
NEED_A_TASK = (
    Step.ARRIVAL_SEEN,
    Step.EVENTS_STORED,
    Step.TASK_PLANNED,
    Step.TASK_QUEUED,
    Step.TASK_TOLD,
    Step.VERSION_BEGUN,
    Step.REPORT_UPLOADED,
)
"""Steps that only a task passes of which nothing was heard yet, and where one joins those under way."""


@pytest.fixture
def thread(tmp_path: Path) -> Iterator[Thread]:
    """A show with its tracker as a process of its own; the daemon is started by the test."""
    show = Thread(tmp_path)
    show.start_tracker()
    yield show
    show.close()


def workers_of(work: Path) -> list[int]:
    """Processes that still run Wetgate's worker code for this workspace's daemon."""
    mine = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().split(b"\0")
                environ = (entry / "environ").read_bytes()
            except OSError:
                continue
            if any(b"spawn_main" in part for part in command) and str(work).encode() in environ:
                mine.append(int(entry.name))
    return mine


def assert_whole(thread: Thread, task: dict[str, object], before: dict[str, tuple[bytes, int]]) -> None:
    """One version with all that belongs to it, every upload once, one note, the dailies untouched."""
    (version,) = thread.versions(task)
    assert version["sg_uploaded_movie"] and version["image"]
    folder = Path(version["sg_path_to_frames"]).parent
    assert thread.run("verify", str(folder / "report.json")).returncode == 0
    sg = thread.client()
    link = {"type": "Version", "id": version["id"]}
    uploads = sg.find("Attachment", [["attachment_links", "in", [link]]], ["this_file"])
    sg.close()
    names = [upload["this_file"]["name"] for upload in uploads]
    assert len(names) == len(set(names)), f"an upload is there twice: {names}"
    subjects = [note["subject"] for note in thread.notes(task)]
    assert subjects.count(version["code"]) == 1, subjects
    assert snapshot(thread.dailies) == before


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Names, contents and times of everything in a folder."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.timeout(900)
@pytest.mark.parametrize("new", [NEED_A_TASK, pytest.param(tuple(Step), marks=pytest.mark.soak)], ids=["few", "all"])
def test_killed_at_every_step_the_thread_ends_the_same(thread: Thread, new: Sequence[Step]) -> None:
    """The daemon kills itself at each named step in turn, tasks under way at each; then all is there, once."""
    thread.shoot()
    before = snapshot(thread.dailies)
    tasks = []
    for number, step in enumerate(Step):
        if step in new:
            brief = "what does it need?" if step is Step.TASK_TOLD else BRIEF
            task = thread.assign("cleanup", brief, shot=f"SH{number:03d}")
            tasks += [task] if brief == BRIEF else []
        thread.start(kill_at=str(step))
        assert thread.wait_dead(90), f"{step} was never passed"
        assert thread.daemon is not None and thread.daemon.returncode == -signal.SIGKILL
        wait_for(lambda: not workers_of(thread.folder), 10, "no worker outlives its daemon")
    finish(thread, tasks, before)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kills", [8, pytest.param(20, marks=pytest.mark.soak)])
def test_killed_at_random_moments_the_thread_ends_the_same(thread: Thread, kills: int) -> None:
    """Kills at seeded random moments, a new task now and then; then all is there, once."""
    moments = random.Random(kills)
    thread.shoot()
    before = snapshot(thread.dailies)
    tasks = []
    for number in range(kills):
        if number % 4 == 0:
            tasks.append(thread.assign("cleanup", BRIEF, shot=f"SH{number:03d}"))
        thread.start()
        time.sleep(moments.uniform(1.0, 7.0))
        thread.kill()
        wait_for(lambda: not workers_of(thread.folder), 10, "no worker outlives its daemon")
    finish(thread, tasks, before)


def finish(thread: Thread, tasks: list[dict[str, object]], before: dict[str, tuple[bytes, int]]) -> None:
    """Let the daemon end everything, and look at it."""
    thread.start()
    for task in tasks:
        thread.wait_status(task, "rev", 240, "the version is there")
    wait_for(lambda: idle(thread), 120, "the queue is empty")
    for task in tasks:
        assert_whole(thread, task, before)
    assert thread.stop() == 0


def idle(thread: Thread) -> bool:
    """Whether no job is open."""
    done = thread.run("jobs", "--json", "--limit", "500")
    return all(f'"state": "{state}"' not in done.stdout for state in ("queued", "running", "waiting"))
