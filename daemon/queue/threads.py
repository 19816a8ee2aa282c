"""Threads of the daemon for jobs that speak with the tracker: they wait more than they compute."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from ...schema.job import Job
from ...schema.ports import Progress
from ..logging import bound
from .failures import describe
from .workers import Done, Failed, Progressed, Report

_PROGRESS_EVERY = 0.2

Run = Callable[[Job, Progress], dict[str, Any]]


class Stopped(BaseException):
    """The job was cancelled or given back. Not an Exception: no job may catch it."""


class ThreadRunner:
    """One thread that takes one job after the other.

    A thread cannot be killed: `leave` has its job end by itself, and nobody listens to it any more.
    """

    def __init__(self, name: str, report: Callable[[Report], None]) -> None:
        """Start the thread; *report* is called on it."""
        self.job: Job | None = None
        self._report = report
        self._orders: SimpleQueue[tuple[Job, Run] | None] = SimpleQueue()
        self._left: set[tuple[int, int]] = set()
        # A daemon thread: a call that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def give(self, job: Job, run: Run) -> None:
        """Hand over *job*."""
        self.job = job
        self._orders.put((job, run))

    def leave(self) -> None:
        """Have the job end at its next word of progress; nothing that it says is heard any more."""
        if self.job is not None:
            self._left.add((self.job.id, self.job.fence))

    def close(self) -> None:
        """End the thread once its job is over."""
        self.leave()
        self._orders.put(None)

    def _work(self) -> None:
        while order := self._orders.get():
            job, run = order
            said: Report
            with bound(show=job.show, task=job.task_id, job=job.id):
                try:
                    said = Done(job, run(job, self._progress(job)))
                # The boundary where a job is isolated: whatever it raises is its failure, not the thread's.
                except BaseException as error:  # noqa: BLE001
                    failure, retry = describe(error)
                    said = Failed(job, failure, retry, memory=isinstance(error, MemoryError))
            self._report(said)

    def _progress(self, job: Job) -> Progress:
        following = 0.0

        def progress(share: float, doing: str = "") -> None:
            nonlocal following
            if (job.id, job.fence) in self._left:
                raise Stopped
            if time.monotonic() >= following:
                following = time.monotonic() + _PROGRESS_EVERY
                self._report(Progressed(job, share, doing))

        return progress
