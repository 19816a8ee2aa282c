"""The tracker's side of the world, in words that every tracker shares."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from .model import Value


class EntityRef(Value):
    """An entity in a tracker: `type` as the tracker spells it (Shot, Task, Version ...)."""

    type: str
    id: str
    name: str = ""


class TrackerEvent(Value):
    """Something changed. `id` is the tracker's own and unique; `by_us` marks our own writes."""

    id: str
    kind: str
    entity: EntityRef | None
    at: float
    by_us: bool = False


class EventPage(Value):
    """Events in the tracker's order and the cursor to continue from; `more` asks for another call at once."""

    events: tuple[TrackerEvent, ...]
    cursor: str
    more: bool = False


class TrackerTask(Value):
    """A task as it stands now. `priority` 0..100, higher first; `due` is an ISO date."""

    ref: EntityRef
    name: str
    project: str
    entity: EntityRef | None
    status: str
    assigned_to_us: bool
    step: str = ""
    priority: int = 50
    due: str | None = None


class NoteText(Value):
    """One text about a task, oldest first; `by_us` marks our own."""

    id: str
    author: str
    text: str
    at: float
    by_us: bool = False


class Attachment(Value):
    """A file that a person attached."""

    id: str
    name: str
    url: str


class BriefSource(Value):
    """All that people wrote and attached for a task."""

    task: TrackerTask
    description: str
    notes: tuple[NoteText, ...] = ()
    attachments: tuple[Attachment, ...] = ()


class VersionDraft(Value):
    """A version to be created. `key` is ours, unique, and stored in the tracker's key field."""

    key: str
    project: str
    code: str
    entity: EntityRef | None
    task: EntityRef
    description: str
    first_frame: int
    last_frame: int
    frame_rate: str
    frames_path: str
    movie_path: str
    status: str


class MediaKind(StrEnum):
    """What an upload is for."""

    MOVIE = "movie"
    THUMBNAIL = "thumbnail"
    FILE = "file"


class NoteDraft(Value):
    """A note to be written on a task (and its version, where there is one), with pictures."""

    key: str
    project: str
    task: EntityRef
    subject: str
    text: str
    links: tuple[EntityRef, ...] = ()
    attachments: tuple[Path, ...] = ()


class Problem(Value):
    """One thing that `wetgate doctor` found on a site, and what to change."""

    what: str
    mend: str
