"""The clock: timers that only enqueue or wake; the work itself is the queue's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

log = structlog.get_logger(__name__)


class Clock:
    """Calls functions every so many seconds, each one at a time; a late call is made once, not made up for."""

    name = "clock"

    def __init__(self) -> None:
        """No timers yet."""
        self._scheduler = BackgroundScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 3600}
        )

    def every(self, seconds: float, name: str, call: Callable[[], object], *, soon: bool = False) -> None:
        """Call *call* every *seconds*, with *soon* for the first time at once.

        It should be short. What it raises is logged with the timer's name, and it is called again
        the next time.
        """

        def ring() -> None:
            try:
                call()
            # The boundary where a timer is isolated: one that fails must not end the others.
            except Exception:
                log.exception("timer failed", timer=name)

        now = datetime.now(UTC)
        first = now if soon else now + timedelta(seconds=seconds)
        self._scheduler.add_job(ring, "interval", seconds=seconds, id=name, next_run_time=first)

    def start(self) -> None:
        """Let the timers run."""
        self._scheduler.start()

    def stop(self) -> None:
        """No call begins after this; one under way is waited for."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
