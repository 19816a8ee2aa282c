"""The bytes of components, whole and in parts, and the jobs that encode them."""

from __future__ import annotations

import base64
import hashlib
import json
import mimetypes
import secrets
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..storage import Record
from .entities import TYPE
from .graph import Graph
from .refusal import Refusal
from .writes import Writes

SERVER_LOCATION = "3a372bde-05bc-11e4-8908-20c9d081909b"
MAX_PARTS = 10_000
_MOVIES = {".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".mxf"}


class Media:
    """Files in a folder, named by their components."""

    def __init__(
        self,
        folder: Path,
        graph: Graph,
        address: Callable[..., str],
        part_minimum: int,
        encode_seconds: float,
        now: Callable[[], float],
    ) -> None:
        """*address* makes an upload's URL. Parts, but the last, are at least *part_minimum* bytes."""
        self._files = folder / "components"
        self._uploads = folder / "uploads"
        self._files.mkdir(parents=True, exist_ok=True)
        self._uploads.mkdir(parents=True, exist_ok=True)
        self._graph = graph
        self._address = address
        self._part_minimum = part_minimum
        self._encode_seconds = encode_seconds
        self._now = now
        self._jobs: dict[str, float] = {}

    def metadata(self, operation: dict[str, Any]) -> dict[str, Any]:
        """Where a component's file goes: one address, or one for each part."""
        component = str(operation["component_id"])
        content = mimetypes.guess_type(str(operation.get("file_name") or ""))[0] or "application/octet-stream"
        parts = operation.get("parts") or 0
        if parts and not 1 <= int(parts) <= MAX_PARTS:
            raise Refusal(f"An upload has 1 to {MAX_PARTS} parts, not {parts}.", "ValidationError")
        if not parts:
            headers = {"Content-Type": content, "Content-Length": str(operation.get("file_size") or 0)}
            if operation.get("checksum"):
                headers["Content-MD5"] = str(operation["checksum"])
            return {"url": self._address("upload", component), "headers": headers, "component_id": component}
        upload = secrets.token_urlsafe(24)
        (self._uploads / upload).mkdir()
        (self._uploads / upload / "component").write_text(component, encoding="utf-8")
        numbers = range(1, int(parts) + 1)
        urls = [{"part_number": one, "signed_url": self._address("part", upload, one)} for one in numbers]
        return {"urls": urls, "upload_id": upload, "component_id": component}

    def put(self, component: str, body: bytes, checksum: str | None) -> None:
        """Keep a whole file."""
        if checksum and base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode() != checksum:
            raise Refusal("The Content-MD5 you specified did not match what we received.", "BadDigest", 400)
        self._write(self._files / _safe(component), body)

    def put_part(self, upload: str, number: int, body: bytes) -> str:
        """Keep a part; gives its tag."""
        folder = self._uploads / _safe(upload)
        if not folder.is_dir():
            raise Refusal("The specified upload does not exist.", "NoSuchUpload", 404)
        self._write(folder / f"{number}.part", body)
        return _tag(body)

    def complete(self, operation: dict[str, Any]) -> dict[str, Any]:
        """Join the parts of an upload."""
        folder = self._uploads / _safe(str(operation["upload_id"]))
        component = str(operation["component_id"])
        if not folder.is_dir() or (folder / "component").read_text(encoding="utf-8") != component:
            raise Refusal("The specified upload does not exist.", "NoSuchUpload")
        parts = sorted(operation["parts"], key=lambda one: int(one["part_number"]))
        target = folder / "whole"
        with target.open("wb") as out:
            for place, part in enumerate(parts):
                path = folder / f"{int(part['part_number'])}.part"
                if not path.is_file():
                    raise Refusal("One or more of the specified parts could not be found.", "InvalidPart")
                if place < len(parts) - 1 and path.stat().st_size < self._part_minimum:
                    raise Refusal("Your proposed upload is smaller than the minimum allowed size.", "EntityTooSmall")
                body = path.read_bytes()
                if _tag(body) != str(part["e_tag"]).strip('"'):
                    raise Refusal("One or more of the specified parts could not be found.", "InvalidPart")
                out.write(body)
        target.replace(self._files / _safe(component))
        shutil.rmtree(folder)
        return {"action": "complete_multipart_upload", "component_id": component}

    def path(self, component: str) -> Path:
        """A component's file. Refuses one that is not here."""
        path = self._files / _safe(component)
        if not path.is_file():
            raise Refusal(f"Component {component} is not in this location.", "ComponentNotFound", 404)
        return path

    def remove(self, component: str) -> None:
        """Delete a component's file."""
        self.path(component).unlink()

    def encode(self, operation: dict[str, Any], user: Record | None, writes: Writes) -> dict[str, Any]:
        """Start a job that makes a component playable. The practice site's encoder copies."""
        source = self._graph.one("Component", operation["component_id"])
        if source is None:
            raise Refusal(f"Component {operation['component_id']} does not exist.", "EntityNotFoundError")
        path = self.path(source["id"])
        movie = str(source.get("file_type") or "").lower() in _MOVIES
        outputs = []
        for name, suffix, content in (
            [("ftrackreview-mp4", ".mp4", "video/mp4")] if movie else [("ftrackreview-image", ".jpg", "image/jpeg")]
        ) + [("thumbnail", ".jpg", "image/jpeg")]:
            made = self._output(name, suffix, path, operation.get("version_id"), user, writes)
            outputs.append({"format": content, "component_id": made["id"]})
        data = {
            "description": "Encoding media.",
            "output": outputs,
            "source_component_id": source["id"],
            "keep_original": bool(operation.get("keep_original")),
        }
        values = {"type": "encode_media", "status": "queued", "data": json.dumps(data)}
        job = writes.create("Job", values, user)
        for one in outputs:
            writes.create("JobComponent", {"job_id": job["id"], "component_id": one["component_id"]}, user)
        if operation.get("version_id"):
            thumbnail = {"thumbnail_id": outputs[-1]["component_id"]}
            writes.update("AssetVersion", [operation["version_id"]], thumbnail, user)
        self._jobs[job["id"]] = self._now()
        return {"job_id": job["id"]}

    def advance(self, writes: Writes) -> None:
        """Let jobs that are due go on: queued, running, done."""
        for number, started in list(self._jobs.items()):
            job = self._graph.one("Job", number)
            passed = self._now() - started
            if job is None or job["status"] in {"done", "failed"}:
                del self._jobs[number]
            elif passed >= self._encode_seconds:
                writes.save(job, job | {"status": "done"}, None)
            elif job["status"] == "queued" and passed >= self._encode_seconds / 2:
                writes.save(job, job | {"status": "running"}, None)

    @property
    def busy(self) -> bool:
        """Whether a job is under way."""
        return bool(self._jobs)

    def _output(
        self, name: str, suffix: str, source: Path, version: str | None, user: Record | None, writes: Writes
    ) -> Record:
        made = writes.create(
            "FileComponent",
            {"name": name, "file_type": suffix, "size": source.stat().st_size, "version_id": version},
            user,
        )
        shutil.copyfile(source, self._files / made["id"])
        place = {"component_id": made["id"], "location_id": SERVER_LOCATION, "resource_identifier": made["id"]}
        writes.create("ComponentLocation", place, user)
        if name.startswith("ftrackreview"):
            meta: dict[str, Any] = {"frameIn": 0, "frameOut": 1, "frameRate": 24, "width": 640, "height": 360}
            if name == "ftrackreview-image":
                meta = {"format": "image", "width": 640, "height": 360}
            owner = {"parent_id": made["id"], "parent_type": made[TYPE]}
            writes.create("Metadata", {**owner, "key": "ftr_meta", "value": json.dumps(meta)}, user)
        return made

    @staticmethod
    def _write(path: Path, body: bytes) -> None:
        part = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        part.write_bytes(body)
        part.replace(path)


def _tag(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def _safe(name: str) -> str:
    if not name or not all(one.isalnum() or one in "-_" for one in name):
        raise Refusal(f"{name!r} is no id.", "ValidationError", 400)
    return name
