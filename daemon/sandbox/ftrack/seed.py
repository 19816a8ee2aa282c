"""What a new practice site holds: what every site has, a project to try the API on, and shows on demand.

The fixed ids are those of the vendor's own public test site, so that code written for it runs here.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..keys import kept_key
from ..storage import Record
from .auth import GLOBAL, api_key_record
from .entities import TYPE
from .site import Site

USER = "wetgate"
COORDINATOR = "coordinator"
ARTIST = "artist"
GROUP = "Wetgate"
_OURS = uuid.UUID("6f1d7c1e-0c5b-5c5e-9c5a-2a7b1c1d3e4f")


class Access:
    """The way into a practice site, kept in a file that only its owner may read."""

    def __init__(self, folder: Path) -> None:
        """Read the file in *folder*, or make it."""
        self.key_file = folder / "api_key"

    @property
    def api_key(self) -> str:
        """The site's own key: it speaks for every user."""
        return kept_key(self.key_file, 32)


def seed_site(site: Site, access: Access) -> None:
    """Fill a new site; does nothing on one that is filled."""
    with site.storage.lock:
        site.auth.set_key(GLOBAL, access.api_key)
        if site.storage.count("Resource"):
            return
        raw = json.loads((Path(__file__).parent / "seed.json").read_text(encoding="utf-8"))
        with site.batch(None, quiet=True):
            maker = _Maker(site)
            _workflow(maker, raw)
            _people(maker, raw)
            _lists(maker, raw)
            key = api_key_record(access.api_key) | {"id": _id("ApiKey", GLOBAL)}
            site.storage.put("ApiKey", key["id"], key)
        with site.batch(None, quiet=True):
            _practice(_Maker(site), raw["practice"])


def seed_project(site: Site, name: str, sequence: str, shots: Iterable[str]) -> dict[str, Any]:
    """A show with one sequence and shots; gives their ids by name. Does nothing where they are."""
    with site.storage.lock, site.batch(None, quiet=True):
        maker = _Maker(site)
        schema = maker.found("ProjectSchema", name="Restoration")
        values = {"full_name": name, "project_schema_id": schema["id"] if schema else None}
        project = maker.one("Project", {"name": name}, values)
        scene = maker.one("Sequence", {"name": sequence, "parent_id": project["id"]}, {})
        made = {shot: maker.one("Shot", {"name": shot, "parent_id": scene["id"]}, {}) for shot in shots}
    return {"project": project["id"], "sequence": scene["id"], "shots": {name: one["id"] for name, one in made.items()}}


