"""Versions: made once for a key, found by it, and what people decided about them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence

from ...schema.errors import EntityNotFound, TrackerRejected
from ...schema.tracker import EntityRef, FileDraft, Review, VersionDraft
from .client import Client, Duplicate, among, create, own_id, quoted, tagged
from .keyed import Keyed
from .session import Row, metadata, stamp
from .site import Site
from .tasks import Tasks

UNMANAGED = "cb268ecc-8809-11e3-a7e2-20c9d081909b"
FRAMES = "wetgate_frames"
CODE = "wetgate_code"
_NUMBER = re.compile(r"[._-]?v(\d+)$", re.IGNORECASE)
_MEMBERS = 2000


class Versions:
    """Asset versions on an asset of the task's shot, with our key in their metadata."""

    def __init__(self, client: Client, site: Site, tasks: Tasks, key_field: str, asset_type: str) -> None:
        """New assets are of *asset_type*, by its name or short name."""
        self._client = client
        self._site = site
        self._tasks = tasks
        self._key_field = key_field
        self._asset_type = asset_type
        self._keyed = Keyed(client, "version", "AssetVersion", key_field, "id, asset.name, version", version_ref)

    def find(self, key: str) -> EntityRef | None:
        """The version that carries our key."""
        return self._keyed.find(key)

    def publish(self, draft: VersionDraft) -> EntityRef:
        """Create the version, or return the one that carries its key."""
        return self._keyed.make(
            draft.key, draft.code, f"create version {draft.code}", lambda number: self._operations(draft, number)
        )

    def reviews(self, task: str) -> list[Review]:
        """What stands on our versions of a task, oldest first."""
        rows = self._client.query(
            "our versions",
            "select id, date, version, asset.name, status_id, status.name, metadata.key, metadata.value "
            f"from AssetVersion where task_id is {quoted(task)} "
            f"and metadata any (key is {quoted(self._key_field)}) order by date, version",
        )
        if not rows:
            return []
        changes = self._client.query(
            "who decided",
            "select parent_id, user_id, date, status_id from StatusChange "
            f"where parent_id in {among([str(row['id']) for row in rows])} order by date",
        )
        last = {
            str(row["id"]): one
            for row in rows
            for one in changes
            if (one["parent_id"], one["status_id"]) == (row["id"], row["status_id"])
        }
        logins = self._site.logins([str(one["user_id"] or "") for one in last.values()])
        logins.pop(self._site.me(), None)
        return [self._review(row, last.get(str(row["id"])), logins) for row in rows]

    def register(self, version: EntityRef, files: Sequence[FileDraft]) -> None:
        """Register files by their path as unmanaged components, those that are not there yet."""
        rows = self._client.query(
            "registered files",
            "select resource_identifier from ComponentLocation where "
            f"location_id is {quoted(UNMANAGED)} and component.version_id is {quoted(version.id)}",
        )
        there = {row["resource_identifier"] for row in rows}
        frames = version_metadata(self._client, version).get(FRAMES, "")
        for file in files:
            if file.path not in there:
                # A duplicate is there already: that is what was asked for.
                with contextlib.suppress(Duplicate):
                    self._client.write(f"register {file.kind}", _component(version.id, file, frames))

    def _operations(self, draft: VersionDraft, key: str) -> list[Row]:
        task = self._tasks.row(draft.task.id)
        status = self._site.status(str(task["project_id"]), "AssetVersion", draft.status)
        parent = draft.entity.id if draft.entity else str(task["parent"]["id"])
        match = _NUMBER.search(draft.code)
        name = _NUMBER.sub("", draft.code) or draft.code
        asset, number, operations = self._asset(parent, name, int(match[1]) if match else 0)
        values: Row = {
            "id": key,
            "asset_id": asset,
            "task_id": draft.task.id,
            "status_id": status,
            "comment": draft.description,
        }
        if number:
            values["version"] = number
        operations.append(create("AssetVersion", values))
        count = draft.last_frame - draft.first_frame + 1
        entries = {
            self._key_field: draft.key,
            CODE: draft.code,
            FRAMES: f"{draft.first_frame}-{draft.last_frame}@{draft.frame_rate}",
            "frame_count": str(count),
            "frames_path": draft.frames_path,
            "movie_path": draft.movie_path,
        }
        return [*operations, *(tagged("AssetVersion", key, field, value) for field, value in entries.items() if value)]

    def _asset(self, parent: str, name: str, number: int) -> tuple[str, int, list[Row]]:
        """The asset's id, a version's number where it is free, and what makes the asset where there is none."""
        rows = self._client.first(
            f"asset {name}",
            "select id, name, versions.version from Asset where "
            f"context_id is {quoted(parent)} and name is {quoted(name)}",
        )
        if rows:
            taken = {one.get("version") for one in rows[0].get("versions") or []}
            return str(rows[0]["id"]), 0 if number in taken else number, []
        wanted = quoted(self._asset_type)
        types = self._client.first(
            "asset type", f"select id from AssetType where name is {wanted} or short is {wanted}"
        )
        if not types:
            raise TrackerRejected(f"The site has no asset type '{self._asset_type}'. Make one, or set `asset_type`.")
        key = own_id("asset", parent, name)
        return (
            key,
            number,
            [create("Asset", {"id": key, "name": name, "context_id": parent, "type_id": types[0]["id"]})],
        )

    def _review(self, row: Row, change: Row | None, logins: dict[str, str]) -> Review:
        return Review(
            version=version_ref(row),
            key=metadata(row).get(self._key_field, ""),
            status=row["status"]["name"],
            by=logins.get(str(change["user_id"]), "") if change else "",
            at=stamp((change or row)["date"]),
        )


