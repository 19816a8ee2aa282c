"""The queue inside a daemon process of its own: killed, drained, started twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import queue_parts
from queue_parts import Held, alive, children, order
from waiting import wait_for
from wetgate.daemon.store import Database
from wetgate.daemon.store.jobs import Jobs
from wetgate.schema.tables import ControlRow


class Daemon:
    """Daemon processes on one database."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.jobs = Jobs(database)
        self.folder = folder
        self.log = folder / "log"
        self.held = Held(folder)
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, drain: float = 10.0, folder: Path | None = None, **environment: str) -> subprocess.Popen[str]:
        tests = Path(queue_parts.__file__).parent
        url = self.database.url.render_as_string(hide_password=False)
        with (self.folder / f"stderr{len(self.processes)}").open("w") as stderr:
            process = subprocess.Popen(
                [sys.executable, tests / "queue_parts.py", url, folder or self.folder, str(drain)],
                env={**os.environ, "PYTHONPATH": str(tests), **environment},
                stderr=stderr,
                text=True,
            )
        self.processes.append(process)
        return process

    def stderr(self) -> str:
        return (self.folder / f"stderr{len(self.processes) - 1}").read_text()

    def enqueue(self, kind: str, **more: object) -> int:
        with self.database.write() as session:
            return self.jobs.enqueue(session, order(kind, log=str(self.log), **more))

    def lines(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def state(self, job_id: int) -> str:
        return self.jobs.get(job_id).state

    def recorded(self, job_id: int) -> bool:
        with self.database.read() as session:
            return session.get(ControlRow, f"recorded:{job_id}") is not None


def _daemon(database: Database, folder: Path) -> Iterator[Daemon]:
    made = Daemon(database, folder)
    yield made
    for process in made.processes:
        process.kill()
        process.wait()


@pytest.fixture
def either(database: Database, tmp_path: Path) -> Iterator[Daemon]:
    """A daemon on each database."""
    yield from _daemon(database, tmp_path)


@pytest.fixture
def daemon(sqlite: Database, tmp_path: Path) -> Iterator[Daemon]:
    """A daemon on SQLite."""
    yield from _daemon(sqlite, tmp_path)


def test_killed_daemon_leaves_no_worker_and_its_job_runs_once_more(either: Daemon) -> None:
    """kill -9 of the daemon: every process that it started is gone, and the next start does the job once."""
    either.enqueue("hang_index")
    job_id = either.enqueue("slow", **either.held.payload)
    first = either.start()
    wait_for(lambda: len(either.lines()) == 2)
    started = next(line for line in either.lines() if line.count(" ") == 2).split()[1:]
    offspring = {*children(first.pid), *map(int, started)}
    assert len(offspring) == 4  # two workers, the guard, the program that a worker started
    first.kill()
    first.wait()
    wait_for(lambda: not any(map(alive, offspring)))
    assert either.state(job_id) == "running"
    either.held.let_go()
    either.start()
    wait_for(lambda: either.state(job_id) == "done")
    assert either.recorded(job_id)
    assert sorted(line for line in either.lines() if line.count(" ") == 0) == ["begun", "begun", "ended"]
    row = either.jobs.get(job_id)
    assert (row.attempts, row.fence, row.crashes) == (2, 2, 0)


@pytest.mark.parametrize("step", ["job.claimed", "job.started", "job.returned", "job.recorded"])
def test_kill_at_each_step_records_the_job_once(daemon: Daemon, step: str) -> None:
    """The daemon kills itself at a step; the next one ends the job, whose end is recorded once."""
    job_id = daemon.enqueue("slow", seconds=0)
    assert daemon.start(WETGATE_KILL_AT=step).wait(60) == -signal.SIGKILL
    assert daemon.recorded(job_id) == (step == "job.recorded")
    daemon.start()
    wait_for(lambda: daemon.recorded(job_id))
    assert daemon.state(job_id) == "done"


def test_sigterm_lets_running_jobs_end_and_starts_no_other(either: Daemon) -> None:
    """SIGTERM: the running job ends and is recorded, the next one stays queued, the exit status is 0."""
    running, queued = either.enqueue("slow", **either.held.payload), either.enqueue("slow", seconds=0)
    process = either.start()
    wait_for(either.lines)
    process.terminate()
    wait_for(lambda: "draining" in either.stderr())
    either.held.let_go()
    assert process.wait(30) == 0
    assert (either.state(running), either.recorded(running)) == ("done", True)
    assert (either.state(queued), either.jobs.get(queued).attempts) == ("queued", 0)


@pytest.mark.parametrize("again", [False, True])
def test_what_does_not_end_in_time_is_given_back(daemon: Daemon, again: bool) -> None:
    """After the drain time, or at once on a second SIGTERM, workers are killed and their jobs queued uncounted."""
    job_id = daemon.enqueue("hang")
    process = daemon.start(drain=60 if again else 0.5)
    worker, child = map(int, wait_for(daemon.lines)[0].split()[1:])
    process.terminate()
    if again:
        wait_for(lambda: "draining" in daemon.stderr())
        process.terminate()
    assert process.wait(30) == 0
    wait_for(lambda: not alive(worker) and not alive(child))
    row = daemon.jobs.get(job_id)
    assert (row.state, row.attempts) == ("queued", 0)


def test_second_daemon_is_refused_with_the_first_ones_number(either: Daemon, tmp_path: Path) -> None:
    """A second daemon exits 1 and names the first; on PostgreSQL also from another workspace."""
    first = either.start()
    wait_for(lambda: "worker started" in either.stderr())
    assert either.start().wait(60) == 1
    assert f"process {first.pid}," in either.stderr()
    if not either.database.is_sqlite:
        assert either.start(folder=tmp_path / "elsewhere").wait(60) == 1
        assert "another workspace or machine" in either.stderr()
    first.kill()
    first.wait()
    third = either.start()
    wait_for(lambda: "worker started" in either.stderr())
    third.terminate()
    assert third.wait(30) == 0


def test_interrupt_of_the_terminal_reaches_no_worker(daemon: Daemon) -> None:
    """Ctrl-C goes to the whole foreground group: the daemon drains, the worker's job ends well."""
    job_id = daemon.enqueue("slow", **daemon.held.payload)
    process = daemon.start()
    wait_for(daemon.lines)
    worker = next(pid for pid in children(process.pid) if b"worker_main" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(worker, signal.SIGINT)
    process.send_signal(signal.SIGINT)
    wait_for(lambda: "draining" in daemon.stderr())
    daemon.held.let_go()
    assert process.wait(30) == 0
    assert daemon.state(job_id) == "done"