class _Maker:
    """Makes what is not there yet."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def found(self, kind: str, **values: Any) -> Record | None:
        name, value = next(iter(values.items()))
        table = self.site.schema.types[kind].table
        for record in self.site.storage.where(table, name, value):
            if record[TYPE] == kind and all(record.get(key) == wanted for key, wanted in values.items()):
                return record
        return None

    def one(self, kind: str, unique: dict[str, Any], values: dict[str, Any]) -> Record:
        return self.found(kind, **unique) or self.make(kind, {**unique, **values})

    def make(self, kind: str, values: dict[str, Any]) -> Record:
        fixed = {"id": _id(kind, str(values))} if self.site.schema.types[kind].key == ("id",) else {}
        kept = {name: value for name, value in values.items() if value is not None}
        return self.site.writes.create(kind, {**fixed, **kept}, None)


def _id(kind: str, what: str) -> str:
    return str(uuid.uuid5(_OURS, f"{kind}:{what}"))


def _workflow(maker: _Maker, raw: dict[str, Any]) -> None:
    states = {short: maker.make("State", {"name": name, "short": short}) for name, short in raw["states"]}
    statuses = {
        name: maker.make("Status", {"name": name, "sort": sort, "color": "#999999", "state_id": states[short]["id"]})
        for sort, (name, short) in enumerate(raw["statuses"].items())
    }
    types = {name: maker.make("Type", {"name": name, "sort": sort}) for sort, name in enumerate(raw["types"])}
    for name, value, key in raw["priorities"]:
        maker.make("Priority", {"name": name, "value": value, "sort": value, "id": key})
    for sort, name in enumerate(raw["object_types"]):
        kind = maker.site.schema.types[name].object_type
        spelled = "Asset Build" if name == "AssetBuild" else name
        maker.make("ObjectType", {"name": spelled, "sort": sort, "id": kind, "is_leaf": name == "Task"})
    for scheme in raw["schemas"]:
        _scheme(maker, scheme, statuses, types, raw["object_types"])


def _scheme(
    maker: _Maker, raw: dict[str, Any], statuses: dict[str, Record], types: dict[str, Record], kinds: list[str]
) -> None:
    made = {}
    for what in ("task", "version"):
        made[what] = maker.make("WorkflowSchema", {"name": f"{raw['name']} {what}s"})
        for name in raw[f"{what}_statuses"]:
            link = {"workflow_schema_id": made[what]["id"], "status_id": statuses[name]["id"]}
            maker.make("WorkflowSchemaStatus", link)
    task_types = maker.make("TaskTypeSchema", {"name": f"{raw['name']} types"})
    for name in raw["task_types"]:
        maker.make("TaskTypeSchemaType", {"task_type_schema_id": task_types["id"], "type_id": types[name]["id"]})
    values = {
        "id": raw.get("id"),
        "name": raw["name"],
        "task_workflow_schema_id": made["task"]["id"],
        "asset_version_workflow_schema_id": made["version"]["id"],
        "task_type_schema_id": task_types["id"],
    }
    scheme = maker.make("ProjectSchema", values)
    for kind in kinds:
        object_type = maker.site.schema.types[kind].object_type
        maker.make("ProjectSchemaObjectType", {"object_type_id": object_type, "project_schema_id": scheme["id"]})
        if kind == "Task":
            continue
        own = maker.make("Schema", {"project_schema_id": scheme["id"], "object_type_id": object_type})
        for sort, name in enumerate(raw["context_statuses"]):
            maker.make("SchemaStatus", {"schema_id": own["id"], "status_id": statuses[name]["id"], "sort": sort})
        built = ["Character", "Prop", "Environment", "Matte Painting"] if kind == "AssetBuild" else ["Generic"]
        for sort, name in enumerate(built):
            maker.make("SchemaType", {"schema_id": own["id"], "type_id": types[name]["id"], "sort": sort})


def _people(maker: _Maker, raw: dict[str, Any]) -> None:
    roles = {name: maker.make("SecurityRole", {"name": name, "type": kind}) for name, kind in raw["roles"]}
    users = {}
    for login, first, last, key in raw["people"]:
        values = {"username": login, "first_name": first, "last_name": last, "email": f"{login}@example.com"}
        users[login] = maker.make("User", {**values, "id": key or None})
        role = roles["Administrator" if login in {"jenkins", USER, COORDINATOR} else "User"]
        grant = {"user_id": users[login]["id"], "security_role_id": role["id"], "is_all_projects": True}
        maker.make("UserSecurityRole", grant)
    group = maker.make("Group", {"name": GROUP})
    for login in (USER, ARTIST):
        maker.make("Membership", {"group_id": group["id"], "user_id": users[login]["id"]})


def _lists(maker: _Maker, raw: dict[str, Any]) -> None:
    for name, key in raw["locations"]:
        maker.make("Location", {"name": name, "id": key})
    for name, short in raw["asset_types"]:
        maker.make("AssetType", {"name": name, "short": short})
    for sort, name in enumerate(raw["note_labels"]):
        maker.make("NoteCategory", {"name": name, "sort": sort, "color": "#999999"})
    for name in raw["list_categories"]:
        maker.make("ListCategory", {"name": name})
    kinds = {name: maker.make("CustomAttributeType", {"name": name}) for name in raw["attribute_types"]}
    for sort, (key, entity, kind, what, default) in enumerate(raw["attributes"]):
        maker.make(
            "CustomAttributeConfiguration",
            {
                "key": key,
                "label": key,
                "entity_type": entity,
                "object_type_id": maker.site.schema.types[kind].object_type if kind else None,
                "type_id": kinds[what]["id"],
                "default": default,
                "sort": sort,
                "is_hierarchical": key == "htest",
            },
        )


def _practice(maker: _Maker, raw: dict[str, Any]) -> None:
    """A project with everything in it, under the ids that public code for the API uses."""
    project = maker.make("Project", {"id": raw["project"], "name": "python_api", "full_name": "Python API"})
    scene = maker.make("Sequence", {"name": "seq010", "parent_id": project["id"]})
    shot = maker.make("Shot", {"name": "sh010", "parent_id": scene["id"]})
    tasks = maker.make("Folder", {"name": "tasks", "parent_id": project["id"]})
    task = maker.make("Task", {"id": raw["task"], "name": "t1", "parent_id": tasks["id"]})
    for number in range(1, 6):
        maker.make("Task", {"name": f"comp{number}", "parent_id": shot["id"]})
    user = maker.found("User", username="jenkins")
    assert user is not None
    maker.make("Appointment", {"type": "assignment", "context_id": task["id"], "resource_id": user["id"]})
    maker.make("Timelog", {"start": "2026-01-05", "duration": 3600, "context_id": task["id"], "user_id": user["id"]})
    render = maker.found("AssetType", short="render")
    versions = []
    for key, name in zip(raw["assets"], ("comp", "plate"), strict=True):
        values = {"id": key, "name": name, "context_id": shot["id"], "type_id": render["id"] if render else None}
        asset = maker.make("Asset", values)
        for number in range(1, 9):
            link = {"asset_id": asset["id"], "version": number, "task_id": task["id"], "user_id": user["id"]}
            versions.append(maker.make("AssetVersion", link))
            maker.make("FileComponent", {"name": "main", "file_type": ".exr", "version_id": versions[-1]["id"]})
    numbers = {"customNumber": task, "NumberField": versions[0]}
    for key, entity in numbers.items():
        found = maker.found("CustomAttributeConfiguration", key=key)
        assert found is not None
        maker.site.graph.customs.set("CustomAttributeValue", found["id"], entity["id"], 7)