def version_metadata(client: Client, version: EntityRef) -> dict[str, str]:
    """A version's metadata; raises EntityNotFound when it is gone."""
    rows = client.first(
        f"version {version.name or version.id}",
        f"select id, metadata.key, metadata.value from AssetVersion where id is {quoted(version.id)}",
    )
    if not rows:
        raise EntityNotFound(f"The tracker has no version {version.id} (any more).")
    return metadata(rows[0])


def version_ref(row: Row) -> EntityRef:
    """A version by its row: its own code, or the name that ftrack gives it."""
    name = metadata(row).get(CODE) or f"{row['asset']['name']} v{row['version']}"
    return EntityRef(type="AssetVersion", id=str(row["id"]), name=name)


def _component(version: str, file: FileDraft, frames: str) -> list[Row]:
    """What registers one file: a sequence with its frames, or a single file."""
    suffix = "." + file.path.rsplit(".", 1)[-1] if "." in file.path.rsplit("/", 1)[-1] else ""
    key = own_id("registered", version, file.path)
    pattern = re.search(r"%0?(\d*)d", file.path)
    kind = "SequenceComponent" if pattern else "FileComponent"
    values: Row = {"id": key, "name": file.kind, "file_type": suffix, "version_id": version}
    padding = int(pattern[1] or 1) if pattern else 0
    if pattern:
        values["padding"] = padding
    operations = [create(kind, values), _placed(key, file.path)]
    span = re.match(r"(\d+)-(\d+)@", frames)
    if pattern and span and int(span[2]) - int(span[1]) < _MEMBERS:
        for number in range(int(span[1]), int(span[2]) + 1):
            member = own_id("member", key, str(number))
            name = str(number).zfill(padding)
            held = {"id": member, "name": name, "file_type": suffix, "container_id": key}
            operations += [create("FileComponent", held), _placed(member, file.path.replace(pattern[0], name))]
    return operations


def _placed(component: str, path: str) -> Row:
    values = {
        "id": own_id("place", component),
        "component_id": component,
        "location_id": UNMANAGED,
        "resource_identifier": path,
    }
    return create("ComponentLocation", values)
