"""Kitsu as tests use it: a coordinator on a real Zou, through plain gazu; faults between it and the connector."""

from __future__ import annotations

import contextlib
import itertools
import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gazu
from benches import FaultBench
from gateway import Gateway
from gazu import client as raw
from gazu.exception import RouteNotFoundException
from wetgate.connectors.kitsu import Kitsu
from wetgate.daemon.sandbox.faults import Fault
from wetgate.schema.tracker import EntityRef
from zou import ADMIN, PASSWORD, Zou

Json = dict[str, Any]
BOT = "Wetgate"
RUNNING = "ip"
"""A status of this site's own: every studio has some."""
REVISER = "reviser-password"
_names = itertools.count(1)


class Studio:
    """People, statuses and task types of one site, made once."""

    def __init__(self, site: Zou) -> None:
        """Log in as the admin, and hire the others."""
        self.site = site
        self.admin = raw.create_client(f"{site.url}/api", use_refresh_token=True)
        gazu.log_in(ADMIN, PASSWORD, client=self.admin)
        self.statuses = {one["short_name"]: one for one in raw.get("data/task-status", client=self.admin)}
        if RUNNING not in self.statuses:
            values = {"name": "In Progress", "short_name": RUNNING, "color": "#22CCFF"}
            self.statuses[RUNNING] = raw.post("data/task-status", values, client=self.admin)
        kinds = raw.get("data/task-types", client=self.admin)
        self.kind = next(one for one in kinds if (one["name"], one["for_entity"]) == ("Compositing", "Shot"))
        self.bot = self.hire(BOT, "", role="manager", is_bot=True)
        self.token = self.bot["access_token"]
        self.artist = self.hire("Arto", "Artist", role="user")
        self.reviser = self.hire("Rita", "Reviser", role="supervisor", password=REVISER)
        self.person = self.log_in(self.reviser["email"], REVISER)

    def hire(self, first: str, last: str, **values: Any) -> Json:
        """A person or bot."""
        mail = f"{first.lower()}{next(_names)}.{uuid.uuid4().hex[:6]}@example.com"
        password = values.pop("password", None)
        data = {"first_name": first, "last_name": last, "email": mail, **values}
        if password:
            data["password"] = password
        made: Json = raw.post("data/persons", data, client=self.admin)
        return made

    def log_in(self, mail: str, password: str) -> raw.KitsuClient:
        """A client of that person."""
        client = raw.create_client(f"{self.site.url}/api")
        gazu.log_in(mail, password, client=client)
        return client

    def project(self, name: str, **values: Any) -> Json:
        """A project with everybody in its team, which lets bots work."""
        made: Json = gazu.project.new_project(name, production_type="short", client=self.admin)
        # A small raster: the site makes its own movie of each, in the request.
        settings = {"is_bot_collaboration_enabled": True, "fps": "24", "resolution": "640x360", **values}
        raw.put(f"data/projects/{made['id']}", settings, client=self.admin)
        for person in (self.bot, self.artist, self.reviser):
            gazu.project.add_person_to_team(made, person, client=self.admin)
        gazu.project.add_task_type(made, self.kind, 1, client=self.admin)
        return made

    def shot(self, project: Json, sequence: str = "SQ01", name: str = "SH010") -> Json:
        """A shot in a sequence."""
        parent = gazu.shot.new_sequence(project, sequence, client=self.admin)
        made: Json = gazu.shot.new_shot(project, parent, name, client=self.admin)
        return made

    def task(self, shot: Json, name: str, status: str, assignees: Sequence[Json], **values: Any) -> Json:
        """A task on a shot."""
        data = {
            "project_id": shot["project_id"],
            "entity_id": shot["id"],
            "task_type_id": self.kind["id"],
            "task_status_id": self.statuses[status]["id"],
            "assignees": [one["id"] for one in assignees],
            "name": name,
            **values,
        }
        made: Json = raw.post("data/tasks", data, client=self.admin)
        return made

    def comment(self, task: str, text: str, status: str | None = None, files: Sequence[Path] = ()) -> Json:
        """The reviser comments on a task, and sets its status."""
        row = raw.get(f"data/tasks/{task}", client=self.admin)
        wanted = self.statuses[status]["id"] if status else row["task_status_id"]
        made: Json = raw.post(
            f"actions/tasks/{task}/comment", {"task_status_id": wanted, "comment": text}, client=self.person
        )
        for file in files:
            path = f"actions/tasks/{task}/comments/{made['id']}/add-attachment"
            raw.upload(path, str(file), client=self.person)
        return made


def make_movie(path: Path, sound: Sequence[str] = ()) -> Path:
    """A moving test card of 24 frames a second; *sound* is what ffmpeg is told to add."""
    picture = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=24:duration=2"]
    coded = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    command = ["ffmpeg", "-v", "error", "-y", *picture, *sound, *coded, str(path)]
    subprocess.run(command, check=True)
    return path


