"""The dispatcher: the one claimer. Hands jobs to workers, hears them, and ends the jobs."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from typing import Any

import structlog

from ...schema.errors import ConfigError
from ...schema.job import Job, Lane
from ..logging import LogForm
from ..steps import Step, passed
from ..store.database import Database
from ..store.jobs import Jobs
from .endings import DATABASE_AWAY, Endings
from .failures import Retry, describe
from .guard import Guard
from .kinds import Failure, JobKind
from .limits import Limits
from .threads import ThreadRunner
from .workers import Died, Done, Failed, Progressed, Report, Worker

log = structlog.get_logger(__name__)

TICK = 0.2
"""Longest sleep: within it other processes' orders, cancellations and over-long jobs are noticed."""

_CANCEL_EVERY = 0.5
_PROGRESS_EVERY = 0.5
_RESPAWN_AFTER = 1.0
_RECORD_PATIENCE = 300.0


@dataclass(frozen=True)
class LanePlan:
    """How many jobs of a lane run at once, and what each may use."""

    workers: int
    limits: Limits = field(default_factory=Limits)


@dataclass
class _Lane:
    """A lane at work: its processes, or its threads."""

    plan: LanePlan
    processes: list[Worker] = field(default_factory=list)
    threads: list[ThreadRunner] = field(default_factory=list)
    spawn_after: float = 0.0

    @property
    def free(self) -> list[Worker | ThreadRunner]:
        hands: list[Worker | ThreadRunner] = [*self.processes, *self.threads]
        return [hand for hand in hands if hand.job is None]


