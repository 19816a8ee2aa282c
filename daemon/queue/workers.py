"""Warm workers: processes that take one job after the other, held to limits and replaced when spent."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import wait
from typing import Any

from ...schema.job import Failure, Job
from ..logging import LogForm
from .failures import Retry, exit_words
from .guard import Guard
from .limits import Limits

_BOOT_SECONDS = 60.0
"""What a job's time is prolonged by while its worker may still be importing."""


@dataclass(frozen=True)
class Done:
    """A job returned its result."""

    job: Job
    result: dict[str, Any]


@dataclass(frozen=True)
class Failed:
    """A job raised. `memory`: for lack of memory, which is as bad as a crash."""

    job: Job
    failure: Failure
    retry: Retry
    memory: bool = False
    trace: str = ""


@dataclass(frozen=True)
class Died:
    """The worker did not survive the job: `how`, in words. Before `begun` it was not the job's fault."""

    job: Job
    how: str
    memory: bool
    begun: bool


@dataclass(frozen=True)
class Progressed:
    """A job told how far it is."""

    job: Job
    share: float
    doing: str


Report = Done | Failed | Died | Progressed


class Worker:
    """One worker process.

    Must be made by a thread that stays to the end: the kernel ends the worker with that thread.
    """

    def __init__(self, limits: Limits, guard: Guard, logs: LogForm | None) -> None:
        """Start the process; it is ready for a job at once, though it boots for a moment."""
        self._limits = limits
        self._guard = guard
        self.connection, theirs = Pipe(duplex=True)
        with theirs:
            self._process = subprocess.Popen(
                # -P: the folder that the daemon was started in is not a place to import from.
                [
                    sys.executable,
                    "-P",
                    "-m",
                    f"{__package__}.worker_main",
                    str(theirs.fileno()),
                    str(os.getpid()),
                ],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
                env={**os.environ, **limits.environment()},
            )
        guard.watch(self._process.pid)
        begin = {"limits": limits.model_dump(), "log": logs.model_dump() if logs else None}
        with contextlib.suppress(OSError):  # dead already: `reports` will say how
            self.connection.send_bytes(json.dumps(begin).encode())
        # Not only the pipe's end tells of the worker's: a program that it started may hold the pipe open.
        self.sentinel = os.pidfd_open(self._process.pid)
        self.job: Job | None = None
        self._deadline: float | None = None
        self._jobs = 0
        self._begun = False

    @property
    def pid(self) -> int:
        """The process's id, and that of its process group."""
        return self._process.pid

    @property
    def spent(self) -> bool:
        """Whether it has done as many jobs as it may."""
        return self._limits.recycle_after is not None and self._jobs >= self._limits.recycle_after

    def give(self, job: Job, run: str) -> None:
        """Hand over *job*, to be done by the function at the dotted path *run*."""
        self.job, self._jobs, self._begun = job, self._jobs + 1, False
        self._allow(_BOOT_SECONDS)
        order = {"id": job.id, "run": run, "payload": job.payload, "show": job.show, "task_id": job.task_id}
        with contextlib.suppress(OSError):  # died while idle: `reports` will say so
            self.connection.send_bytes(json.dumps(order).encode())

    def reports(self) -> tuple[list[Report], bool]:
        """What it said since the last look, and whether it still lives. Never waits for it."""
        said: list[Report] = []
        try:
            while self.connection.poll(0):
                report = self._read(json.loads(self.connection.recv_bytes()))
                if report:
                    said.append(report)
            if not wait([self.sentinel], 0):
                return said, True
        except (EOFError, OSError, ValueError):
            # The pipe ended first; the exit status follows.
            wait([self.sentinel], 1.0)
        died = self._bury()
        return [*said, died] if died else said, False

    def over_time(self, now: float) -> bool:
        """Whether its job has taken longer than it may."""
        return self._deadline is not None and now > self._deadline

    def kill(self) -> None:
        """End the worker and whatever it started."""
        self._bury()

    def end_late(self) -> Report | None:
        """End the worker because its job takes too long."""
        return self._bury(f"it took longer than {self._limits.wall_seconds:g} seconds")

    def _read(self, message: dict[str, Any]) -> Report | None:
        job = self.job
        if job is None or message["job"] != job.id:
            return None
        match message["said"]:
            case "started":
                self._begun = True
                self._allow(0.0)
                return None
            case "progress":
                return Progressed(job, message["share"], message["doing"])
        self.job, self._deadline = None, None
        if message["said"] == "done":
            return Done(job, message["result"])
        failure = Failure.model_validate(message["failure"])
        return Failed(job, failure, Retry(message["retry"]), message["memory"], message["trace"])

    def _allow(self, more: float) -> None:
        if self._limits.wall_seconds is not None:
            self._deadline = time.monotonic() + self._limits.wall_seconds + more

    def _bury(self, reason: str = "") -> Died | None:
        """Kill the process group, then reap its leader; while unreaped, its number cannot be another's."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        code = self._process.wait()
        self._guard.forget(self.pid)
        self.connection.close()
        os.close(self.sentinel)
        job, self.job, self._deadline = self.job, None, None
        if job is None:
            return None
        words, memory = (reason, False) if reason else exit_words(code)
        return Died(job, words, memory, self._begun)
