"""The lanes: how much of each kind of work runs at once, and the hands that do it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from ...schema.job import Job, Lane
from ..logging import LogForm
from .guard import Guard
from .kinds import JobKind
from .limits import Limits
from .threads import ThreadRunner
from .workers import Failed, Report, Worker

log = structlog.get_logger(__name__)

_RESPAWN_AFTER = 1.0


@dataclass(frozen=True)
class LanePlan:
    """How many jobs of a lane run at once, and what each may use."""

    workers: int
    limits: Limits = field(default_factory=Limits)


class Crew:
    """The hands of one lane: worker processes, or threads in the lanes that speak to trackers.

    All methods are called by the dispatcher's thread.
    """

    def __init__(self, lane: Lane, plan: LanePlan, logs: LogForm | None, report: Callable[[Report], None]) -> None:
        """Nobody works yet; *report* takes what threads say, on their thread."""
        self.lane = lane
        self.workers: list[Worker] = []
        self._threads: list[ThreadRunner] = []
        self._plan = plan
        self._logs = logs
        self._report = report
        self._spawn_after = 0.0

    def staff(self, guard: Guard) -> None:
        """Bring the crew to its number."""
        if self.lane.threaded:
            while len(self._threads) < self._plan.workers:
                self._threads.append(ThreadRunner(f"{self.lane}-{len(self._threads)}", self._report))
            return
        while len(self.workers) < self._plan.workers and time.monotonic() >= self._spawn_after:
            try:
                worker = Worker(self._plan.limits, guard, self._logs)
            except OSError as error:
                log.error("a worker could not be started", lane=self.lane, why=str(error))
                self._spawn_after = time.monotonic() + _RESPAWN_AFTER
                return
            log.debug("worker started", lane=self.lane, pid=worker.pid)
            self.workers.append(worker)

    @property
    def free(self) -> int:
        """How many jobs it could take now."""
        return sum(hand.job is None for hand in self._hands())

    def give(self, job: Job, kind: JobKind) -> None:
        """Hand *job* to a free hand; `free` said that there is one."""
        if isinstance(kind.run, str):
            next(worker for worker in self.workers if worker.job is None).give(job, kind.run)
        else:
            next(thread for thread in self._threads if thread.job is None).give(job, kind.run)

    def hear(self, worker: Worker) -> list[Report]:
        """What *worker* says; one that died or is spent leaves the crew."""
        reports, lives = worker.reports()
        if not lives:
            self.workers.remove(worker)
            if not reports:
                log.error("an idle worker ended", lane=self.lane, pid=worker.pid)
                self._spawn_after = time.monotonic() + _RESPAWN_AFTER
        elif worker.job is None and (worker.spent or any(_starved(report) for report in reports)):
            self._dismiss(worker)
        return reports

    def end_late(self, now: float) -> list[Report]:
        """End the workers whose jobs take too long."""
        late = [worker for worker in self.workers if worker.over_time(now)]
        self.workers = [worker for worker in self.workers if worker not in late]
        return [report for worker in late if (report := worker.end_late())]

    def freed(self, job: Job) -> None:
        """A thread's *job* was heard to be over."""
        for thread in self._threads:
            if thread.job == job:
                thread.job = None

    def take_away(self, job: Job) -> None:
        """End *job*: its worker is killed; its thread is left to itself and replaced."""
        for worker in [one for one in self.workers if one.job == job]:
            self._dismiss(worker)
        for thread in [one for one in self._threads if one.job == job]:
            thread.close()
            self._threads.remove(thread)

    def close(self) -> None:
        """End everybody."""
        for worker in list(self.workers):
            self._dismiss(worker)
        for thread in self._threads:
            thread.close()
        self._threads.clear()

    def _dismiss(self, worker: Worker) -> None:
        worker.kill()
        self.workers.remove(worker)

    def _hands(self) -> list[Worker | ThreadRunner]:
        return [*self.workers, *self._threads]


def _starved(report: Report) -> bool:
    return isinstance(report, Failed) and report.memory