class KitsuBench(FaultBench[Kitsu]):
    """A real site as the contract's bench."""

    ready = "ready"
    busy = "wip"
    review = "wfa"
    final = "done"
    kind = Kitsu
    # Versions, notes and statuses all begin with a comment.
    places = {
        "read": [{"method": "get"}],
        "publish": [{"method": "comment"}],
        "note": [{"method": "comment"}],
        "set_status": [{"method": "comment"}],
        "upload": [{"method": "upload"}, {"method": "add-attachment"}],
    }

    def __init__(self, studio: Studio, gateway: Gateway, loss: Fault, project: str, **options: Any) -> None:
        login = (gateway.url, studio.bot["email"], studio.token)
        settings = {"timeout_seconds": 30, "working_seconds": 60, "event_url": studio.site.events, **options}
        super().__init__(gateway.plan, loss, project, login, **settings)
        self._studio = studio
        self.made = studio.project(project)
        self.shot = studio.shot(self.made)

    def make_task(self, name: str, description: str = "", *, ours: bool = True) -> EntityRef:
        someone = self._studio.bot if ours else self._studio.artist
        task = self._studio.task(self.shot, name, self.ready, [someone], description=description)
        return EntityRef(type="Task", id=task["id"], name=name)

    def write_note(self, task: EntityRef, text: str, files: Sequence[Path] = ()) -> None:
        self._studio.comment(task.id, text, files=files)

    def set_task_status(self, task: EntityRef, status: str) -> None:
        self._studio.comment(task.id, "", status)

    def review_version(self, version: EntityRef, status: str) -> str:
        self._studio.comment(self.preview(version)["task_id"], "", status)
        return str(self._studio.reviser["email"])

    def answer_version(self, version: EntityRef, text: str) -> str:
        self._studio.comment(self.preview(version)["task_id"], text)
        return str(self._studio.reviser["email"])

    def preview(self, version: EntityRef) -> Json:
        """The preview file of a version."""
        found: Json = raw.get(f"data/preview-files/{version.id}", client=self._studio.admin)
        return found

    def text_of(self, note: EntityRef) -> str:
        return str(raw.get(f"data/comments/{note.id}", client=self._studio.admin)["text"])

    def registered(self, version: EntityRef) -> Sequence[str]:
        task = raw.get(f"data/tasks/{self.preview(version)['task_id']}", client=self._studio.admin)
        rows = raw.get("data/output-files", params={"entity_id": task["entity_id"]}, client=self._studio.admin)
        return [row["path"] for row in rows]

    def playlists(self, name: str) -> Sequence[Sequence[str]]:
        rows = raw.get(
            "data/playlists", params={"project_id": self.made["id"], "name": name}, client=self._studio.admin
        )
        return [[one["preview_file_id"] for one in row["shots"]] for row in rows]

    def minutes(self, task: EntityRef) -> int:
        spent = raw.get(f"actions/tasks/{task.id}/time-spents", client=self._studio.admin)
        return int(spent["total"])

    def versions(self, key: str) -> int:
        rows = raw.get("data/preview-files", params={"project_id": self.made["id"]}, client=self._studio.admin)
        return sum((row["data"] or {}).get("wetgate_key") == key for row in rows)

    def comments(self) -> list[Json]:
        """Every comment of the project."""
        found: list[Json] = raw.get(f"data/projects/{self.made['id']}/comments", client=self._studio.admin)
        return found

    def notes(self, key: str) -> int:
        return sum((row["data"] or {}).get("wetgate_key") == key and not row["previews"] for row in self.comments())

    def files(self, entity: EntityRef) -> Sequence[str]:
        names = []
        comment = entity.id
        if entity.type == "PreviewFile":
            preview = self.preview(entity)
            comment = preview["comments"][0]
            if preview["original_name"]:
                names.append(f"{preview['original_name']}.{preview['extension']}")
        attached = raw.get(f"data/comments/{comment}", client=self._studio.admin)["attachment_files"]
        return [*names, *(one["name"] for one in attached)]

    def delete_version(self, version: EntityRef) -> None:
        # As a person does: the comment, and what was published with it.
        for comment in self.preview(version)["comments"]:
            raw.delete(f"data/comments/{comment}", client=self._studio.admin)
        with contextlib.suppress(RouteNotFoundException):
            # Once it is uploaded, it goes with its comment.
            raw.delete(f"data/preview-files/{version.id}?force=true", client=self._studio.admin)

    def forbid(self, *, writing: bool) -> None:
        change = gazu.project.remove_person_from_team if writing else gazu.project.add_person_to_team
        change(self.made, self._studio.bot, client=self._studio.admin)
