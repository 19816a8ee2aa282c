"""The ftrack practice site as tests use it: a started server, people with the vendor's client, faults on order."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import ftrack_api
import requests
from benches import PracticeBench, Practised
from wetgate.connectors.ftrack import Ftrack
from wetgate.daemon.sandbox import Fault
from wetgate.daemon.sandbox.ftrack import FtrackSandbox
from wetgate.schema.tracker import EntityRef

UNMANAGED = "ftrack.unmanaged"
SERVER = "ftrack.server"

LEAVES_FILES_OPEN = "ignore:unclosed file:ResourceWarning"
"""For tests in which people upload: the vendor's client opens what it sends and never closes it."""


class Practice(Practised[FtrackSandbox]):
    """A seeded practice site and the vendor's unmodified client."""

    def __init__(self, folder: Path, **options: Any) -> None:
        super().__init__(FtrackSandbox(folder, faults=True, **options))
        self.hub = self.sandbox.site.hub

    def session(self, user: str = "coordinator", **options: Any) -> Any:
        """The client as one of the people; closed with the practice."""
        session = ftrack_api.Session(
            self.sandbox.url, self.sandbox.api_key, user, schema_cache_path=False, plugin_paths=[], **options
        )
        self._clients.append(session)
        return session


def practice(folder: Path, **options: Any) -> closing[Practice]:
    """A practice for one block."""
    return closing(Practice(folder, **options))


class FtrackBench(PracticeBench[Ftrack]):
    """The practice site as the contract's bench."""

    ready = "Ready to start"
    busy = "In progress"
    review = "Pending Review"
    final = "Approved"
    kind = Ftrack
    places = {
        "read": [{"path": "/api", "method": "query"}],
        "publish": [{"method": "*create:AssetVersion*"}],
        "note": [{"method": "create:Note,*"}],
        "set_status": [{"method": "update:*"}],
        "upload": [
            {"method": "create:FileComponent"},
            {"path": "/component/upload/*"},
            {"method": "*create:ComponentLocation*"},
        ],
    }

    def __init__(self, site: Practice, loss: Fault, project: str, **options: Any) -> None:
        login = (site.sandbox.url, "wetgate", site.sandbox.api_key)
        super().__init__(site.faults, loss, project, login, **{"timeout_seconds": 5, **options})
        self.site, self.entries = site, site.sandbox.site.journal
        self._seeded = site.sandbox.seed(project, "SQ01", ("SH010",))
        self.person = site.session()
        self._roles: list[dict[str, object]] = []

    def make_task(self, name: str, description: str = "", *, ours: bool = True) -> EntityRef:
        who = "Group where name is Wetgate" if ours else "User where username is artist"
        shot = self.person.get("Shot", self._seeded["shots"]["SH010"])
        values = {"name": name, "parent": shot, "description": description, "status": self._status(self.ready)}
        task = self.person.create("Task", values)
        resource = self.person.query(who).one()
        self.person.create("Appointment", {"context": task, "resource": resource, "type": "assignment"})
        self.person.commit()
        return EntityRef(type="Task", id=task["id"], name=name)

    def write_note(self, task: EntityRef, text: str, files: Sequence[Path] = ()) -> None:
        self.note(task, text, files)

    def note(self, entity: EntityRef, text: str, files: Sequence[Path] = (), **values: Any) -> str:
        """A person's note on anything; its id."""
        author = self.person.query("User where username is coordinator").one()
        about = {"parent_id": entity.id, "parent_type": entity.type}
        note = self.person.create("Note", {"content": text, "author": author, **about, **values})
        location = self.person.query(f"Location where name is {SERVER}").one()
        for file in files:
            component = self.person.create_component(str(file), {"name": file.stem}, location)
            self.person.create("NoteComponent", {"component_id": component["id"], "note_id": note["id"]})
        self.person.commit()
        return str(note["id"])

    def set_task_status(self, task: EntityRef, status: str) -> None:
        self.person.get("Task", task.id)["status"] = self._status(status)
        self.person.commit()

    def review_version(self, version: EntityRef, status: str) -> str:
        self.person.get("AssetVersion", version.id)["status"] = self._status(status)
        self.person.commit()
        return "coordinator"

    def answer_version(self, version: EntityRef, text: str) -> str:
        self.note(version, text)
        return "coordinator"

    def text_of(self, note: EntityRef) -> str:
        return str(self.person.query(f"select content from Note where id is {note.id}").one()["content"])

    def registered(self, version: EntityRef) -> Sequence[str]:
        rows = self.person.query(
            f"select resource_identifier from ComponentLocation where location.name is {UNMANAGED} "
            f"and component.version_id is {version.id}"
        )
        return [row["resource_identifier"] for row in rows]

    def playlists(self, name: str) -> Sequence[Sequence[str]]:
        lists = self.person.query(f'AssetVersionList where name is "{name}"').all()
        return [
            [
                row["entity_id"]
                for row in self.person.query(f"select entity_id from ListObject where list_id is {one['id']}")
            ]
            for one in lists
        ]

    def minutes(self, task: EntityRef) -> int:
        rows = self.person.query(f"select duration from Timelog where context_id is {task.id}")
        return int(sum(row["duration"] for row in rows) / 60)

    def versions(self, key: str) -> int:
        return self._keyed("AssetVersion", key)

    def notes(self, key: str) -> int:
        return self._keyed("Note", key)

    def files(self, entity: EntityRef) -> Sequence[str]:
        if entity.type == "Note":
            where = f"id in (select component_id from NoteComponent where note_id is {entity.id})"
        else:
            where = f"version_id is {entity.id} and component_locations.location.name is {SERVER}"
        rows = self.person.query(f"select id, metadata from FileComponent where {where}").all()
        return [row["metadata"]["wetgate_file"] for row in rows]

    def delete_version(self, version: EntityRef) -> None:
        self.person.delete(self.person.get("AssetVersion", version.id))
        self.person.commit()

    def forbid(self, *, writing: bool) -> None:
        storage = self.site.sandbox.site.storage
        with storage.transaction():
            (user,) = storage.where("Resource", "username", self.script_name)
            if writing:
                self._roles = [dict(one) for one in storage.where("UserSecurityRole", "user_id", user["id"])]
                for role in self._roles:
                    storage.remove("UserSecurityRole", str(role["id"]))
            else:
                for role in self._roles:
                    storage.put("UserSecurityRole", str(role["id"]), role)

    def change_often(self, task: EntityRef, times: int) -> None:
        change = {"action": "update", "entity_type": "Task", "entity_key": [task.id]}
        self.person.call([{**change, "entity_data": {"description": str(number)}} for number in range(times)])

    def rows(self, expression: str) -> list[dict[str, Any]]:
        """Rows as the server sends them."""
        headers = {"ftrack-user": "coordinator", "ftrack-api-key": self.secret}
        asked = [{"action": "query", "expression": expression}]
        answer = requests.post(f"{self.url}/api", json=asked, headers=headers, timeout=10)
        rows: list[dict[str, Any]] = answer.json()[0]["data"]
        return rows

    def _status(self, name: str) -> Any:
        return self.person.query(f'Status where name is "{name}"').one()

    def _keyed(self, kind: str, key: str) -> int:
        rows = self.person.query(
            f'select metadata from {kind} where metadata any (key is wetgate_key and value is "{key}")'
        )
        return sum(row["metadata"]["wetgate_key"] == key for row in rows)
