"""What a File/Link field points at: an uploaded file, a web address, or a path below a local storage."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from .media import content_type
from .refusal import Refusal
from .storage import Storage

_SYSTEMS = ("linux", "mac", "windows")


def uploaded_file(name: str, kept: str) -> dict[str, Any]:
    """The kept form of an upload."""
    return {"link_type": "upload", "name": name, "content_type": content_type(name), "file": kept}


def linked_file(value: dict[str, Any], storage: Storage, call: str) -> dict[str, Any]:
    """The kept form of a link that a client wrote: `{url}`, `{local_path}` or `{local_storage, relative_path}`."""
    if value.get("link_type") == "upload" and "file" in value:
        return value
    if value.get("local_path") or value.get("relative_path"):
        return _local(value, storage, call)
    url = value.get("url")
    if not isinstance(url, str) or not url:
        raise Refusal(f"API {call}() a File/Link value needs 'url' or 'local_path', got {sorted(value)}")
    name = value.get("name") or PurePosixPath(url).name or url
    return {"link_type": "web", "name": name, "url": url, "content_type": value.get("content_type")}


def _local(value: dict[str, Any], storage: Storage, call: str) -> dict[str, Any]:
    fitting = [
        (relative, record)
        for record in storage.all("LocalStorage").values()
        if not record.get("_retired") and (relative := _relative(value, record)) is not None
    ]
    if fitting:
        # The most specific storage is the one that leaves least of the path.
        relative, record = min(fitting, key=lambda one: len(one[0]))
        name = value.get("name") or PurePosixPath(relative).name
        kept: dict[str, Any] = {
            "link_type": "local",
            "name": name,
            "content_type": value.get("content_type") or content_type(name),
            "local_storage": {"type": "LocalStorage", "id": record["id"], "name": record.get("code")},
            "relative_path": relative,
        }
        for system in _SYSTEMS:
            root = record.get(f"{system}_path")
            joined = f"{str(root).rstrip('/')}/{relative}" if root else None
            if joined and system == "windows":
                joined = str(PureWindowsPath(joined))
            kept[f"local_path_{system}"] = joined
        return kept
    what = value.get("local_path") or value.get("relative_path")
    raise Refusal(
        f"API {call}() '{what}' lies below no LocalStorage of this site; make one whose path is its beginning."
    )


def _relative(value: dict[str, Any], storage: dict[str, Any]) -> str | None:
    if value.get("relative_path"):
        wanted = value.get("local_storage") or {}
        same = wanted.get("id") == storage["id"] or wanted.get("name") == storage.get("code")
        return str(value["relative_path"]) if same else None
    path = str(value["local_path"]).replace("\\", "/")
    for system in _SYSTEMS:
        root = str(storage.get(f"{system}_path") or "").replace("\\", "/").rstrip("/")
        if root and path.startswith(root + "/"):
            return path[len(root) + 1 :]
    return None
