"""The `Tracker` port for ShotGrid."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from ...schema.errors import EntityNotFound, TrackerRejected
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
from .client import Client, Json
from .doctor import examine
from .events import EventReader
from .files import Files
from .library import Library
from .refs import link
from .reviews import read_reviews
from .tasks import TaskReader
from .wire import Wire

FINAL = ("fin", "omt", "apr", "cmpt", "clsd")
_WHOLE = {"number", "percent", "duration", "timecode"}
_BY_ID = [{"field_name": "id", "direction": "asc"}]


class ShotGrid:
    """A ShotGrid site. Tasks are ours when they are assigned to *group* (a Group, or a person's name or login)."""

    abilities = frozenset(Ability) - {Ability.PUSH}
    """All but the push: a site's webhooks call an address of ours, and a studio's daemon has none to call."""

    def __init__(
        self,
        url: str,
        script_name: str,
        api_key: str,
        *,
        group: str = "Wetgate",
        key_field: str = "sg_wetgate_key",
        overlap_seconds: float = 60.0,
        timeout_seconds: float = 60.0,
        final_statuses: Sequence[str] = FINAL,
    ) -> None:
        """Nothing is sent before the first call. Raises ConfigError for an address or key that is missing."""
        check_access(url, api_key)
        self.key_field = key_field
        self._group = group
        self._client = Client(url, script_name, api_key, timeout_seconds)
        self._tasks = TaskReader(self._client, group, final_statuses)
        self._events = EventReader(self._client, overlap_seconds)
        self._briefs = BriefReader(self._client, self._events, key_field)
        self._wire = Wire(self._client.url, self._client.secrets, timeout_seconds)
        self._files = Files(self._client, self._wire)
        self._library = Library(self._client)
        self._statuses: dict[str, tuple[str, ...]] = {}

    def push(self, wake: Callable[[], None]) -> Push | None:  # noqa: ARG002  # the port's signature
        """None: see `abilities`."""
        return None

    def events(self, cursor: str | None) -> EventPage:
        """What changed since *cursor*: tasks, notes, replies, versions and attachments.

        The cursor remembers ids that are missing and asks for them again for `overlap_seconds`. Of a long
        backlog that is older than that, the site is asked only for what can concern a task.
        """
        return self._events.page(cursor)

    def tasks_for_us(self, *projects: str, only: Collection[str] | None = None) -> Sequence[TrackerTask]:
        """Every task of the projects that is assigned to us and whose status is not final, or of those *only* some."""
        return self._tasks.ours(projects, only)

    def task(self, ref: EntityRef) -> TrackerTask:
        """A task as it stands now; raises EntityNotFound when it is gone."""
        return self._tasks.one(ref)

    def brief(self, task: EntityRef) -> BriefSource:
        """The task's description, its notes with their replies, oldest first, and what people attached."""
        return self._briefs.brief(*self._tasks.described(task))

    def download(self, attachment: Attachment, folder: Path) -> Path:
        """Fetch an attachment into *folder* under its own, cleaned name."""
        return self._files.download(attachment, folder)

    def find_version(self, key: str) -> EntityRef | None:
        """The version that carries our key; the oldest where an error made two."""
        return self._first(self._keyed("Version", key))

    def publish(self, version: VersionDraft) -> EntityRef:
        """Create the version, or return the one that carries its key; of several only the oldest is left."""
        found = self._keyed("Version", version.key)
        if not found:
            data = self._version(version)
            self._client.write(f"create version {version.code}", lambda sg: sg.create("Version", data))
            found = self._keyed("Version", version.key)
        return self._only(found, version.code)

    def upload(self, version: EntityRef, kind: MediaKind, path: Path) -> None:
        """Put a movie, thumbnail or file on the version, unless one of that name is there."""
        self._files.upload(version, kind, path)

    def find_note(self, key: str) -> EntityRef | None:
        """The note that carries our key."""
        return self._first(self._keyed("Note", key))

    def note(self, note: NoteDraft) -> EntityRef:
        """Write the note, or find it by its key; then add the pictures that it lacks."""
        found = self._keyed("Note", note.key)
        if not found:
            task = self.task(note.task)
            links = [link(one) for one in note.links]
            if task.entity is not None and link(task.entity) not in links:
                links.append(link(task.entity))
            data = {
                "project": self._project(note.project),
                "subject": note.subject,
                "content": note.text,
                "tasks": [link(note.task)],
                "note_links": links,
                self.key_field: note.key,
            }
            self._client.write(f"note '{note.subject}'", lambda sg: sg.create("Note", data))
            found = self._keyed("Note", note.key)
        made = self._only(found, note.subject)
        for picture in note.attachments:
            self._files.attach(made, picture)
        return made

    def edit_note(self, note: EntityRef, text: str) -> None:
        """Let a note of ours say *text* instead."""
        number = int(note.id)
        row = self._client.read(f"note {number}", lambda sg: sg.find_one("Note", [["id", "is", number]], ["content"]))
        if row is None:
            raise EntityNotFound(f"The tracker has no note {number} (any more).")
        if row["content"] != text:
            self._client.write(f"note {number}", lambda sg: sg.update("Note", number, {"content": text}))

    def reviews(self, task: EntityRef) -> Sequence[Review]:
        """What stands on our versions of the task, oldest first."""
        return read_reviews(self._client, task, self.key_field)

    def register(self, version: EntityRef, files: Sequence[FileDraft]) -> None:
        """A PublishedFile for each path and number that the version has none for."""
        self._library.register(version, files)

    def playlist(self, project: str, name: str, version: EntityRef) -> None:
        """Put the version last on the project's playlist of that name, which is made where it is missing."""
        self._library.playlist(self._project(project), name, version)

    def log_time(self, task: EntityRef, key: str, day: str, minutes: int) -> None:
        """Log time on an ISO day, once: the log's description is the key."""
        self._library.log_time(task, self._project(self.task(task).project), key, day, minutes)

    def set_status(self, entity: EntityRef, status: str) -> None:
        """Set a status by its code; raises TrackerRejected where the site has no such code."""
        codes = self._codes(entity.type)
        if codes and status not in codes:
            raise TrackerRejected(
                f"{entity.type} has no status '{status}' on this site; it has {', '.join(codes)}. "
                "Change [statuses] in the show's settings."
            )
        number = int(entity.id)
        row = self._client.read(
            f"{entity.type} {number}",
            lambda sg: sg.find_one(entity.type, [["id", "is", number]], ["sg_status_list"]),
        )
        if row is None:
            raise EntityNotFound(f"The tracker has no {entity.type} {number} (any more).")
        if row["sg_status_list"] != status:
            self._client.write(
                f"status of {entity.type} {number}",
                lambda sg: sg.update(entity.type, number, {"sg_status_list": status}),
            )

    def check(self, project: str, statuses: Sequence[str]) -> Sequence[Problem]:
        """What would keep Wetgate from working on this site and project."""
        return examine(self._client, self._wire, project, self._group, self.key_field, statuses)

    def close(self) -> None:
        """Give up this thread's connection."""
        self._client.close()

    def _version(self, draft: VersionDraft) -> Json:
        data: Json = {
            "project": self._project(draft.project),
            "code": draft.code,
            "sg_task": link(draft.task),
            "description": draft.description,
            "sg_first_frame": draft.first_frame,
            "sg_last_frame": draft.last_frame,
            "frame_count": draft.last_frame - draft.first_frame + 1,
            "frame_range": f"{draft.first_frame}-{draft.last_frame}",
            "sg_path_to_frames": draft.frames_path,
            "sg_path_to_movie": draft.movie_path,
            "sg_status_list": draft.status,
            self.key_field: draft.key,
        }
        if draft.entity is not None:
            data["entity"] = link(draft.entity)
        return data | self._own_fields(draft.fields)

    def _own_fields(self, fields: dict[str, str]) -> Json:
        """A show's texts in a site's own fields, whole numbers where the field holds those."""
        if not fields:
            return {}
        known = self._client.read("fields of Version", lambda sg: sg.schema_field_read("Version"))
        whole = {name for name, one in known.items() if one["data_type"]["value"] in _WHOLE}
        return {name: int(text) if name in whole and text.isdigit() else text for name, text in fields.items()}

    def _project(self, name: str) -> Json:
        row = self._client.read(f"project {name}", lambda sg: sg.find_one("Project", [["name", "is", name]], ["name"]))
        if row is None:
            raise EntityNotFound(f"The tracker has no project '{name}'.")
        return {"type": "Project", "id": row["id"]}

    def _keyed(self, kind: str, key: str) -> list[Json]:
        field = self.key_field
        fields = [field, "subject" if kind == "Note" else "code"]
        rows = self._client.read(f"{kind} by key", lambda sg: sg.find(kind, [[field, "is", key]], fields, order=_BY_ID))
        # The site compares texts without regard to case; keys differ by it.
        return [row for row in rows if row[field] == key]

    def _only(self, found: list[Json], what: str) -> EntityRef:
        if not found:
            raise EntityNotFound(f"The tracker took '{what}' but does not show it by its key.")
        for extra in found[1:]:
            self._remove(extra, what)
        first = self._first(found)
        assert first is not None
        return first

    def _remove(self, extra: Json, what: str) -> None:
        kind, number = extra["type"], extra["id"]
        self._client.write(f"remove the second '{what}'", lambda sg: sg.delete(kind, number))

    @staticmethod
    def _first(found: list[Json]) -> EntityRef | None:
        if not found:
            return None
        row = found[0]
        return EntityRef(type=row["type"], id=str(row["id"]), name=row.get("code") or row.get("subject") or "")

    def _codes(self, kind: str) -> tuple[str, ...]:
        if kind not in self._statuses:
            field = self._client.read(f"statuses of {kind}", lambda sg: sg.schema_field_read(kind, "sg_status_list"))
            values = field["sg_status_list"]["properties"].get("valid_values", {}).get("value") or []
            self._statuses[kind] = tuple(values)
        return self._statuses[kind]
