"""`wetgate jobs`, `retry`, `cancel`, `pause`, `resume`: the queue, looked at and steered."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated, Any

import typer

from ...schema.job import JobState
from ..publish.standing_words import standing_words
from ..store.jobs import Jobs
from ..store.rows import id_of
from ..store.standing import Standings
from ..store.tasks import Tasks
from .pasted import pasted_task
from .screen import AsJson, Screen

JobId = Annotated[int, typer.Argument(help="The job's number, as `wetgate jobs` shows it.")]


def jobs(
    context: typer.Context,
    task: Annotated[
        str | None, typer.Argument(help="Only this task: its number, or its address in the tracker.")
    ] = None,
    show: Annotated[str | None, typer.Option(help="Only this show's jobs.")] = None,
    state: Annotated[JobState | None, typer.Option(help="Only jobs in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List jobs with their progress; of a TASK, pasted from the tracker, say where it stands."""
    screen: Screen = context.obj
    with closing(screen.database()) as database:
        meant = pasted_task(Tasks(database), screen.settings.trackers, task) if task is not None else None
        rows = _rows(Jobs(database), show=show, state=state, limit=limit, task_id=meant.id if meant else None)
        one = Standings(database).of(id_of(meant)) if meant else None
    columns = ("job", "show", "kind", "state", "progress_percent", "doing", "attempts", "error")
    if meant is None:
        screen.table(rows, columns, as_json=as_json, empty="no jobs")
        return
    stands = standing_words(one) if one is not None else "Assigned, and not begun."
    told = {"task": meant.tracker_ref, "tracker": meant.tracker, "show": meant.show, "name": meant.name}
    told |= {"entity": meant.entity_name, "state": meant.state, "stands": stands}
    name = f"{meant.entity_name} {meant.name}".strip()
    screen.answer({**told, "jobs": rows}, as_json=as_json, text=f"{name} ({meant.show}): {stands}")
    if not as_json and rows:
        screen.table(rows, columns, as_json=False, empty="")


def _rows(
    jobs: Jobs, *, show: str | None, state: JobState | None, limit: int, task_id: int | None
) -> list[dict[str, Any]]:
    return [
        {
            "job": row.id,
            "show": row.show,
            "kind": row.kind,
            "state": row.state,
            "progress_percent": round(100 * row.progress),
            "doing": row.doing,
            "attempts": row.attempts,
            "error": row.error,
        }
        for row in jobs.list(show=show, states=[state] if state else None, task_id=task_id, limit=limit)
    ]


def retry(context: typer.Context, job: JobId, as_json: AsJson = False) -> None:
    """Queue a failed or cancelled job again."""
    screen: Screen = context.obj
    database = screen.database()
    Jobs(database).retry(job)
    database.close()
    screen.answer({"job": job, "state": "queued"}, as_json=as_json, text=f"Job {job} is queued again.")


def cancel(context: typer.Context, job: JobId, as_json: AsJson = False) -> None:
    """Cancel a job; one that runs is ended within a second or two."""
    screen: Screen = context.obj
    database = screen.database()
    at_once = Jobs(database).cancel(job)
    database.close()
    text = f"Job {job} is cancelled." if at_once else f"Job {job} is being ended."
    screen.answer({"job": job, "cancelled": at_once}, as_json=as_json, text=text)


ShowOrAll = Annotated[str, typer.Option("--show", help="Only this show; * means every show.")]


def pause(context: typer.Context, show: ShowOrAll = "*", as_json: AsJson = False) -> None:
    """Start no further jobs, of one show or of all; what runs goes on."""
    screen: Screen = context.obj
    database = screen.database()
    Jobs(database).pause(show)
    database.close()
    screen.answer({"show": show, "paused": True}, as_json=as_json, text=f"Paused: {_words(show)}.")


def resume(context: typer.Context, show: ShowOrAll = "*", as_json: AsJson = False) -> None:
    """Start jobs again after a pause."""
    screen: Screen = context.obj
    database = screen.database()
    Jobs(database).resume(show)
    database.close()
    screen.answer({"show": show, "paused": False}, as_json=as_json, text=f"Goes on: {_words(show)}.")


def _words(show: str) -> str:
    return "every show" if show == "*" else show
