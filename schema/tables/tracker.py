"""Tables of the tracker's side: inbox, tasks, findings, versions and the ledger."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Column, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

UNSETTLED = "state != 'new' AND settled_at != changed_at"


def _words() -> Any:
    return Field(default_factory=list, sa_column=Column(JSON, nullable=False, server_default="[]"))


class CursorRow(SQLModel, table=True):
    """How far a tracker's events were read."""

    __tablename__ = "cursor"

    tracker: str = Field(primary_key=True)
    cursor: str
    read_at: float


class EventRow(SQLModel, table=True):
    """The durable inbox: one row per event of a tracker, seen once however often it is sent."""

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("tracker", "event_id"),)

    id: int | None = Field(default=None, primary_key=True)
    tracker: str
    event_id: str
    kind: str
    entity_type: str | None = None
    entity_id: str | None = Field(default=None, index=True)
    by_us: bool = False
    received_at: float
    handled_at: float | None = Field(default=None, index=True)


class TaskRow(SQLModel, table=True):
    """A tracker's task that is ours.

    `state`: new, waiting, queued, running, done, refused, failed, rejected (a person did not take the
    version: it waits for a reply), approved, dropped (taken back).
    `heard` holds the keys of the notes and files that were read already, `acted` the ids of the replies whose wishes
    count from then on, `asked` what they ask for in words, until a version says it. `digest` tells what was
    queued last: two tasks with one digest ask for the same. `told` is what the task's note in the tracker says of
    where it stands. While no job of it is open and that is true, `settled_at` is `changed_at`: the partial index holds
    the others, so that those who look for notes to edit pass over all that is over.
    """

    __tablename__ = "task"
    __table_args__ = (
        UniqueConstraint("tracker", "tracker_ref"),
        Index("ix_task_unsettled", "show", sqlite_where=text(UNSETTLED), postgresql_where=text(UNSETTLED)),
    )

    id: int | None = Field(default=None, primary_key=True)
    show: str = Field(index=True)
    tracker: str
    tracker_ref: str
    name: str
    entity_type: str | None = None
    entity_ref: str | None = None
    entity_name: str = ""
    processor: str = ""
    state: str = Field(default="new", index=True)
    reason: str = Field(default="", sa_column=Column(Text, nullable=False))
    brief: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    priority: int = 50
    due: str | None = None
    told: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    settled_at: float = Field(default=0.0, sa_column_kwargs={"server_default": "0"})
    heard: list[str] = _words()
    acted: list[str] = _words()
    asked: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    digest: str = Field(default="", index=True, sa_column_kwargs={"server_default": ""})
    changed_at: float


class FindingRow(SQLModel, table=True):
    """A finding, numbered per show (`F1`, `F2`): the name that a brief uses. `finding` is a `Finding`."""

    __tablename__ = "finding"
    __table_args__ = (UniqueConstraint("show", "number"), UniqueConstraint("job_id", "position"))

    id: int | None = Field(default=None, primary_key=True)
    show: str = Field(index=True)
    number: int
    job_id: int = Field(foreign_key="job.id")
    position: int
    task_id: int | None = None
    clip_id: int = Field(foreign_key="clip.id", index=True)
    finding: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    found_at: float


class VersionRow(SQLModel, table=True):
    """A version of ours. `outcome` is an `Outcome`.

    `state`: planned, made, published, approved, rejected (by people), stale (its plate was pulled again since),
    unpublished, refused, failed. `asked` says what differs from the version before, and by whose wish.
    """

    __tablename__ = "version"
    __table_args__ = (UniqueConstraint("show", "code"),)

    id: int | None = Field(default=None, primary_key=True)
    show: str = Field(index=True)
    task_id: int | None = Field(default=None, foreign_key="task.id", index=True)
    job_id: int = Field(foreign_key="job.id", unique=True)
    plate_clip_id: int | None = Field(default=None, foreign_key="clip.id")
    code: str
    number: int
    key: str = Field(unique=True)
    state: str = "made"
    tracker_ref: str | None = None
    folder: str
    asked: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    outcome: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    made_at: float
    published_at: float | None = None


class PullRow(SQLModel, table=True):
    """Frames that a task waits for. `pull` is a `Pull`; `clip_id` the clip that brought them, once it was used."""

    __tablename__ = "pull"

    id: int | None = Field(default=None, primary_key=True)
    show: str = Field(index=True)
    task_id: int = Field(foreign_key="task.id", index=True)
    pull: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    asked_at: float
    clip_id: int | None = Field(default=None, foreign_key="clip.id")


class LedgerRow(SQLModel, table=True):
    """One outward step: its key is written before the call, its result after it."""

    __tablename__ = "ledger"

    key: str = Field(primary_key=True)
    show: str = Field(index=True)
    step: str
    result: str | None = None
    begun_at: float
    done_at: float | None = None
