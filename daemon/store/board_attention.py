"""What only a person can mend: shows that are not served, tasks that wait, jobs and files that failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from ...schema.arrival import ArrivalState
from ...schema.job import JobState
from ..advice import advice
from .board_values import ArrivalGroup, Attention, JobLine, TaskLine
from .job_table import JOB, OUTWARD
from .unfit import unfit_shows

_REMEMBERED = 14 * 86400
_TOLD_ONE_BY_ONE = 3
_OUT = {"publish": "version", "answer": "answer", "standing": "note of where a task stands"}
_ASKING_TASKS = ("waiting", "failed", "refused", "rejected")


def mend_of_task(row: Any, jobs: Sequence[JobLine]) -> str:
    """What to do about a task that waits for a person; nothing for the others."""
    failed = next((job for job in jobs if job.task_id == row.id and job.state == JobState.FAILED), None)
    if row.state == "waiting":
        # A brief that was never understood has not been kept: then no job speaks for the task.
        return failed.mend if failed and row.brief else advice("BriefIncomplete")
    if row.state == "refused":
        return advice("NotConfident")
    if row.state == "rejected":
        return "Reply on the task with what should change, as `wider matte, 1012-1040`: the next version is made."
    if row.state == "failed":
        return failed.mend if failed else advice("ProcessorError")
    return ""


def unserved(session: Session, show: str | None) -> list[Attention]:
    """Shows that are not served at all come first."""
    found = []
    for one in unfit_shows(session):
        if show in {None, one.show}:
            why = f"{one.what} {_waiting(session, one.show)}".rstrip()
            what = f"{one.show} is not served"
            found.append(Attention(kind="site", show=one.show, what=what, why=why, mend=one.mend, at=one.at))
    return found


def _waiting(session: Session, show: str) -> str:
    """What would have gone out, in words."""
    queued = sa.and_(JOB.c.show == show, JOB.c.lane.in_(OUTWARD), JOB.c.state == JobState.QUEUED.value)
    counts = sa.select(JOB.c.kind, sa.func.count()).where(queued, JOB.c.kind.in_(_OUT)).group_by(JOB.c.kind)
    told = {kind: int(count) for kind, count in session.execute(counts)}
    words = [f"{told[kind]} {name}{'s' if told[kind] != 1 else ''}" for kind, name in _OUT.items() if kind in told]
    return f"Until it is, {' and '.join(words)} wait and then go out by themselves." if words else ""


def attention(
    arrivals: Sequence[ArrivalGroup], jobs: Sequence[JobLine], tasks: Sequence[TaskLine], now: float
) -> list[Attention]:
    """What a person must look at, newest first; a job's failure is told once, with its task.

    Open tasks are told for as long as they are open, broken files and jobs for two weeks.
    """
    found = [entry for group in arrivals for entry in _about_arrivals(group)]
    told = set()
    for task in tasks:
        if task.state in _ASKING_TASKS:
            told.add(task.id)
            what = f"{task.entity} {task.name}".strip()
            why = task.reason or task.title
            found.append(Attention(kind="task", show=task.show, what=what, why=why, mend=task.mend, at=task.changed_at))
    for job in jobs:
        if job.state == JobState.FAILED and job.task_id not in told and job.kind != "survey":
            at = job.finished_at or job.created_at
            found.append(Attention(kind="job", show=job.show, what=job.title, why=job.error, mend=job.mend, at=at))
    recent = [entry for entry in found if entry.kind in {"task", "storage"} or now - entry.at < _REMEMBERED]
    return sorted(recent, key=lambda entry: -entry.at)


def _about_arrivals(group: ArrivalGroup) -> list[Attention]:
    """Broken files one by one while they are few, then as one entry; storage that is away as one."""
    if not group.latest:
        return []
    first = group.latest[0]
    if group.state == ArrivalState.OFFLINE:
        what = f"{group.count:,} file{'s' if group.count != 1 else ''} on storage that is away"
        words = {"what": what, "why": first.reason or first.folder, "mend": advice("SourceOffline")}
        return [Attention(kind="storage", show=first.show, at=first.changed_at, **words)]
    if group.state != ArrivalState.QUARANTINED:
        return []
    mend = advice("UnreadableMedia")
    if group.count > _TOLD_ONE_BY_ONE:
        what, why = f"{group.count:,} files cannot be used", f"The latest: {first.reason or first.name}"
        return [Attention(kind="arrival", show=first.show, what=what, why=why, mend=mend, at=first.changed_at)]
    return [
        Attention(kind="arrival", show=a.show, what=a.name, why=a.reason, mend=mend, at=a.changed_at)
        for a in group.latest
    ]
