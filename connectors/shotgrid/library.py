"""What is kept beside versions: published files, playlists, time logs. Each is looked up before it is made."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from ...schema.errors import EntityNotFound, TrackerRejected
from ...schema.tracker import EntityRef, FileDraft
from .client import Client, Json
from .refs import link

_ROOTS = ("linux_path", "mac_path", "windows_path")
_BY_ID = [{"field_name": "id", "direction": "asc"}]


class Library:
    """Makes entries around a version, once."""

    def __init__(self, client: Client) -> None:
        """Use *client*'s connection."""
        self._client = client

    def register(self, version: EntityRef, files: Sequence[FileDraft]) -> None:
        """A PublishedFile for each path that the version has none for yet."""
        target = link(version)
        wanted = [file for file in files if not self._registered(target, file)]
        if not wanted:
            return
        fields = ["project", "entity", "sg_task"]
        row = self._client.read(
            f"version {version.id}", lambda sg: sg.find_one("Version", [["id", "is", target["id"]]], fields)
        )
        if row is None:
            raise EntityNotFound(f"The tracker has no version {version.id} (any more).")
        storages = self._client.read("storages", lambda sg: sg.find("LocalStorage", [], list(_ROOTS)))
        roots = [str(one[field]) for one in storages for field in _ROOTS if one[field]]
        for file in wanted:
            data = {
                "project": row["project"],
                "entity": row["entity"],
                "task": row["sg_task"],
                "version": target,
                "code": PurePath(file.path).name,
                "name": file.name,
                "version_number": file.number,
                "published_file_type": self._kind(file.kind),
                "path": _value(file.path, roots),
            }
            given = {name: value for name, value in data.items() if value is not None}
            made = self._create("PublishedFile", given)
            self._first(made, self._registered(target, file))

    def _registered(self, version: Json, file: FileDraft) -> list[Json]:
        rows = self._find("PublishedFile", [["version", "is", version]], ["path", "version_number"])
        return [row for row in rows if (_path_of(row["path"]), row["version_number"]) == (file.path, file.number)]

    def _kind(self, code: str) -> Json:
        """The PublishedFileType of that name; made where it is missing, as the vendor's toolkit does."""
        rows = self._find("PublishedFileType", [["code", "is", code]], ["code"])
        return _link(rows[0] if rows else self._create("PublishedFileType", {"code": code}))

    def playlist(self, project: Json, name: str, version: EntityRef) -> None:
        """Put the version last on the project's playlist of that name."""
        target = link(version)
        named: list[Any] = [["project", "is", project], ["code", "is", name]]
        rows = self._find("Playlist", named, ["versions"])
        if not rows:
            made = self._create("Playlist", {"project": project, "code": name})
            rows = [self._first(made, self._find("Playlist", named, ["versions"]))]
        row = rows[0]
        if version.id not in {str(one["id"]) for one in row.get("versions") or []}:
            add = {"versions": "add"}
            self._client.write(
                f"playlist {name}",
                lambda sg: sg.update("Playlist", row["id"], {"versions": [target]}, multi_entity_update_modes=add),
            )
        self._place_last(_link(row), target)

    def _place_last(self, playlist: Json, version: Json) -> None:
        """Give the version a place, unless it has one: a site shows a list's members in no order of its own."""
        rows = self._find("PlaylistVersionConnection", [["playlist", "is", playlist]], ["version", "sg_sort_order"])
        mine = next((row for row in rows if row["version"] and row["version"]["id"] == version["id"]), None)
        if mine is None or mine["sg_sort_order"] is not None:
            return
        last = max((row["sg_sort_order"] for row in rows if row["sg_sort_order"] is not None), default=0)
        # The version is on the list; where a site lets nobody but people order it, they may.
        with contextlib.suppress(TrackerRejected):
            self._client.write(
                "the playlist's order",
                lambda sg: sg.update("PlaylistVersionConnection", mine["id"], {"sg_sort_order": last + 1}),
            )

    def log_time(self, task: EntityRef, project: Json, key: str, day: str, minutes: int) -> None:
        """A TimeLog whose description is the key, unless there is one."""
        target = link(task)
        same: list[Any] = [["entity", "is", target], ["description", "is", key]]
        if not self._logged(same, key):
            data = {"project": project, "entity": target, "date": day, "duration": minutes, "description": key}
            made = self._create("TimeLog", data)
            self._first(made, self._logged(same, key))

    def _logged(self, same: list[Any], key: str) -> list[Json]:
        # The site compares texts without regard to case; keys differ by it.
        return [row for row in self._find("TimeLog", same, ["description"]) if row["description"] == key]

    def _find(self, kind: str, filters: list[Any], fields: list[str]) -> list[Json]:
        rows: list[Json] = self._client.read(kind, lambda sg: sg.find(kind, filters, fields, order=_BY_ID))
        return rows

    def _first(self, made: Json, found: list[Json]) -> Json:
        """The oldest of what was *found* alike; where another was first, what we *made* goes again."""
        first = next(iter(found), made)
        if first["id"] != made["id"]:
            kind, number = made["type"], made["id"]
            self._client.write(f"remove the second {kind}", lambda sg: sg.delete(kind, number))
        return first

    def _create(self, kind: str, data: Json) -> Json:
        made: Json = self._client.write(f"create {kind}", lambda sg: sg.create(kind, data))
        return made


def _link(row: Json) -> Json:
    return {"type": row["type"], "id": row["id"]}


def _value(path: str, roots: Sequence[str]) -> Json:
    """A path as the site wants it: below a storage of its own a local path, elsewhere a link."""
    slashed = path.replace("\\", "/")
    if any(slashed.startswith(root.replace("\\", "/").rstrip("/") + "/") for root in roots):
        return {"local_path": path}
    return {"url": "file://" + quote(slashed), "name": PurePath(path).name}


def _path_of(value: Json | None) -> str:
    """The path that a File/Link field holds, as it was written."""
    if not value:
        return ""
    if value.get("link_type") == "local":
        return str(value.get("local_path") or value.get("local_path_linux") or "")
    parts = urlsplit(str(value.get("url") or ""))
    return unquote(parts.path) if parts.scheme == "file" else ""
