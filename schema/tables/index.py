"""Tables of the footage index."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Text, UniqueConstraint
from sqlmodel import Field, SQLModel


class ArrivalRow(SQLModel, table=True):
    """One path on the show's storage and where it stands. Several paths may be one clip.

    An image sequence is one arrival; its path is the fileseq pattern. `state` is an `ArrivalState`.
    """

    __tablename__ = "arrival"
    __table_args__ = (UniqueConstraint("show", "path"),)

    id: int | None = Field(default=None, primary_key=True)
    show: str = Field(index=True)
    root: str
    path: str = Field(sa_column=Column(Text, nullable=False))
    size: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    mtime_ns: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    state: str = Field(index=True)
    reason: str = Field(default="", sa_column=Column(Text, nullable=False))
    before_offline: str | None = None
    clip_id: int | None = Field(default=None, foreign_key="clip.id", index=True)
    seen_at: float
    changed_at: float


class ClipRow(SQLModel, table=True):
    """One piece of footage: identity is (show, content hash). `facts` is a `MediaFacts` as JSON.

    `cuts` are frame numbers counted from 0 at which a new shot begins.
    """

    __tablename__ = "clip"
    __table_args__ = (UniqueConstraint("show", "content_hash"),)

    id: int | None = Field(default=None, primary_key=True)
    show: str = Field(index=True)
    content_hash: str
    name: str = Field(index=True)
    source_class: str = "camera"
    frames: int = 0
    rate: str | None = None
    timecode: str | None = None
    reel: str | None = None
    width: int = 0
    height: int = 0
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    cuts: list[int] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    thumbnail: str | None = None
    features: str | None = None
    indexed_at: float


class ClipWordsRow(SQLModel, table=True):
    """All words by which a clip can be found; full-text indexed by each database's own means."""

    __tablename__ = "clip_words"

    clip_id: int = Field(primary_key=True, foreign_key="clip.id")
    show: str = Field(index=True)
    words: str = Field(sa_column=Column(Text, nullable=False))
