"""The `Tracker` port for Kitsu."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from ...schema.errors import EntityNotFound
from ...schema.ports import Push
from ...schema.tracker import (
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
from ..access import check_access
from ..files import fetched
from .briefs import BriefReader
from .client import Client, Json
from .comments import Comments, quiet
from .doctor import examine
from .drawings import render
from .events import EventReader
from .files import Files
from .ours import OurTasks
from .playlists import add_to_playlist
from .push import Listener
from .site import Site
from .timelogs import log_time
from .versions import Versions

FINAL = ("done", "approved", "omit")


class Kitsu:
    """A Kitsu site. Tasks are ours when they are assigned to *group*: a person or bot by name or e-mail, or a
    department, which stands for those of its people who are in the project's team.
    """

    abilities = frozenset({Ability.PUSH, Ability.PLAYLISTS, Ability.ANNOTATIONS, Ability.TIME_LOGS})

    def __init__(
        self,
        url: str,
        script_name: str,
        api_key: str,
        *,
        group: str = "Wetgate",
        key_field: str = "wetgate_key",
        overlap_seconds: float = 60.0,
        timeout_seconds: float = 60.0,
        final_statuses: Sequence[str] = FINAL,
        event_url: str = "",
        working_seconds: float = 600.0,
    ) -> None:
        """Nothing is sent before the first call. Raises ConfigError for an address or key that is missing.

        *script_name* with *api_key* is a bot's e-mail with its token, or a person's with the password.
        *key_field* is the name under which our key stands in the `data` of comments and preview files.
        *event_url* is where the site's events are told, when that is not *url*. *working_seconds* is
        how long one call waits for the site's own movie to be made.
        """
        check_access(url, api_key)
        self.key_field = key_field
        self._group = group
        self._client = Client(url, script_name, api_key, timeout_seconds)
        self._event_url = event_url or self._client.url
        self._site = Site(self._client, group, final_statuses)
        self._comments = Comments(self._client, key_field)
        self._versions = Versions(self._client, self._site, self._comments)
        self._files = Files(self._client, self._comments, self._versions, working_seconds)
        self._events = EventReader(self._client, overlap_seconds)
        self._ours = OurTasks(self._client, self._site, group)
        self._briefs = BriefReader(self._site, self._comments, self._versions)

    def push(self, wake: Callable[[], None]) -> Push | None:
        """Listen to the site's event stream in a thread of its own."""
        return Listener(self._client, self._event_url, wake)

    def events(self, cursor: str | None) -> EventPage:
        """What changed since *cursor*: tasks, comments and preview files, in the order of the site's log."""
        return self._events.page(cursor)

    def tasks_for_us(self, *projects: str, only: Collection[str] | None = None) -> Sequence[TrackerTask]:
        """Every task of the projects that is assigned to us and that is not done, or of those *only* some."""
        return tuple(self._site.tasks(self._ours.rows(projects, only)))

    def task(self, ref: EntityRef) -> TrackerTask:
        """A task as it stands now; raises EntityNotFound when it is gone."""
        return self._site.tasks([self._row(ref)])[0]

    def brief(self, task: EntityRef) -> BriefSource:
        """The task's description, its comments with their replies, and what people attached and drew."""
        row = self._row(task)
        return self._briefs.brief(self._site.tasks([row])[0], row)

    def download(self, attachment: Attachment, folder: Path) -> Path:
        """Fetch an attachment; a drawing is drawn here, as Kitsu keeps it as lines."""
        if not attachment.drawn:
            return self._files.download(attachment, folder)
        number, time, _ = attachment.id.split("@")
        drawing = render(self._versions.one(number), time)
        return fetched(folder, attachment.name, lambda part: part.write_bytes(drawing))

    def find_version(self, key: str) -> EntityRef | None:
        """The version that carries our key."""
        found = self._versions.find(key)
        return self._versions.ref(found) if found else None

    def publish(self, version: VersionDraft) -> EntityRef:
        """Create the version, or return the one that carries its key."""
        return self._versions.publish(version)

    def upload(self, version: EntityRef, kind: MediaKind, path: Path) -> None:
        """Put a movie, thumbnail or file on the version, unless one of that name is there.

        Returns once the site has made its own movie; raises TrackerRejected where it could not.
        """
        self._files.upload(version, kind, path)

    def find_note(self, key: str) -> EntityRef | None:
        """The note that carries our key, in any project that we see; `note` itself looks on its task alone."""
        found = self._comments.find(key, self._projects())
        return EntityRef(type="Comment", id=found["id"]) if found else None

    def note(self, note: NoteDraft) -> EntityRef:
        """Write the note as a comment, or find it by its key; then add the pictures that it lacks."""
        head = f"**{quiet(note.subject)}**\n\n" if note.subject else ""
        made = self._comments.write(note.task.id, note.key, head + quiet(note.text), head=head)
        for picture in note.attachments:
            self._files.attach(note.task.id, made["id"], picture)
        return EntityRef(type="Comment", id=made["id"], name=note.subject)

    def edit_note(self, note: EntityRef, text: str) -> None:
        """Let a note of ours say *text* instead; its subject stays."""
        comment = self._comments.one(note.id)
        head = (comment["data"] or {}).get("head") or ""
        wanted = head + quiet(text)
        if comment["text"] != wanted:
            self._comments.edit(note.id, wanted)

    def reviews(self, task: EntityRef) -> Sequence[Review]:
        """What stands on our versions of the task, oldest first: the task statuses that comments set after each."""
        return self._versions.reviews(task.id)

    def register(self, version: EntityRef, files: Sequence[FileDraft]) -> None:
        """Kitsu has no published files that stand by a path alone."""

    def playlist(self, project: str, name: str, version: EntityRef) -> None:
        """Put the version last on the playlist of that name, which is made where it is missing."""
        preview = self._versions.one(version.id)
        task = self._client.get("task", f"data/tasks/{preview['task_id']}")
        entity = self._site.entity(task["entity_id"])
        add_to_playlist(self._client, self._site.project(project)["id"], name, entity, preview["id"])

    def log_time(self, task: EntityRef, key: str, day: str, minutes: int) -> None:
        """Log time as ours on an ISO day, once for one key."""
        log_time(self._client, self._row(task), f"{self.key_field}:time:{key}", day, minutes)

    def set_status(self, entity: EntityRef, status: str) -> None:
        """Set a task's status by its short name, with an empty comment as Kitsu does. A version has none of its own."""
        wanted = self._site.status(status)
        if entity.type != "Task" or self._row(entity)["task_status_id"] == wanted["id"]:
            return
        self._client.post(
            f"status of task {entity.id}",
            f"actions/tasks/{entity.id}/comment",
            {"task_status_id": wanted["id"], "comment": ""},
        )

    def check(self, project: str, statuses: Sequence[str]) -> Sequence[Problem]:
        """What would keep Wetgate from working on this site and project."""
        return examine(self._client, self._site, project, self._group, statuses)

    def close(self) -> None:
        """Give up this thread's connections."""
        self._client.close()

    def _row(self, ref: EntityRef) -> Json:
        try:
            uuid.UUID(ref.id)
        except ValueError as error:
            raise EntityNotFound(f"The tracker has no task {ref.id}.") from error
        try:
            found: Json = self._client.get(f"task {ref.id}", f"data/tasks/{ref.id}")
        except EntityNotFound as error:
            raise EntityNotFound(f"The tracker has no task {ref.id} (any more).") from error
        return found

    def _projects(self) -> Iterator[Json]:
        yield from self._client.get("projects", "data/projects/open")
