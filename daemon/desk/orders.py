"""Puts a planned fix or check into the queue, its version's name reserved in the same step."""

from __future__ import annotations

import datetime
import time
import uuid
from pathlib import Path

from sqlmodel import Session

from ...schema.approval import Consent, today
from ...schema.job import Lane, Order
from ...schema.naming import NamingGrammar
from ...schema.ports import Processor
from ...schema.request import Network, Request
from ...schema.settings import ShowSettings
from ...schema.tables import TaskRow, VersionRow
from ..store.jobs import Jobs
from ..store.results import Results
from ..store.rows import id_of
from .planning import Plan

PROCESS = "process"


def usable_networks(show: ShowSettings, on: datetime.date) -> tuple[Network, ...]:
    """The show's networks while an approval covers them on that day, and none before or after."""
    return show.networks if show.approval.covers(Consent.NETWORK, on) else ()


class Orders:
    """The desk's way into the queue for one show."""

    def __init__(self, show: str, settings: ShowSettings, *, jobs: Jobs, results: Results, folder: Path) -> None:
        """Results go below the show's own *folder*."""
        self._show, self._settings = show, settings
        self._jobs, self._results, self._folder = jobs, results, folder

    def place(self, session: Session, task: TaskRow, plan: Plan, processor: Processor, *, work: str, asked: str) -> int:
        """Queue *plan* for *task*; the job's id. Raises AlreadyQueued while the task has an open job.

        *work* is a digest of what the task's work is; *asked* says in words what differs from the version before, and
        by whose wish.
        """
        name, number = self._name(session, task)
        out = self._folder / ("versions" if processor.fixes else "checks") / name
        request = Request(
            plate=plan.plate,
            matte=plan.matte,
            holdout=plan.holdout,
            references=plan.references,
            sources=plan.sources,
            options=self._with_limits(plan, processor),
            work=self._folder / "jobs" / name,
            out=out,
            first_frame=self._settings.first_frame,
            networks=usable_networks(self._settings, today()) if processor.fixes else (),
            approval=self._settings.approval,
        )
        job_id = self._jobs.enqueue(
            session,
            Order(
                show=self._show,
                kind=PROCESS,
                lane=Lane.PROCESS,
                payload={
                    "processor": plan.processor,
                    "request": request.model_dump(mode="json"),
                    "plate_clip_id": plan.plate_clip_id,
                    "proxy": str(plan.proxy) if plan.proxy else None,
                    "proxy_start": plan.proxy_start,
                },
                dedupe_key=f"task:{task.id}",
                priority=task.priority,
                due=task.due,
                task_id=task.id,
            ),
        )
        if processor.fixes:
            self._results.plan_version(
                session,
                VersionRow(
                    show=self._show,
                    task_id=task.id,
                    job_id=job_id,
                    plate_clip_id=plan.plate_clip_id,
                    code=name,
                    number=number,
                    key=self._key(task, name, work),
                    state="planned",
                    folder=str(out),
                    asked=asked,
                    made_at=time.time(),
                ),
            )
        return job_id

    def _key(self, task: TaskRow, name: str, work: str) -> str:
        """The version's key: the same for the same work on a task, also where a second daemon, or one whose
        database was lost, does it again. So it is in the tracker once."""
        told = (self._settings.project or self._show, task.tracker_ref, name, work)
        return f"wetgate-{uuid.uuid5(uuid.NAMESPACE_URL, repr(told)).hex}"

    def _name(self, session: Session, task: TaskRow) -> tuple[str, int]:
        grammar = NamingGrammar(self._settings.naming)
        words = {
            "show": self._settings.project_of(self._show),
            "shot": task.entity_name or "shot",
            "task": task.name,
            "vendor": self._settings.vendor,
        }
        number = self._results.next_number(session, self._show, id_of(task))
        name = grammar.name(**words, version=number)
        while self._results.code_taken(session, self._show, name) or (self._folder / "checks" / name).exists():
            number += 1
            name = grammar.name(**words, version=number)
        return name, number

    def _with_limits(self, plan: Plan, processor: Processor) -> dict[str, object]:
        """The show's limits go in as options where the processor knows them and the brief is silent."""
        limits: dict[str, object] = {"min_psnr_db": self._settings.min_psnr_db, "weak_fix": self._settings.weak_fix}
        limits |= {"handles": self._settings.handles}
        known = {key: value for key, value in limits.items() if key in processor.Options.model_fields}
        return known | plan.options
