"""Tables of the queue."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Column, Index, Text, text
from sqlmodel import Field, SQLModel

from ..job import NO_DUE

OPEN_STATES = "('waiting', 'queued', 'running', 'paused')"


class JobRow(SQLModel, table=True):
    """A job; this table owns all that must survive. `state` is a `JobState`, `lane` a `Lane`.

    A dedupe key is unique among open jobs. The partial indexes make claiming fast on PostgreSQL, and
    looking for cancelled jobs cheap on both. `attempts` counts runs, `crashes` those that a worker
    did not survive. `cancel` is a wish, cleared once the daemon has fulfilled it. `due` is an ISO date:
    of one priority what is due first runs first.
    """

    __tablename__ = "job"
    __table_args__ = (
        Index(
            "ix_job_open_dedupe",
            "dedupe_key",
            unique=True,
            sqlite_where=text(f"dedupe_key IS NOT NULL AND state IN {OPEN_STATES}"),
            postgresql_where=text(f"dedupe_key IS NOT NULL AND state IN {OPEN_STATES}"),
        ),
        Index(
            "ix_job_claimable",
            "lane",
            text("priority DESC"),
            "due",
            "id",
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
        Index(
            "ix_job_cancel",
            "id",
            sqlite_where=text("cancel = 1"),
            postgresql_where=text("cancel"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    show: str = Field(index=True)
    kind: str
    lane: str
    state: str = Field(index=True)
    priority: int = 50
    due: str = Field(default=NO_DUE, sa_column_kwargs={"server_default": NO_DUE})
    payload: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    result: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    dedupe_key: str | None = None
    task_id: int | None = Field(default=None, index=True)
    attempts: int = 0
    max_attempts: int = 5
    crashes: int = 0
    run_after: float = 0.0
    lease_until: float | None = None
    fence: int = 0
    unmet: int = 0
    progress: float = 0.0
    doing: str = ""
    cancel: bool = False
    error_type: str | None = None
    error: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    created_at: float
    started_at: float | None = None
    finished_at: float | None = None


class JobNeedRow(SQLModel, table=True):
    """Job `job_id` waits for job `needs_id`."""

    __tablename__ = "job_need"

    job_id: int = Field(primary_key=True, foreign_key="job.id")
    needs_id: int = Field(primary_key=True, foreign_key="job.id", index=True)


class ControlRow(SQLModel, table=True):
    """A switch that a person set from another process: `paused:<SHOW>`, `paused:*`."""

    __tablename__ = "control"

    name: str = Field(primary_key=True)
    value: str
    changed_at: float
