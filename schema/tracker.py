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


class Ability(StrEnum):
    """What a tracker can do beyond what every tracker can. What is not declared is not faked."""

    PUSH = "push"
    """Tells of a change at once."""
    GROUPS = "groups"
    """A task can be assigned to a group."""
    VERSION_STATUS = "version status"
    """A version has a status of its own, beside the task's."""
    FILMSTRIP = "filmstrip"
    PUBLISHED_FILES = "published files"
    PLAYLISTS = "playlists"
    ANNOTATIONS = "annotations"
    """What people draw in the review player can be read."""
    TIME_LOGS = "time logs"
    RESUMED_UPLOADS = "resumed uploads"
    """Takes files in parts, and a cut-off upload goes on where it was, in another process too."""


class TrackerTask(Value):
    """A task as it stands now. `priority` 0..100, higher first; `due` is an ISO date; `kind` is its task type."""

    ref: EntityRef
    name: str
    project: str
    entity: EntityRef | None
    status: str
    assigned_to_us: bool
    step: str = ""
    kind: str = ""
    tags: tuple[str, ...] = ()
    priority: int = 50
    due: str | None = None


class NoteText(Value):
    """One text about a task, oldest first; `by_us` marks our own.

    `login` is what the author logs in with, by which a show names its approvers; `version` is the
    version that the text is about, None where it is about the task.
    """

    id: str
    author: str
    text: str
    at: float
    by_us: bool = False
    login: str = ""
    version: EntityRef | None = None


class Attachment(Value):
    """A file that a person attached.

    `drawn` marks what was drawn over a version in the tracker's review player: a picture with the
    strokes, alone on transparent black or over the frame. `frame` counts the version's movie from 0.
    """

    id: str
    name: str
    url: str
    at: float = 0.0
    drawn: bool = False
    frame: int | None = None
    version: EntityRef | None = None


class Review(Value):
    """What stands on a version of ours: its status, and who set it (login), where a person did. `key` is ours."""

    version: EntityRef
    key: str
    status: str
    by: str = ""
    at: float = 0.0


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
    fields: dict[str, str] = {}
    """More fields, by the site's own names."""


class MediaKind(StrEnum):
    """What an upload is for."""

    MOVIE = "movie"
    THUMBNAIL = "thumbnail"
    FILMSTRIP = "filmstrip"
    """Frames side by side, each 240 pixels wide, that a pointer runs through."""
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


class FileDraft(Value):
    """A file of a version that the tracker registers by its path. `kind` as in `Rendered Image`, `Movie`."""

    name: str
    kind: str
    path: str
    number: int


class Problem(Value):
    """One thing that `wetgate doctor` found on a site, and what to change.

    A show is not served while a problem that `stops` it lasts; others only ask for attention.
    """

    what: str
    mend: str
    stops: bool = True
