"""A small daemon that does the jobs of `queue_jobs`; used by the queue's tests.

`python queue_parts.py URL WORK_ROOT` runs the lock and the dispatcher as the real daemon does.
"""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from typing import Any

from queue_jobs import Payload, Progress, raises, slow
from sqlmodel import Session
from wetgate.daemon.lock import DaemonLock
from wetgate.daemon.logging import LogForm
from wetgate.daemon.queue.dispatcher import Dispatcher
from wetgate.daemon.queue.kinds import JobKind
from wetgate.daemon.queue.lanes import LanePlan
from wetgate.daemon.queue.limits import Limits
from wetgate.daemon.service import Part, Service
from wetgate.daemon.store import Database
from wetgate.daemon.store.jobs import Jobs
from wetgate.schema.job import Failure, Job, Lane, Order
from wetgate.schema.tables import ControlRow


def kinds() -> list[JobKind]:
    """Every job above, and those of the lanes of threads; their ends are written into the control table."""
    lanes = {"add": Lane.INDEX, "slow": Lane.PROCESS, "hang": Lane.PROCESS, "process_crash": Lane.PROCESS}
    names = ("add", "slow", "raises", "no_json", "crash", "hog_memory", "hog_cpu", "hang")
    found = [JobKind(name, lanes.get(name, Lane.INDEX), f"queue_jobs:{name}", record, failed) for name in names]
    return [
        *found,
        JobKind("slow_index", Lane.INDEX, "queue_jobs:slow", record, failed),
        JobKind("hang_index", Lane.INDEX, "queue_jobs:hang", record, failed),
        JobKind("missing", Lane.INDEX, "queue_jobs:nothing_of_that_name", record, failed),
        JobKind("spoilt", Lane.INDEX, "queue_jobs:add", spoil, failed),
        JobKind("carry", Lane.PUBLISH, tell, record, failed),
        JobKind("tell", Lane.TELL, tell, record, failed),
    ]


def record(session: Session, job: Job, result: Payload) -> None:
    """Leave a row; a second one for the same job would break the primary key."""
    session.add(ControlRow(name=f"recorded:{job.id}", value=job.kind, changed_at=time.time()))
    session.flush()


def spoil(session: Session, job: Job, result: Payload) -> None:
    """Leave a row, and then fail."""
    record(session, job, result)
    raise KeyError("the room has a hole")


def failed(session: Session, job: Job, failure: Failure) -> None:
    """Leave a row."""
    session.add(ControlRow(name=f"failed:{job.id}", value=failure.type, changed_at=time.time()))
    session.flush()


def tell(job: Job, progress: Progress) -> Payload:
    """A job of a lane of threads."""
    if "what" in job.payload:
        return raises(job.payload, progress)
    if "seconds" in job.payload:
        return slow(job.payload, progress)
    return {"told": job.id}


def dispatcher(database: Database, **limits: Any) -> Dispatcher:
    """A dispatcher of these kinds; *limits* are those of the index lane."""
    plans = {
        Lane.INDEX: LanePlan(1, Limits(**limits)),
        Lane.PROCESS: LanePlan(1, Limits(threads=1)),
        Lane.PUBLISH: LanePlan(2),
        Lane.TELL: LanePlan(2),
    }
    return Dispatcher(database, Jobs(database), kinds(), plans, lease_seconds=30)


LANES = {kind.name: kind.lane for kind in kinds()}


def order(kind: str, **more: Any) -> Order:
    """An order of one of these kinds; what `Order` does not know is payload."""
    known = {name: more.pop(name) for name in list(more) if name in Order.model_fields}
    return Order(kind=kind, lane=LANES[kind], payload=more, **{"show": "PINE", **known})


class Held:
    """Jobs that go on until a test lets them go, however long it takes to get there."""

    def __init__(self, folder: Path) -> None:
        self._go = folder / "go"

    @property
    def payload(self) -> dict[str, Any]:
        """What makes a `slow` job or one of a thread such a job."""
        return {"seconds": 600, "go": str(self._go)}

    def let_go(self) -> None:
        """They end, and those that come later at once."""
        self._go.touch()


def alive(pid: int) -> bool:
    """Whether process *pid* runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def children(pid: int) -> list[int]:
    """The running processes that *pid* started itself."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(parent) == pid and state not in "ZX":
            found.append(int(stat.parent.name))
    return found


def main() -> int:
    """Run until a signal comes."""
    url, work_root, drain = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
    LogForm(form="json", level="debug").configure()
    database = Database(url)
    parts: list[Part] = [DaemonLock(work_root, database), dispatcher(database)]
    return Service(parts, drain).run()


if __name__ == "__main__":
    # Blocked signals would be inherited from a test runner that blocks them.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
    sys.exit(main())
