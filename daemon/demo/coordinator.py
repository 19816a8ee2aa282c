"""What the coordinator does in the tracker, with the vendor's own client and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shotgun_api3.shotgun import Shotgun

from ...schema.errors import WetgateError

Entity = dict[str, Any]
_RESTED_SECONDS = 20.0


class Coordinator:
    """A person at the tracker: assigns tasks, reads notes, downloads versions."""

    def __init__(self, url: str, login: str, password: str, project: str) -> None:
        """Log in and find the project and the group that Wetgate answers for."""
        self._client: Any = Shotgun(url, login=login, password=password)
        self._used = time.monotonic()
        self.project = self._one("Project", [["name", "is", project]])
        self._group = self._one("Group", [["code", "is", "Wetgate"]])

    @property
    def _sg(self) -> Any:
        """The client; a connection that has rested is closed first, since the vendor's client does not mend it."""
        if time.monotonic() - self._used > _RESTED_SECONDS:
            self._client.close()
        self._used = time.monotonic()
        return self._client

    def shot(self, code: str) -> Entity:
        """The shot of that name, made if it is not there."""
        wanted = [["project", "is", self.project], ["code", "is", code]]
        found: Entity = self._sg.find_one("Shot", wanted) or self._sg.create(
            "Shot", {"project": self.project, "code": code}
        )
        return found

    def assign(self, shot: Entity, name: str, brief: str) -> Entity:
        """Create a task with its brief, assign it to Wetgate, and set it to ready."""
        task: Entity = self._sg.create(
            "Task",
            {
                "project": self.project,
                "entity": shot,
                "content": name,
                "sg_description": brief,
                "sg_status_list": "wtg",
            },
        )
        self._sg.update("Task", task["id"], {"task_assignees": [self._group], "sg_status_list": "rdy"})
        return task

    def status(self, task: Entity) -> str:
        """The task's status code."""
        found = self._sg.find_one("Task", [["id", "is", task["id"]]], ["sg_status_list"])
        return str(found["sg_status_list"])

    def notes(self, task: Entity) -> list[Entity]:
        """The notes on a task, oldest first."""
        link = {"type": "Task", "id": task["id"]}
        fields = ["subject", "content", "attachments", "created_at"]
        found: list[Entity] = self._sg.find(
            "Note", [["tasks", "in", [link]]], fields, [{"field_name": "id", "direction": "asc"}]
        )
        return found

    def versions(self, task: Entity) -> list[Entity]:
        """The versions of a task."""
        fields = ["code", "sg_uploaded_movie", "image", "sg_path_to_frames", "sg_path_to_movie", "sg_status_list"]
        fields += ["sg_first_frame", "sg_last_frame", "description", "sg_wetgate_key"]
        found: list[Entity] = self._sg.find("Version", [["sg_task", "is", {"type": "Task", "id": task["id"]}]], fields)
        return found

    def download(self, attachment: Entity, path: Path) -> Path:
        """Fetch an upload to *path*."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._sg.download_attachment(attachment, file_path=str(path))
        return path

    def wait(self, tasks: list[Entity], done: str, seconds: float, look: Callable[[], object] = lambda: None) -> None:
        """Wait until every task has the status *done*; *look* is called at every turn and tells how far things are.

        Raises WetgateError with the task's notes when one is put on hold, or when for *seconds* nothing moved: a
        slow machine is no fault.
        """
        before: object = None
        end = time.monotonic() + seconds
        while True:
            states = {task["id"]: self.status(task) for task in tasks}
            now = (states, look())
            if all(state == done for state in states.values()):
                return
            if now != before:
                before, end = now, time.monotonic() + seconds
            held = [task for task in tasks if states[task["id"]] == "hld"]
            if held or time.monotonic() > end:
                task = held[0] if held else next(t for t in tasks if states[t["id"]] != done)
                said = " / ".join(str(note["content"]) for note in self.notes(task)) or "nothing"
                why = "is on hold" if held else f"has not moved for {seconds:.0f} s"
                raise WetgateError(f"The task {task.get('content', task['id'])!r} {why}. Its notes say: {said}")
            time.sleep(1.0)

    def close(self) -> None:
        """Hang up."""
        self._sg.close()

    def _one(self, kind: str, filters: list[Any]) -> Entity:
        found: Entity | None = self._sg.find_one(kind, filters, [])
        if found is None:
            raise WetgateError(f"The tracker has no {kind} with {filters}.")
        return found
