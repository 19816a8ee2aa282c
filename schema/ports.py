"""The whole plugin API on one screen.

A connector is registered under the entry point `wetgate.connectors`, a processor under
`wetgate.processors`; both with the name that settings and briefs use. `wetgate.connectors.contract`
and `wetgate.processors.contract` hold the suites that every implementation must pass. Packages that
only the plugin needs may come by an extra of the plugin's own name: where one is missing, people are told
to install that.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

from pydantic import BaseModel

from .outcome import Outcome
from .request import Chunk, Request
from .tracker import (
    Ability,
    Attachment,
    BriefSource,
    EntityRef,
    EventPage,
    FileDraft,
    MediaKind,
    NoteDraft,
    Problem,
    Review,
    TrackerTask,
    VersionDraft,
)

Progress = Callable[[float, str], None]
"""Called with the done share (0..1) and a few words; cheap enough to call for every frame."""


class Push(Protocol):
    """A tracker's push channel, held open by a thread of its own."""

    @property
    def alive(self) -> bool:
        """Whether changes would be told now; it mends itself where it can."""

    def close(self) -> None:
        """End it."""


@runtime_checkable
class Tracker(Protocol):
    """A production tracker. Calls are safe to repeat: nothing is created twice for one key.

    All calls raise TrackerUnavailable where a later try may succeed, TrackerRejected where it will
    not, EntityNotFound for a missing entity, AmbiguousResult where a write may have arrived. Where the
    site said for how long it wants to be left alone, the error's `retry_after` holds the seconds.
    An implementation may be called from one thread at a time. Calls that need an `Ability` which the
    tracker lacks do nothing.
    """

    key_field: str
    """The tracker's own field that holds our key on versions and notes."""
    abilities: frozenset[Ability]

    def push(self, wake: Callable[[], None]) -> Push | None:
        """Have *wake* called, from any thread, when something may have changed; None without the ability.

        A push only wakes the reader: what changed is told by `events`.
        """

    def events(self, cursor: str | None) -> EventPage:
        """What changed since *cursor*, with an overlap: ids may repeat and the caller drops those.

        None means from now on: no events, a cursor.
        """

    def tasks_for_us(self, *projects: str, only: Collection[str] | None = None) -> Sequence[TrackerTask]:
        """Every open task of the projects that is assigned to us, or, of those, the ones with the ids in *only*.

        Each task's `project` is spelled as it was asked for. All projects cost a few requests together.
        """

    def task(self, ref: EntityRef) -> TrackerTask:
        """A task as it stands now."""

    def brief(self, task: EntityRef) -> BriefSource:
        """What people wrote and attached for the task."""

    def download(self, attachment: Attachment, folder: Path) -> Path:
        """Fetch an attachment into *folder* under its own, cleaned name."""

    def find_version(self, key: str) -> EntityRef | None:
        """The version that carries our key."""

    def publish(self, version: VersionDraft) -> EntityRef:
        """Create the version, or return the one that carries its key."""

    def upload(self, version: EntityRef, kind: MediaKind, path: Path) -> None:
        """Put a movie, thumbnail or file on the version, unless one of that name is there."""

    def find_note(self, key: str) -> EntityRef | None:
        """The note that carries our key."""

    def note(self, note: NoteDraft) -> EntityRef:
        """Write the note with its pictures, or return and complete the one that carries its key."""

    def edit_note(self, note: EntityRef, text: str) -> None:
        """Let a note of ours say *text* instead."""

    def reviews(self, task: EntityRef) -> Sequence[Review]:
        """What stands on our versions of the task, oldest first."""

    def register(self, version: EntityRef, files: Sequence[FileDraft]) -> None:
        """Register files that belong to the version by path, those that are not there yet."""

    def playlist(self, project: str, name: str, version: EntityRef) -> None:
        """Put the version last on the playlist of that name, which is made where it is missing."""

    def log_time(self, task: EntityRef, key: str, day: str, minutes: int) -> None:
        """Log time on an ISO day, once for one key."""

    def set_status(self, entity: EntityRef, status: str) -> None:
        """Set a status by its code; raises TrackerRejected where the site has no such code."""

    def check(self, project: str, statuses: Sequence[str]) -> Sequence[Problem]:
        """What would keep Wetgate from working on this site and project."""

    def close(self) -> None:
        """Give up connections."""


@runtime_checkable
class Processor(Protocol):
    """Frames in, findings or frames out: a plain function over files.

    No tracker, no queue, no database. `run` may be called for chunks in any order, after a kill
    again for the chunk that was under way; what it writes lies in `request.work` and `request.out`.
    Raises ProcessorError or IngestError; BriefIncomplete when the request lacks something.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    needs_takes: ClassVar[bool]
    """Whether other takes should be looked for in the index when the brief names none."""
    painted_references: ClassVar[bool]
    """True: a still that the brief calls `reference` was painted for a frame of the plate. False: it is a source."""
    fixes: ClassVar[bool]
    """True: hands back a master, or files such as a grade, that become a version. False: hands back findings."""
    Options: ClassVar[type[BaseModel]]
    """The brief's parameters. A field that holds frames says so, `json_schema_extra={"frames": ...}`: a `span`
    (`1012-1040`), `marks` (`FRAME: values; ...`) or `stretches` (`FIRST-LAST: value; ...`). It is then given shot
    frames however people wrote them. `examples` are shown where a value cannot be used."""

    def plan(self, request: Request) -> Sequence[Chunk]:
        """Split the work into checkpoints; validates everything that can be validated early."""

    def run(self, request: Request, chunk: Chunk, progress: Progress) -> None:
        """Do one chunk."""

    def finish(self, request: Request, chunks: Sequence[Chunk], progress: Progress) -> Outcome:
        """Join the chunks, rate, prove and report."""
