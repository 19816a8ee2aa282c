"""The `Tracker` port for ftrack."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from ...schema.errors import AmbiguousResult, EntityNotFound, TrackerRejected
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
from .briefs import BriefReader
from .client import Client, quoted, update
from .doctor import examine
from .events import EventReader
from .extras import Extras
from .files import Files
from .notes import Notes
from .push import HubPush
from .session import Row
from .site import Site
from .tasks import Tasks
from .uploads import Uploads
from .versions import Versions

FINAL = ("Omitted",)


class Ftrack:
    """An ftrack site. Tasks are ours when they are assigned to *group* (a group, or a person's user name) or to us.

    Statuses go by their names, as the project's scheme has them, whatever their case. Versions stand on
    an asset of the shot, of *asset_type*; keys lie in the metadata entry *key_field*.
    """

    abilities = frozenset(
        {
            Ability.PUSH,
            Ability.GROUPS,
            Ability.VERSION_STATUS,
            Ability.PUBLISHED_FILES,
            Ability.PLAYLISTS,
            Ability.ANNOTATIONS,
            Ability.TIME_LOGS,
            Ability.RESUMED_UPLOADS,
        }
    )

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
        asset_type: str = "Render",
    ) -> None:
        """*script_name* is the API user's name. Nothing is sent before the first call.

        Raises ConfigError for an address or key that is missing.
        """
        check_access(url, api_key)
        self.key_field = key_field
        self._asset_type = asset_type
        self._client = Client(url, script_name, api_key, timeout_seconds)
        self._site = Site(self._client, group)
        self._tasks = Tasks(self._client, self._site, final_statuses)
        self._versions = Versions(self._client, self._site, self._tasks, key_field, asset_type)
        self._files = Files(self._client, Uploads(self._client))
        self._notes = Notes(self._client, self._site, self._files, key_field)
        self._events = EventReader(self._client, self._site, overlap_seconds)
        self._briefs = BriefReader(self._client, self._site, key_field)
        self._extras = Extras(self._client, self._site)

    def push(self, wake: Callable[[], None]) -> Push | None:
        """Have *wake* called when somebody else changed something; the hub is watched and mended."""
        return HubPush(self._client, wake)

    def events(self, cursor: str | None) -> EventPage:
        """What changed since *cursor* and concerns a task.

        The cursor remembers numbers that are missing and asks for them again for `overlap_seconds`.
        """
        return self._events.page(cursor)

    def tasks_for_us(self, *projects: str, only: Collection[str] | None = None) -> Sequence[TrackerTask]:
        """Every task of the projects that is assigned to us and not done, or of those *only* some."""
        return self._tasks.ours(projects, only)

    def task(self, ref: EntityRef) -> TrackerTask:
        """A task as it stands now; raises EntityNotFound when it is gone."""
        return self._tasks.task(ref.id)

    def brief(self, task: EntityRef) -> BriefSource:
        """The task's description, the notes on it and its versions, oldest first, and what people attached."""
        row = self._tasks.row(task.id)
        return self._briefs.brief(self._tasks.of(row), str(row.get("description") or ""))

    def download(self, attachment: Attachment, folder: Path) -> Path:
        """Fetch an attachment into *folder* under its own, cleaned name."""
        return self._files.download(attachment, folder)

    def find_version(self, key: str) -> EntityRef | None:
        """The version that carries our key."""
        return self._versions.find(key)

    def publish(self, version: VersionDraft) -> EntityRef:
        """Create the version, or return the one that carries its key."""
        return self._versions.publish(version)

    def upload(self, version: EntityRef, kind: MediaKind, path: Path) -> None:
        """Put a movie, thumbnail or file on the version, unless one of that name is there."""
        self._files.upload(version, kind, path)

    def find_note(self, key: str) -> EntityRef | None:
        """The note that carries our key."""
        return self._notes.find(key)

    def note(self, note: NoteDraft) -> EntityRef:
        """Write the note with its pictures, or return and complete the one that carries its key."""
        return self._notes.write(note)

    def edit_note(self, note: EntityRef, text: str) -> None:
        """Let a note of ours say *text* instead."""
        self._notes.edit(note, text)

    def reviews(self, task: EntityRef) -> Sequence[Review]:
        """What stands on our versions of the task, oldest first."""
        return self._versions.reviews(task.id)

    def register(self, version: EntityRef, files: Sequence[FileDraft]) -> None:
        """Register files of the version by their path, as components outside of ftrack's storage."""
        self._versions.register(version, files)

    def playlist(self, project: str, name: str, version: EntityRef) -> None:
        """Put the version on the version list of that name, which is made where it is missing."""
        self._extras.playlist(project, name, version)

    def log_time(self, task: EntityRef, key: str, day: str, minutes: int) -> None:
        """Log time on an ISO day, once for one key."""
        self._extras.log_time(task, key, day, minutes)

    def set_status(self, entity: EntityRef, status: str) -> None:
        """Set a status by its name; raises TrackerRejected where the project's scheme has none such."""
        row = self._stands(entity)
        type_id = str(row["type_id"]) if row.get("type_id") else None
        wanted = self._site.status(str(row["project_id"]), entity.type, status, type_id)
        if row["status_id"] == wanted:
            return
        try:
            operation = update(entity.type, entity.id, {"status_id": wanted})
            self._client.write(f"status of {entity.name or entity.id}", [operation])
        except AmbiguousResult:
            if self._stands(entity)["status_id"] != wanted:
                raise

    def check(self, project: str, statuses: Sequence[str]) -> Sequence[Problem]:
        """What would keep Wetgate from working on this site and project."""
        return examine(self._client, self._site, project, statuses, self._asset_type)

    def close(self) -> None:
        """Give up this thread's session."""
        self._client.close()

    def _stands(self, entity: EntityRef) -> Row:
        if entity.type not in {"Task", "AssetVersion"}:
            raise TrackerRejected(f"A {entity.type} has no status here.")
        fields = "status_id, type_id, project_id" if entity.type == "Task" else "status_id, project_id"
        rows = self._client.first(
            f"{entity.type} {entity.id}", f"select {fields} from {entity.type} where id is {quoted(entity.id)}"
        )
        if not rows:
            raise EntityNotFound(f"The tracker has no {entity.type} {entity.id} (any more).")
        return rows[0]