class Dispatcher:
    """Runs the queue's jobs on one permanent thread of its own, which is also the parent of every worker.

    The INDEX and PROCESS lanes run in worker processes, the PUBLISH lane on threads. One dispatcher
    at a time may work on a database (see `daemon.lock`). `alive` turns False if the thread breaks.
    """

    name = "dispatcher"

    def __init__(
        self,
        database: Database,
        jobs: Jobs,
        kinds: Iterable[JobKind],
        lanes: Mapping[Lane, LanePlan],
        *,
        lease_seconds: float = 60.0,
        logs: LogForm | None = None,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        """Do jobs of *kinds* in *lanes*; *beat* is called several times a second as a sign of life.

        Raises ConfigError when a kind's `run` does not fit its lane.
        """
        self._jobs = jobs
        self._kinds = {kind.name: kind for kind in kinds}
        for kind in self._kinds.values():
            if isinstance(kind.run, str) == (kind.lane is Lane.PUBLISH):
                wanted = "a callable" if kind.lane is Lane.PUBLISH else "a dotted path"
                raise ConfigError(f"{kind.name}: a job of the {kind.lane} lane needs {wanted} to run.")
        self._endings = Endings(database, jobs, self._kinds)
        self._lanes = {lane: _Lane(plan) for lane, plan in lanes.items()}
        self._lease = lease_seconds
        self._logs = logs
        self._beat = beat
        self._running: dict[int, Job] = {}
        self._heard: deque[Report] = deque()
        self._unrecorded: deque[tuple[float, Report]] = deque()
        self._progress: dict[int, Progressed] = {}
        self._due: dict[str, float] = {}
        self._guard: Guard | None = None
        self._draining = threading.Event()
        self._stopping = threading.Event()
        self._ear, self._mouth = os.pipe()
        os.set_blocking(self._mouth, False)
        os.set_blocking(self._ear, False)
        self._thread = threading.Thread(target=self._work, name="dispatcher", daemon=True)

    # -- the rest of the daemon calls these ----------------------------------------------------

    def start(self) -> None:
        """Queue again what a killed daemon left running, and begin to work."""
        self._endings.expire_leases(everything=True)
        self._thread.start()

    def wake(self) -> None:
        """Something was enqueued: look now. Any thread may call it, as often as it likes."""
        with suppress(BlockingIOError, OSError):  # full: it is awake anyway; closed: it has stopped
            os.write(self._mouth, b".")

    def drain(self) -> None:
        """Claim nothing more; what runs goes on."""
        self._draining.set()
        self.wake()

    @property
    def drained(self) -> bool:
        """Whether nothing runs and everything is recorded."""
        return not self._running

    @property
    def alive(self) -> bool:
        """Whether the thread works as it should."""
        return self._thread.is_alive() or self._stopping.is_set()

    def stop(self) -> None:
        """End now: workers are killed, their jobs are queued again without counting an attempt."""
        self._stopping.set()
        self.drain()
        if self._thread.ident is not None:
            self._thread.join()

    # -- the thread ----------------------------------------------------------------------------

    def _work(self) -> None:
        self._guard = Guard()
        try:
            while not self._stopping.is_set():
                self._listen()
                try:
                    self._turn(time.monotonic())
                except DATABASE_AWAY as error:
                    log.warning("database does not answer", why=str(error.__cause__ or error))
                    self._stopping.wait(1.0)
                self._beat()
        finally:
            self._close()

    def _turn(self, now: float) -> None:
        self._staff(now)
        # Free hands first: while a worker does the next job, the last one's end is written down.
        if not self._draining.is_set():
            self._fill()
        self._record()
        self._end_late(now)
        if self._is_due("cancel", now, _CANCEL_EVERY):
            self._cancel()
        if self._is_due("progress", now, _PROGRESS_EVERY):
            self._write_progress()
        if self._is_due("lease", now, self._lease / 3):
            self._renew()

    def _is_due(self, what: str, now: float, every: float) -> bool:
        if now < self._due.get(what, 0.0):
            return False
        self._due[what] = now + every
        return True

    def _staff(self, now: float) -> None:
        assert self._guard
        for name, lane in self._lanes.items():
            if name is Lane.PUBLISH:
                while len(lane.threads) < lane.plan.workers:
                    lane.threads.append(ThreadRunner(f"publish-{len(lane.threads)}", self._from_thread))
                continue
            while len(lane.processes) < lane.plan.workers and now >= lane.spawn_after:
                worker = Worker(lane.plan.limits, self._guard, self._logs)
                log.debug("worker started", lane=name, pid=worker.pid)
                lane.processes.append(worker)

    def _from_thread(self, report: Report) -> None:
        self._heard.append(report)
        self.wake()

    def _fill(self) -> None:
        free = {name: lane.free for name, lane in self._lanes.items()}
        if not any(free.values()):
            return
        for job in self._jobs.claim({name: len(workers) for name, workers in free.items()}, self._lease):
            passed(Step.JOB_CLAIMED)
            self._running[job.id] = job
            kind = self._kinds.get(job.kind)
            if kind is None or kind.lane is not job.lane:
                self._hear(Failed(job, _unknown(job), Retry.NO))
                continue
            free[job.lane].pop().give(job, kind.run)  # type: ignore[arg-type]  # the constructor saw to the fit
            log.debug("job started", job=job.id, kind=job.kind, show=job.show, attempt=job.attempt)
            passed(Step.JOB_STARTED)

    def _listen(self) -> None:
        workers: dict[Any, tuple[_Lane, Worker]] = {}
        for lane in self._lanes.values():
            for worker in lane.processes:
                workers[worker.connection] = workers[worker.sentinel] = (lane, worker)
        ready = wait([self._ear, *workers], timeout=0 if self._heard else TICK)
        if self._ear in ready:
            with suppress(BlockingIOError):
                os.read(self._ear, 65536)
        for lane, worker in {id(workers[ear][1]): workers[ear] for ear in ready if ear != self._ear}.values():
            self._hear_worker(lane, worker)
        while self._heard:
            self._hear(self._heard.popleft())

    def _hear_worker(self, lane: _Lane, worker: Worker) -> None:
        reports, lives = worker.reports()
        for report in reports:
            self._hear(report)
        if not lives:
            lane.processes.remove(worker)
            if not reports:
                log.error("an idle worker ended", pid=worker.pid)
                lane.spawn_after = time.monotonic() + _RESPAWN_AFTER
        elif worker.job is None and (worker.spent or any(_starved(report) for report in reports)):
            worker.kill()
            lane.processes.remove(worker)

    def _hear(self, report: Report) -> None:
        known = self._running.get(report.job.id)
        if known is None or known.fence != report.job.fence:
            return  # a thread's job that was given up meanwhile
        if isinstance(report, Progressed):
            self._progress[report.job.id] = report
            return
        passed(Step.JOB_RETURNED)
        self._progress.pop(report.job.id, None)
        self._unrecorded.append((time.monotonic(), report))

    def _record(self) -> None:
        while self._unrecorded:
            since, report = self._unrecorded[0]
            try:
                self._end(report)
            except DATABASE_AWAY as error:
                if time.monotonic() - since < _RECORD_PATIENCE or not isinstance(report, Done):
                    raise
                # It is not the database but what this result wants of it.
                self._unrecorded[0] = (since, Failed(report.job, *describe(error)))
                continue
            self._unrecorded.popleft()
            del self._running[report.job.id]

    def _end(self, report: Report) -> None:
        match report:
            case Done(job, result):
                self._endings.done(job, result)
            case Failed(job, failure, retry, memory, trace):
                if trace:
                    log.error("job raised", job=job.id, kind=job.kind, show=job.show, trace=trace)
                if memory:
                    self._endings.crashed(job, "it needs more memory than a job may use", memory=True)
                else:
                    self._endings.failed(job, failure, retry)
            case Died(job, how, memory, begun):
                if begun:
                    self._endings.crashed(job, how, memory=memory)
                else:
                    failure = Failure(type="RetryLater", message=f"The worker did not start: {how}.")
                    self._endings.failed(job, failure, Retry.LATER)

    def _end_late(self, now: float) -> None:
        for lane in self._lanes.values():
            for worker in [one for one in lane.processes if one.over_time(now)]:
                lane.processes.remove(worker)
                if report := worker.end_late():
                    self._hear(report)

    def _cancel(self) -> None:
        wishes = self._jobs.cancel_wishes()
        if not wishes:
            return
        ending = {report.job.id for _, report in self._unrecorded}
        for job_id in (wishes & self._running.keys()) - ending:
            job = self._running[job_id]
            self._take_away(job)
            self._endings.cancelled(job)
            del self._running[job_id]
        self._endings.drop_cancelled()

    def _take_away(self, job: Job) -> None:
        self._progress.pop(job.id, None)
        lane = self._lanes[job.lane]
        for worker in [one for one in lane.processes if one.job == job]:
            worker.kill()
            lane.processes.remove(worker)
        for thread in [one for one in lane.threads if one.job == job]:
            thread.close()
            lane.threads.remove(thread)

    def _write_progress(self) -> None:
        said, self._progress = self._progress, {}
        for report in said.values():
            self._jobs.progress(report.job, report.share, report.doing)

    def _renew(self) -> None:
        held = self._jobs.renew(list(self._running.values()), self._lease)
        ending = {report.job.id for _, report in self._unrecorded}
        for job in [one for one in self._running.values() if one.id not in held and one.id not in ending]:
            log.warning("lease lost", job=job.id, kind=job.kind, show=job.show)
            self._take_away(job)
            del self._running[job.id]
        self._endings.expire_leases()

    def _close(self) -> None:
        with suppress(*DATABASE_AWAY):
            self._record()
        for lane in self._lanes.values():
            for worker in lane.processes:
                worker.kill()
            for thread in lane.threads:
                thread.close()
        if self._guard:
            self._guard.close()
        # Where the database is away the leases expire instead.
        with suppress(*DATABASE_AWAY):
            self._jobs.give_back(list(self._running.values()))
        self._running.clear()
        os.close(self._ear)
        os.close(self._mouth)


def _starved(report: Report) -> bool:
    return isinstance(report, Failed) and report.memory


def _unknown(job: Job) -> Failure:
    words = f"Nothing here can do {job.kind!r} jobs (job {job.id}); is a plugin missing?"
    return Failure(type=ConfigError.__name__, message=words)
