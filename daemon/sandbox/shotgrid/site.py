"""One site: its storage, schema and rules put together; what the HTTP routes call."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from ..storage import Record
from .attachments import uploaded_file
from .auth import Auth, Caller
from .events import EventLog
from .filters import Filters
from .media import Media
from .reading import Reading
from .records import Records
from .refusal import Refusal
from .schema import SiteSchema
from .storage import Storage
from .summarize import Summaries
from .writes import Writes

SYSTEM = Caller(user={"type": "ApiUser", "id": 1}, name="Site")
"""The site itself, as the author of what it does on its own."""

_IMAGES = {"image", "filmstrip_image", "thumb_image", "filmstrip_thumb_image"}


class Site:
    """Everything behind the routes. Hold `storage.lock` around any use."""

    def __init__(
        self,
        folder: Path,
        *,
        transcode_seconds: float = 0.0,
        direct_uploads: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Open the site that lives in *folder*."""
        folder.mkdir(parents=True, exist_ok=True)
        self.now = now
        self.direct_uploads = direct_uploads
        self.address_seconds = 900.0
        """How long the storage takes what is sent to an address."""
        self.transcode_seconds = transcode_seconds
        self.storage = Storage(folder)
        self.schema = SiteSchema()
        for raw in self.storage.settings("field:").values():
            self.schema.add(raw)
        for name in self.storage.settings("unfield:"):
            _, entity, field = name.split(":")
            self.schema.remove(entity, field)
        self.records = Records(self.storage, self.schema)
        self.media = Media(folder / "media", self.storage, now, stored=direct_uploads)
        self.auth = Auth(self.records, now)
        self.events = EventLog(self.records)
        self.reading = Reading(self.records, Filters(self.records, now), self.events, self.media)
        self.summaries = Summaries(self.records, self.reading)
        self.writes = Writes(self.records, self.events, self.auth, now)

    def close(self) -> None:
        """Close the storage."""
        self.storage.close()

    def show(self, record: Record, fields: list[str], caller: Caller, call: str) -> dict[str, Any]:
        """A record as the answer to a write."""
        paths = self.records.paths(record["type"], fields, call)
        return self.records.show(record, paths, self.media, caller.base)

    def attach(
        self,
        kind: str,
        number: int,
        stream: BinaryIO,
        name: str,
        caller: Caller,
        *,
        field: str | None = None,
        display_name: str | None = None,
        more: dict[str, Any] | None = None,
    ) -> int:
        """Take a file for an entity: as its picture, in a File/Link field, or just linked to it."""
        call = "upload"
        caller.may.demand(call, kind)
        target = self.writes.existing(kind, number, call, caller)
        picture = field in _IMAGES
        if field and not picture:
            self.schema.field(kind, field, call)
        kept = self.media.keep(stream, name)
        size = self.media.file(kept).stat().st_size
        values: dict[str, Any] = {
            "this_file": uploaded_file(display_name or name, kept),
            "display_name": display_name or name,
            "original_fname": name,
            **(more or {}),
        }
        project = target if kind == "Project" else target.get("project")
        if project:
            values["project"] = {"type": "Project", "id": project["id"]}
        if not picture and (not field or self.schema.field(kind, field, call).type == "multi_entity"):
            values["attachment_links"] = [{"type": kind, "id": number}]
        made = self.writes.create("Attachment", values, caller, call)
        extras = {"file_size": size, "filename": name, "file_extension": Path(name).suffix.lstrip(".")}
        self.storage.put({**made, **extras})
        if picture:
            self.set_image(kind, number, made["id"], caller, filmstrip="filmstrip" in str(field))
        elif field and self.schema.field(kind, field, call).type == "url":
            self.writes.put_field(kind, number, field, {"attachment": made["id"]}, caller)
            if (kind, field) == ("Version", "sg_uploaded_movie"):
                self._later({"do": "movie", "type": kind, "id": number, "attachment": made["id"]})
        return int(made["id"])

    def set_image(self, kind: str, number: int, attachment: int, caller: Caller, *, filmstrip: bool) -> None:
        """Give an entity its picture; transient until the site has digested it."""
        name = "filmstrip_image" if filmstrip else "image"
        ready = self.now() + self.transcode_seconds
        value = {"attachment": attachment, "ready_at": ready}
        self.writes.put_field(kind, number, name, value, caller, is_transient=True)
        self._later({"do": "image", "type": kind, "id": number, "field": name, "attachment": attachment})

    def _later(self, what: dict[str, Any]) -> None:
        number = self.storage.next_id("transcode")
        self.storage.set(f"transcode:{number:09d}", {**what, "at": self.now() + self.transcode_seconds})

    def settle(self) -> None:
        """Finish the transcodes whose time has come."""
        due = [
            (name, what)
            for name, what in sorted(self.storage.settings("transcode:").items())
            if what["at"] <= self.now()
        ]
        if not due:
            return
        for name, what in due:
            with self.storage.transaction():
                self.storage.set(name, None)
                record = self.storage.get(what["type"], what["id"])
                if record is None or record.get("_retired"):
                    continue
                if what["do"] == "movie":
                    self._transcoded(what)
                elif (record.get(what["field"]) or {}).get("attachment") == what["attachment"]:
                    value = {"attachment": what["attachment"]}
                    self.writes.put_field(what["type"], what["id"], what["field"], value, SYSTEM, is_transient=False)

    def _transcoded(self, what: dict[str, Any]) -> None:
        movie = {"attachment": what["attachment"]}
        results: dict[str, Any] = {
            "sg_uploaded_movie_mp4": movie,
            "sg_uploaded_movie_webm": movie,
            "sg_uploaded_movie_transcoding_status": 1,
        }
        # A site's people may have removed any of these fields.
        for field in results.keys() & self.schema.entities[what["type"]].fields.keys():
            self.writes.put_field(what["type"], what["id"], field, results[field], SYSTEM)

    def served(self, attachment: int) -> tuple[Path, str, str]:
        """An uploaded file: where it lies, its name, its content type."""
        record = self.storage.get("Attachment", attachment)
        this = record["this_file"] if record else {}
        if not this.get("file") or not self.media.file(this["file"]).is_file():
            raise Refusal(f"Attachment {attachment} does not exist or is not an uploaded file.")
        return self.media.file(this["file"]), this["name"], this["content_type"]
