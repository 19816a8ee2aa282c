"""The sandbox as tests use it: a started server, a coordinator's client, faults on order."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from benches import PracticeBench, Practised
from shotgun_api3.shotgun import Shotgun
from wetgate.connectors.shotgrid import ShotGrid
from wetgate.daemon.sandbox import Fault, Sandbox
from wetgate.schema.tracker import EntityRef

PROJECT = "PINE"
Entity = dict[str, Any]

LEAVES_FILES_OPEN = "ignore:unclosed file:ResourceWarning"
"""For tests that upload: the vendor's client opens what it sends and never closes it."""


class Practice(Practised[Sandbox]):
    """A seeded sandbox and the vendor's unmodified client."""

    def __init__(self, folder: Path, **options: Any) -> None:
        super().__init__(Sandbox(folder, faults=True, **options))
        seeded = self.sandbox.seed(PROJECT, "SQ01", ("SH010", "SH020"))
        self.project: Entity = seeded["project"]
        self.shot: Entity = seeded["shots"]["SH010"]

    def script(self) -> Any:
        """The client as the script `wetgate`."""
        return self.client(script_name="wetgate", api_key=self.sandbox.script_key)

    def coordinator(self) -> Any:
        """The client as the login `coordinator`."""
        return self.client(login="coordinator", password=self.sandbox.access.coordinator_password)

    def client(self, **credentials: Any) -> Any:
        """The client with any credentials; closed with the practice."""
        client = Shotgun(self.sandbox.url, **credentials)
        self._clients.append(client)
        return client

    def task(self, sg: Any, **values: Any) -> Entity:
        """A task made by a person, who assigned it to nobody unless *values* say so."""
        data = {"project": self.project, "content": "cleanup", "entity": self.shot, **values}
        made: Entity = sg.create("Task", data)
        return made


def practice(folder: Path, **options: Any) -> closing[Practice]:
    """A practice for one block."""
    return closing(Practice(folder, **options))


class SandboxBench(PracticeBench[ShotGrid]):
    """The sandbox as the contract's bench."""

    ready = "rdy"
    busy = "ip"
    review = "rev"
    final = "fin"
    kind = ShotGrid
    places = {
        "read": [{"method": "read"}],
        "publish": [{"method": "create", "contains": '"Version"'}],
        "note": [{"method": "create", "contains": '"Note"'}],
        "set_status": [{"method": "update"}],
        "upload": [{"path": "/upload/*"}],
    }

    def __init__(self, site: Practice, loss: Fault, project: str = PROJECT, **options: Any) -> None:
        login = (site.sandbox.url, "wetgate", site.sandbox.script_key)
        super().__init__(site.faults, loss, project, login, **{"timeout_seconds": 5, **options})
        self.site, self.entries = site, site.sandbox.site.events
        self._seeded = site.sandbox.seed(project, "SQ01", ("SH010",))
        self.person = site.coordinator()
        self._group = self.person.find_one("Group", [["code", "is", "Wetgate"]])

    def make_task(self, name: str, description: str = "", *, ours: bool = True) -> EntityRef:
        someone = self.person.find_one("HumanUser", [["login", "is", "artist"]])
        task = self.person.create(
            "Task",
            {
                "project": self._seeded["project"],
                "content": name,
                "entity": self._seeded["shots"]["SH010"],
                "sg_description": description,
                "sg_status_list": self.ready,
                "task_assignees": [self._group if ours else someone],
            },
        )
        return EntityRef(type="Task", id=str(task["id"]), name=name)

    def write_note(self, task: EntityRef, text: str, files: Sequence[Path] = ()) -> None:
        link = {"type": "Task", "id": int(task.id)}
        data = {"project": self._seeded["project"], "subject": "note", "content": text, "tasks": [link]}
        note = self.person.create("Note", data)
        for file in files:
            self.person.upload("Note", note["id"], str(file))

    def set_task_status(self, task: EntityRef, status: str) -> None:
        self.person.update("Task", int(task.id), {"sg_status_list": status})

    def review_version(self, version: EntityRef, status: str) -> str:
        self.person.update("Version", int(version.id), {"sg_status_list": status})
        return "coordinator"

    def answer_version(self, version: EntityRef, text: str) -> str:
        links = [{"type": "Version", "id": int(version.id)}, self._seeded["shots"]["SH010"]]
        data = {"project": self._seeded["project"], "subject": "answer", "content": text, "note_links": links}
        self.person.create("Note", data)
        return "coordinator"

    def text_of(self, note: EntityRef) -> str:
        return str(self.person.find_one("Note", [["id", "is", int(note.id)]], ["content"])["content"])

    def registered(self, version: EntityRef) -> Sequence[str]:
        link = {"type": "Version", "id": int(version.id)}
        rows = self.person.find("PublishedFile", [["version", "is", link]], ["path"])
        return [row["path"].get("local_path") or unquote(urlsplit(row["path"]["url"]).path) for row in rows]

    def playlists(self, name: str) -> Sequence[Sequence[str]]:
        found = []
        for row in self.person.find("Playlist", [["code", "is", name]]):
            order = [{"field_name": "sg_sort_order", "direction": "asc"}]
            rows = self.person.find("PlaylistVersionConnection", [["playlist", "is", row]], ["version"], order=order)
            found.append([str(one["version"]["id"]) for one in rows])
        return found

    def minutes(self, task: EntityRef) -> int:
        link = {"type": "Task", "id": int(task.id)}
        return sum(row["duration"] for row in self.person.find("TimeLog", [["entity", "is", link]], ["duration"]))

    def versions(self, key: str) -> int:
        return len(self.person.find("Version", [["sg_wetgate_key", "is", key]]))

    def notes(self, key: str) -> int:
        return len(self.person.find("Note", [["sg_wetgate_key", "is", key]]))

    def files(self, entity: EntityRef) -> Sequence[str]:
        names = []
        link = {"type": entity.type, "id": int(entity.id)}
        for row in self.person.find("Attachment", [["attachment_links", "is", link]], ["this_file"]):
            names.append(row["this_file"]["name"])
        if entity.type == "Version":
            uploads = [["event_type", "is", "Shotgun_Version_Change"], ["entity", "is", link]]
            rows = self.person.find("EventLogEntry", uploads, ["attribute_name", "meta"])
            for row in rows:
                picture = row["attribute_name"] in {"image", "filmstrip_image"}
                first = picture and row["meta"]["is_transient"]
                if first or row["attribute_name"] == "sg_uploaded_movie":
                    names.append(row["meta"]["new_value"]["name"])
        return names

    def delete_version(self, version: EntityRef) -> None:
        self.person.delete("Version", int(version.id))

    def forbid(self, *, writing: bool) -> None:
        self.site.sandbox.deny(self.script_name, *(["* *"] if writing else []))

    def movie(self, version: EntityRef) -> bytes:
        """What arrived as the version's movie, as the vendor's client downloads it."""
        row = self.person.find_one("Version", [["id", "is", int(version.id)]], ["sg_uploaded_movie"])
        data: bytes = self.person.download_attachment(row["sg_uploaded_movie"])
        return data

    def change_often(self, task: EntityRef, times: int) -> None:
        change = {"request_type": "update", "entity_type": "Task", "entity_id": int(task.id)}
        self.person.batch([{**change, "data": {"content": f"{task.name} {number}"}} for number in range(times)])
