"""The end of a job: its state and what follows from it, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError
from sqlmodel import Session

from ...schema.errors import LeaseLost
from ...schema.job import Failure, Job
from ..steps import Step, passed
from ..store.database import Database
from ..store.jobs import Ended, Jobs
from ..store.unfit import hold
from .failures import Retry, crash, describe, pause
from .kinds import JobKind

log = structlog.get_logger(__name__)

DATABASE_AWAY = (OperationalError, InterfaceError, TimeoutError)
"""The database does not answer (or is locked for long): nothing is decided, the caller tries again."""

CANCELLED = Failure(type="Cancelled", message="A person cancelled it.")


class Endings:
    """Ends jobs.

    Every method raises one of DATABASE_AWAY when nothing was written. A lost lease is only logged.
    """

    def __init__(self, database: Database, jobs: Jobs, kinds: Mapping[str, JobKind]) -> None:
        """Ends of *jobs* in *database*, by the rules of *kinds*."""
        self._database = database
        self._jobs = jobs
        self._kinds = kinds

    def done(self, job: Job, result: dict[str, Any]) -> None:
        """The job returned *result*."""
        try:
            with self._database.write() as session:
                self._jobs.finish(session, job, result)
                self._kinds[job.kind].record(session, job, result)
        except LeaseLost as error:
            log.info("stale report dropped", job=job.id, why=str(error))
        except DATABASE_AWAY:
            raise
        # The boundary where a kind's own code is isolated: its error is this job's failure.
        except Exception as error:
            log.exception("result could not be recorded", job=job.id, kind=job.kind, show=job.show)
            self.failed(job, *describe(error))
        passed(Step.JOB_RECORDED)

    def failed(self, job: Job, failure: Failure, retry: Retry) -> None:
        """The job raised; it is tried again as *retry* says."""
        retry_in = pause(failure, retry, job.attempt)

        def end(session: Session) -> list[Ended]:
            if retry is Retry.REFUSED:
                hold(session, job.show, failure.message)
            return self._jobs.fail(session, job, failure, retry_in, outage=retry is Retry.OUTAGE)

        over = self._end(end)
        _say(job, failure, None if over else retry_in)

    def crashed(self, job: Job, how: str, *, memory: bool) -> None:
        """The job's worker did not survive it (or ran out of memory): tried once more, then never."""
        said: list[tuple[Failure, float | None]] = []

        def end(session: Session) -> list[Ended]:
            failure, retry = crash(job, how, memory=memory, crashes=self._jobs.crashed(session, job))
            retry_in = pause(failure, retry, job.attempt)
            said[:] = [(failure, retry_in)]
            return self._jobs.fail(session, job, failure, retry_in)

        over = self._end(end)
        for failure, retry_in in said:
            _say(job, failure, None if over else retry_in)

    def cancelled(self, job: Job) -> None:
        """A running job was stopped because a person wished it."""
        self._end(lambda session: self._jobs.end_cancelled(session, job, CANCELLED))
        log.info("job cancelled", job=job.id, kind=job.kind, show=job.show)

    def drop_cancelled(self) -> None:
        """End the waiting jobs that a person cancelled."""
        for ended in self._end(lambda session: self._jobs.drop_cancelled(session, CANCELLED)):
            log.info("job cancelled", job=ended.job.id, kind=ended.job.kind, show=ended.job.show)

    def expire_leases(self, *, everything: bool = False) -> None:
        """Queue again what a dead run held; see `Jobs.expire_leases`."""
        for ended in self._end(lambda session: self._jobs.expire_leases(session, everything=everything)):
            log.error("job given up", job=ended.job.id, kind=ended.job.kind, why=ended.failure.message)

    def _end(self, end: Callable[[Session], list[Ended]]) -> list[Ended]:
        try:
            with self._database.write() as session:
                over = end(session)
                for ended in over:
                    if kind := self._kinds.get(ended.job.kind):
                        kind.failed(session, ended.job, ended.failure)
                return over
        except LeaseLost as error:
            log.info("stale report dropped", why=str(error))
            return []
        except DATABASE_AWAY:
            raise
        # The boundary where a kind's own code is isolated: the job ends even if its room cannot hear of it.
        except Exception:
            log.exception("a failure could not be passed on")
        with self._database.write() as session:
            return end(session)


def _say(job: Job, failure: Failure, retry_in: float | None) -> None:
    log.warning(
        "job failed" if retry_in is None else "job will be tried again",
        job=job.id,
        kind=job.kind,
        show=job.show,
        attempt=job.attempt,
        error=failure.type,
        why=failure.message,
        **({} if retry_in is None else {"in_seconds": round(retry_in, 1)}),
    )
