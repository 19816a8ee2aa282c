"""Jobs in real worker processes: what goes wrong in them, and what becomes of it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import queue_parts
import sqlalchemy as sa
from queue_jobs import Payload
from queue_parts import Held, alive, order
from waiting import wait_for
from wetgate.daemon.queue import failures
from wetgate.daemon.queue.dispatcher import Dispatcher
from wetgate.daemon.store import Database
from wetgate.daemon.store.jobs import Jobs
from wetgate.schema.job import JobState
from wetgate.schema.tables import ControlRow, JobRow


class Room:
    """A running dispatcher and its queue."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.jobs = Jobs(database)
        self.log = folder / "log"
        self.held = Held(folder)
        self.dispatcher: Dispatcher | None = None

    def start(self, **limits: Any) -> None:
        self.dispatcher = queue_parts.dispatcher(self.database, **limits)
        self.dispatcher.start()

    def stop(self) -> None:
        if self.dispatcher:
            self.dispatcher.stop()
        self.dispatcher = None

    def enqueue(self, kind: str, **more: Any) -> int:
        with self.database.write() as session:
            job_id = self.jobs.enqueue(session, order(kind, log=str(self.log), **more))
        if self.dispatcher:
            self.dispatcher.wake()
        return job_id

    def over(self, job_id: int, seconds: float = 30.0) -> JobRow:
        wait_for(lambda: JobState(self.jobs.get(job_id).state).over, seconds)
        return self.jobs.get(job_id)

    def result(self, job_id: int) -> Payload:
        """What a job gave; fails with its error where it gave nothing."""
        row = self.over(job_id)
        assert row.result is not None, row.error
        return row.result

    def lines(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def heard(self, job_id: int) -> list[tuple[str, str]]:
        """What the rooms were told of a job's end."""
        with self.database.read() as session:
            rows = (session.get(ControlRow, f"{what}:{job_id}") for what in ("recorded", "failed"))
            return [(row.name.partition(":")[0], row.value) for row in rows if row]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers find the tests' jobs; the second attempt comes at once (the waits themselves are tested apart)."""
    monkeypatch.setenv("PYTHONPATH", str(Path(queue_parts.__file__).parent))
    monkeypatch.setattr(failures, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(failures, "LONGEST_PAUSE", 0.1)


@pytest.fixture
def room(sqlite: Database, tmp_path: Path) -> Iterator[Room]:
    """A room on SQLite."""
    made = Room(sqlite, tmp_path)
    yield made
    made.stop()


@pytest.fixture
def either(database: Database, tmp_path: Path) -> Iterator[Room]:
    """A room on each database."""
    made = Room(database, tmp_path)
    yield made
    made.stop()


def test_jobs_of_every_lane_run_and_their_end_is_recorded_once(either: Room) -> None:
    """A burst in a warm worker, a publish job and one that waits for both end well, recorded once each."""
    with either.database.write() as session:
        ids = either.jobs.enqueue_many(session, [order("add", a=number, b=1) for number in range(40)])
    tell = either.enqueue("tell")
    last = either.enqueue("add", a=1, b=1, needs=(tell, ids[-1]))
    either.start()
    assert either.result(last)["sum"] == 2
    wait_for(lambda: either.jobs.count_open() == 0)
    rows = [either.jobs.get(job_id) for job_id in ids]
    results = [either.result(job_id) for job_id in ids]
    assert [result["sum"] for result in results] == list(range(1, 41))
    assert len({result["pid"] for result in results}) == 1
    assert all(either.heard(job_id) == [("recorded", "add")] for job_id in ids)
    assert {(row.attempts, row.progress) for row in rows} == {(1, 1.0)}


def test_worker_is_replaced_after_its_number_of_jobs(room: Room) -> None:
    """Ten jobs with a limit of four need three workers, each held to one thread."""
    ids = [room.enqueue("add", a=number, b=1) for number in range(10)]
    room.start(recycle_after=4)
    results = [room.result(job_id) for job_id in ids]
    assert len({result["pid"] for result in results}) == 3
    assert {result["threads"] for result in results} == {"1"}


@pytest.mark.parametrize(
    ("kind", "payload", "error", "attempts"),
    [
        ("raises", {"what": "unreadable", "path": "A001C003.mov"}, "UnreadableMedia", 1),
        ("raises", {"what": "bug"}, "ZeroDivisionError", 1),
        ("raises", {"what": "interrupt"}, "KeyboardInterrupt", 1),
        ("no_json", {}, "TypeError", 1),
        ("missing", {}, "AttributeError", 1),
        ("spoilt", {"a": 1, "b": 2}, "KeyError", 1),
    ],
)
def test_error_of_a_job_is_its_failure_alone(
    room: Room, kind: str, payload: dict[str, Any], error: str, attempts: int
) -> None:
    """What a job raises ends that job with its type and sentence, and the worker does the next one."""
    room.start()
    job_id = room.enqueue(kind, **payload)
    row = room.over(job_id)
    assert (row.state, row.error_type, row.attempts) == ("failed", error, attempts)
    assert row.error
    assert room.heard(job_id) == [("failed", error)]
    assert room.result(room.enqueue("add", a=1, b=1))["sum"] == 2


def test_outage_is_tried_until_it_is_over(room: Room) -> None:
    """A tracker that is away uses up no attempt: the job is tried more often than its five times."""
    room.start()
    job_id = room.enqueue("tell", what="outage")
    wait_for(lambda: room.jobs.get(job_id).attempts > 7)
    assert room.jobs.get(job_id).state in {"queued", "running"}
    room.jobs.cancel(job_id)  # whether it was waiting just then is chance
    assert room.over(job_id).state == "cancelled"
    assert room.heard(job_id) == [("failed", "Cancelled")]


@pytest.mark.parametrize(
    ("kind", "limits", "words"),
    [
        ("crash", {}, "SIGSEGV"),
        ("hog_memory", {"memory_mb": 512}, "memory"),
        ("hog_cpu", {"cpu_seconds": 1}, "CPU time"),
        ("slow_index", {"wall_seconds": 1.5}, "longer than 1.5 seconds"),
    ],
)
def test_file_that_ends_its_worker_twice_is_given_up(room: Room, kind: str, limits: dict[str, Any], words: str) -> None:
    """A crash, too much memory, CPU time or time: tried twice, then refused with a sentence naming the file."""
    room.start(**limits)
    job_id = room.enqueue(kind, path="/dailies/A001C007.mov", seconds=600)
    row = room.over(job_id)
    assert (row.state, row.error_type, row.attempts, row.crashes) == ("failed", "UnreadableMedia", 2, 2)
    assert row.error is not None
    assert "/dailies/A001C007.mov" in row.error
    assert words in row.error
    assert [line.split()[0] for line in room.lines()] == ["begun", "begun"]
    assert room.heard(job_id) == [("failed", "UnreadableMedia")]
    assert room.result(room.enqueue("add", a=1, b=1))["sum"] == 2


def test_killed_worker_is_replaced_and_its_job_runs_again(room: Room) -> None:
    """kill -9 of a worker at work: the job is done by the next one."""
    room.start()
    job_id = room.enqueue("hang")
    worker = int(wait_for(room.lines)[0].split()[1])
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: len(room.lines()) == 2)
    assert room.jobs.get(job_id).crashes == 1
    assert room.jobs.get(job_id).error_type == "OutOfMemory"


def test_cancel_ends_the_worker_and_what_it_started(either: Room) -> None:
    """A running job that is cancelled is gone, its program too, though both would go on, and never runs again."""
    either.start()
    job_id = either.enqueue("hang")
    _, worker, child = wait_for(either.lines)[0].split()
    assert either.jobs.cancel(job_id) is False
    assert either.over(job_id).state == "cancelled"
    wait_for(lambda: not alive(int(worker)) and not alive(int(child)))
    assert either.heard(job_id) == [("failed", "Cancelled")]
    assert either.over(either.enqueue("slow", seconds=0)).state == "done"
    assert len(either.lines()) == 3


def test_progress_is_written_while_the_job_runs(room: Room) -> None:
    """The share and the words of a running job reach its row."""
    room.start()
    job_id = room.enqueue("slow", **room.held.payload)
    wait_for(lambda: 0 < room.jobs.get(job_id).progress < 1)
    assert room.jobs.get(job_id).doing == "waiting"
    room.held.let_go()
    assert room.over(job_id).progress == 1.0


def test_stop_gives_running_jobs_back_uncounted(room: Room) -> None:
    """Stopping the dispatcher kills its workers; their jobs are queued with no attempt used."""
    room.start()
    job_ids = [room.enqueue("hang"), room.enqueue("tell", **room.held.payload)]
    wait_for(lambda: len(room.lines()) == 2)
    worker, child = next(line for line in room.lines() if line.count(" ") == 2).split()[1:]
    room.stop()
    assert not alive(int(worker))
    wait_for(lambda: not alive(int(child)))
    rows = [room.jobs.get(job_id) for job_id in job_ids]
    assert [(row.state, row.attempts, row.lease_until) for row in rows] == [("queued", 0, None)] * 2


def test_a_word_never_waits_for_an_upload(room: Room) -> None:
    """Every thread that carries versions over is busy: what a task's people are told goes out meanwhile."""
    room.start()
    carried = [room.enqueue("carry", **room.held.payload) for _ in range(2)]
    wait_for(lambda: [room.jobs.get(job_id).state for job_id in carried] == ["running"] * 2)
    waiting, word = room.enqueue("carry"), room.enqueue("tell")
    assert room.over(word).state == "done"
    assert [room.jobs.get(job_id).state for job_id in (*carried, waiting)] == ["running", "running", "queued"]


def test_pause_holds_a_show_and_priority_orders_the_rest(room: Room) -> None:
    """Nothing of a paused show starts; of the others the highest priority goes first."""
    room.jobs.pause("FIR")
    held = room.enqueue("slow_index", seconds=0, show="FIR", priority=99)
    late, early = (room.enqueue("slow_index", seconds=0, priority=priority) for priority in (10, 90))
    room.start()
    begun = [room.over(job_id).started_at for job_id in (early, late)]
    assert begun[0] is not None and begun[1] is not None
    assert begun[0] < begun[1]
    time.sleep(0.5)
    assert room.jobs.get(held).state == "queued"
    room.jobs.resume("FIR")
    assert room.over(held).state == "done"


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_database_that_breaks_off_loses_nothing(either: Room) -> None:
    """Every connection to PostgreSQL is cut while jobs run: their ends are written down afterwards."""
    either.start()
    job_ids = [either.enqueue(kind, **either.held.payload) for kind in ("slow", "tell")]
    wait_for(lambda: len(either.lines()) == 2)
    for number in range(10):
        if number == 3:
            either.held.let_go()
        with either.database.engine.connect() as connection:
            connection.execute(
                sa.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        time.sleep(0.1)
    assert [either.over(job_id).state for job_id in job_ids] == ["done", "done"]
    assert sorted(either.lines()) == ["begun", "begun", "ended", "ended"]
