"""The `Tracker` port for ShotGrid."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...schema.errors import ConfigError, EntityNotFound, TrackerRejected
from ...schema.tracker import (
    Attachment,
    BriefSource,
    EntityRef,
    EventPage,
    MediaKind,
    NoteDraft,
    Problem,
    TrackerTask,
    VersionDraft,
)
from .briefs import BriefReader
from .client import Client, Json
from .doctor import examine
from .events import EventReader
from .files import Files
from .refs import link, ref

FINAL = ("fin", "omt", "apr", "cmpt", "clsd")
_TASK_FIELDS = ["content", "project", "entity", "step", "sg_status_list", "task_assignees", "due_date"]
_BY_ID = [{"field_name": "id", "direction": "asc"}]


class ShotGrid:
    """A ShotGrid site. Tasks are ours when they are assigned to *group* (a Group, or a person's name or login)."""

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
        if not url.startswith(("http://", "https://")):
            raise ConfigError(f"The tracker's url must begin with https://, got {url!r}.")
        if not api_key:
            raise ConfigError("The tracker's api_key is empty: set api_key_file, or the key in the environment.")
        self.key_field = key_field
        self._group = group
        self._final = tuple(final_statuses)
        self._client = Client(url, script_name, api_key, timeout_seconds)
        self._events = EventReader(self._client, overlap_seconds)
        self._briefs = BriefReader(self._client, self._events, key_field)
        self._files = Files(self._client)
        self._statuses: dict[str, tuple[str, ...]] = {}

    def events(self, cursor: str | None) -> EventPage:
        """What changed since *cursor*: tasks, notes, replies, versions and attachments.

        The cursor remembers ids that are missing and asks for them again for `overlap_seconds`.
        """
        return self._events.page(cursor)

    def tasks_for_us(self, project: str) -> Sequence[TrackerTask]:
        """Every task of the project that is assigned to us and whose status is not final."""
        us = self._us()
        if not us:
            raise TrackerRejected(f"The site has no group and no person '{self._group}'.")
        filters: list[Any] = [
            ["project.Project.name", "is", project],
            ["task_assignees", "in", us],
            ["sg_status_list", "not_in", list(self._final)],
        ]
        rows = self._client.read("our tasks", lambda sg: sg.find("Task", filters, _TASK_FIELDS, order=_BY_ID))
        return tuple(self._task(row, us) for row in rows)

    def task(self, ref: EntityRef) -> TrackerTask:
        """A task as it stands now; raises EntityNotFound when it is gone."""
        number = int(ref.id)
        row = self._client.read(f"task {number}", lambda sg: sg.find_one("Task", [["id", "is", number]], _TASK_FIELDS))
        if row is None:
            raise EntityNotFound(f"The tracker has no task {number} (any more).")
        return self._task(row, self._us())

    def brief(self, task: EntityRef) -> BriefSource:
        """The task's description, its notes with their replies, oldest first, and what people attached."""
        return self._briefs.brief(self.task(task))

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
        return examine(self._client, project, self._group, self.key_field, statuses)

    def close(self) -> None:
        """Give up this thread's connection."""
        self._client.close()

    def _us(self) -> list[Json]:
        """The group's or person's links, asked each time: people make groups while we run."""
        name = self._group
        groups = self._client.read("groups", lambda sg: sg.find("Group", [["code", "is", name]], ["id"]))
        any_name = [{"filter_operator": "any", "filters": [["name", "is", name], ["login", "is", name]]}]
        people = [] if groups else self._client.read("people", lambda sg: sg.find("HumanUser", any_name, ["id"]))
        return [{"type": one["type"], "id": one["id"]} for one in [*groups, *people]]

    def _task(self, row: Json, us: list[Json]) -> TrackerTask:
        assigned = {(one["type"], one["id"]) for one in row["task_assignees"] or []}
        due = row["due_date"]
        return TrackerTask(
            ref=ref({"type": "Task", "id": row["id"], "name": row["content"]}),
            name=row["content"] or "",
            project=row["project"]["name"] if row["project"] else "",
            entity=ref(row["entity"]) if row["entity"] else None,
            status=row["sg_status_list"] or "",
            assigned_to_us=any((one["type"], one["id"]) in assigned for one in us),
            step=row["step"]["name"] if row["step"] else "",
            due=str(due) if due else None,
        )

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
        return data

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
