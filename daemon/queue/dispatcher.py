"""The dispatcher: the one claimer. Hands jobs to workers, hears them, and ends the jobs."""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from multiprocessing.connection import wait
from typing import Any

import structlog

from ...schema.errors import ConfigError, RetryLater
from ...schema.job import Failure, Job, Lane
from ..logging import LogForm
from ..steps import Step, passed
from ..store.database import Database
from ..store.jobs import Jobs
from .endings import DATABASE_AWAY, Endings
from .failures import Retry, describe
from .guard import Guard
from .kinds import JobKind
from .lanes import Crew, LanePlan
from .workers import Died, Done, Failed, Progressed, Report, Worker

__all__ = ["Dispatcher", "LanePlan"]

log = structlog.get_logger(__name__)

TICK = 0.2
"""Longest sleep: within it other processes' orders, cancellations and over-long jobs are noticed."""

_CANCEL_EVERY = 0.5
_PROGRESS_EVERY = 0.5
_RECORD_AGAIN = 1.0
_RECORD_PATIENCE = 300.0


class Dispatcher:
    """Runs the queue's jobs on one permanent thread of its own, which is also the parent of every worker.

    The INDEX and PROCESS lanes run in worker processes, PUBLISH and TELL on threads. One dispatcher
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
            if isinstance(kind.run, str) == kind.lane.threaded:
                wanted = "a callable" if kind.lane.threaded else "a dotted path"
                raise ConfigError(f"{kind.name}: a job of the {kind.lane} lane needs {wanted} to run.")
        self._endings = Endings(database, jobs, self._kinds)
        self._crews = {lane: Crew(lane, plan, logs, self._from_thread) for lane, plan in lanes.items()}
        self._lease = lease_seconds
        self._beat = beat
        self._running: dict[int, Job] = {}
        self._heard: deque[Report] = deque()
        self._unrecorded: deque[tuple[float, Report]] = deque()
        self._progress: dict[int, Progressed] = {}
        self._due: dict[str, float] = {}
        self._draining = threading.Event()
        self._stopping = threading.Event()
        self._ears: tuple[socket.socket, socket.socket] | None = None
        self._thread = threading.Thread(target=self._work, name="dispatcher", daemon=True)

    # -- the rest of the daemon calls these ----------------------------------------------------

    def start(self) -> None:
        """Queue again what a killed daemon left running, and begin to work."""
        self._endings.expire_leases(everything=True)
        self._ears = socket.socketpair()
        for ear in self._ears:
            ear.setblocking(False)
        self._thread.start()

    def wake(self) -> None:
        """Something was enqueued: look now. Any thread may call it, as often as it likes."""
        if self._ears is not None:
            with suppress(OSError):  # full: it is awake anyway; closed: it has stopped
                self._ears[1].send(b".")

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
        guard = Guard()
        try:
            while not self._stopping.is_set():
                self._listen()
                try:
                    self._turn(guard, time.monotonic())
                except DATABASE_AWAY as error:
                    log.warning("database does not answer", why=str(error.__cause__ or error))
                    self._stopping.wait(1.0)
                self._beat()
        except BaseException:
            log.exception("the dispatcher broke")
            raise
        finally:
            self._close(guard)

    def _turn(self, guard: Guard, now: float) -> None:
        for crew in self._crews.values():
            crew.staff(guard)
        # Free hands first: while a worker does the next job, the last one's end is written down.
        if not self._draining.is_set():
            self._fill()
        if self._unrecorded and now >= self._due.get("record", 0.0):
            self._record(now)
        for crew in self._crews.values():
            for report in crew.end_late(now):
                self._hear(report)
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

    def _fill(self) -> None:
        free = {lane: crew.free for lane, crew in self._crews.items()}
        if not any(free.values()):
            return
        for job in self._jobs.claim(free, self._lease):
            passed(Step.JOB_CLAIMED)
            self._running[job.id] = job
            kind = self._kinds.get(job.kind)
            if kind is None or kind.lane.threaded != job.lane.threaded:
                self._hear(Failed(job, _unknown(job), Retry.NO))
                continue
            self._crews[job.lane].give(job, kind)
            log.debug("job started", job=job.id, kind=job.kind, show=job.show, attempt=job.attempt)
            passed(Step.JOB_STARTED)

    # -- reports -------------------------------------------------------------------------------

    def _from_thread(self, report: Report) -> None:
        self._heard.append(report)
        self.wake()

    def _listen(self) -> None:
        assert self._ears
        ours = self._ears[0]
        workers: dict[Any, tuple[Crew, Worker]] = {}
        for crew in self._crews.values():
            for worker in crew.workers:
                workers[worker.connection] = workers[worker.sentinel] = (crew, worker)
        ready: list[Any] = wait([ours, *workers], timeout=TICK)
        if ours in ready:
            ready.remove(ours)
            with suppress(BlockingIOError):
                ours.recv(65536)
        for crew, worker in dict.fromkeys(workers[ear] for ear in ready):
            for report in crew.hear(worker):
                self._hear(report)
        while self._heard:
            self._hear(self._heard.popleft())

    def _hear(self, report: Report) -> None:
        job = report.job
        known = self._running.get(job.id)
        if known is None or known.fence != job.fence:
            return  # a thread's job that was given up meanwhile
        if isinstance(report, Progressed):
            self._progress[job.id] = report
            return
        passed(Step.JOB_RETURNED)
        self._progress.pop(job.id, None)
        self._crews[job.lane].freed(job)
        self._unrecorded.append((time.monotonic(), report))

    def _record(self, now: float) -> None:
        """Write down what ended. What the database does not take now is kept for the next time."""
        for _ in range(len(self._unrecorded)):
            since, report = self._unrecorded.popleft()
            try:
                self._end(report)
            except DATABASE_AWAY as error:
                log.warning("an end could not be written down yet", job=report.job.id, why=str(error))
                if now - since > _RECORD_PATIENCE and isinstance(report, Done):
                    # It is not the database but what this result wants of it.
                    report = Failed(report.job, *describe(error))
                self._unrecorded.append((since, report))
                self._due["record"] = now + _RECORD_AGAIN
            else:
                del self._running[report.job.id]

    def _end(self, report: Report) -> None:
        match report:
            case Done(job, result):
                self._endings.done(job, result)
            case Failed(job, memory=True):
                self._endings.crashed(job, "it needs more memory than a job may use", memory=True)
            case Failed(job, failure, retry, trace=trace):
                if trace:
                    log.error("job raised", job=job.id, kind=job.kind, show=job.show, trace=trace)
                self._endings.failed(job, failure, retry)
            case Died(job, how, memory, begun=True):
                self._endings.crashed(job, how, memory=memory)
            case Died(job, how):
                failure = Failure(type=RetryLater.__name__, message=f"The worker did not start: {how}.")
                self._endings.failed(job, failure, Retry.LATER)

    # -- what comes round ----------------------------------------------------------------------

    def _cancel(self) -> None:
        wishes = self._jobs.cancel_wishes()
        if not wishes:
            return
        for job_id in (wishes & self._running.keys()) - self._ending():
            job = self._running[job_id]
            self._take_away(job)
            self._endings.cancelled(job)
        self._endings.drop_cancelled()

    def _renew(self) -> None:
        held = self._jobs.renew(list(self._running.values()), self._lease)
        for job_id in self._running.keys() - held - self._ending():
            job = self._running[job_id]
            log.warning("lease lost", job=job.id, kind=job.kind, show=job.show)
            self._take_away(job)
        self._endings.expire_leases()

    def _ending(self) -> set[int]:
        return {report.job.id for _, report in self._unrecorded}

    def _take_away(self, job: Job) -> None:
        self._progress.pop(job.id, None)
        self._crews[job.lane].take_away(job)
        del self._running[job.id]

    def _write_progress(self) -> None:
        said, self._progress = self._progress, {}
        for report in said.values():
            self._jobs.progress(report.job, report.share, report.doing)

    def _close(self, guard: Guard) -> None:
        self._record(time.monotonic())
        for crew in self._crews.values():
            crew.close()
        guard.close()
        # Where the database is away the next start does the same.
        with suppress(*DATABASE_AWAY):
            self._jobs.give_back(list(self._running.values()))
        self._running.clear()
        for ear in self._ears or ():
            ear.close()


def _unknown(job: Job) -> Failure:
    words = f"Nothing here can do {job.kind!r} jobs (job {job.id}); is a plugin missing?"
    return Failure(type=ConfigError.__name__, message=words)
