"""The named steps of the thread, from a file's arrival to a published version.

Each `passed(...)` stands right after a state was written or an outward call returned. The kill
tests end the daemon at each of them: `WETGATE_KILL_AT=<step>` makes the process kill itself with
SIGKILL the first time that it passes there (`<step>:3` the third time).
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from enum import StrEnum


class Step(StrEnum):
    """Every step, in the order of the thread."""

    ARRIVAL_SEEN = "arrival.seen"
    ARRIVAL_SETTLED = "arrival.settled"
    JOB_CLAIMED = "job.claimed"
    JOB_STARTED = "job.started"
    JOB_RETURNED = "job.returned"
    JOB_RECORDED = "job.recorded"
    EVENTS_READ = "events.read"
    EVENTS_STORED = "events.stored"
    TASK_READ = "task.read"
    TASK_PLANNED = "task.planned"
    TASK_QUEUED = "task.queued"
    TASK_TOLD = "task.told"
    VERSION_BEGUN = "version.begun"
    VERSION_CREATED = "version.created"
    MOVIE_UPLOADED = "movie.uploaded"
    THUMBNAIL_UPLOADED = "thumbnail.uploaded"
    REPORT_UPLOADED = "report.uploaded"
    FILES_REGISTERED = "files.registered"
    PLAYLISTED = "playlisted"
    NOTE_WRITTEN = "note.written"
    STATUS_SET = "status.set"


_count: Counter[Step] = Counter()
_name, _, _nth = os.environ.get("WETGATE_KILL_AT", "").partition(":")


def passed(step: Step) -> None:
    """Mark that *step* is behind us."""
    if step != _name:
        return
    _count[step] += 1
    if _count[step] == int(_nth or 1):
        os.kill(os.getpid(), signal.SIGKILL)
