"""Uploads: through the site's form, or in parts straight to its storage, where a cut-off one goes on."""

from __future__ import annotations

import contextlib
import mimetypes
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ...schema.errors import AmbiguousResult, TrackerRejected, TrackerUnavailable
from ...schema.tracker import EntityRef
from ..unfinished import Unfinished
from .client import Client, Json
from .wire import Wire

PART = 20_000_000
"""Bytes of one part, as the vendor's client cuts them; the storage takes no smaller ones but the last."""
PAUSES = (0.3, 1.0, 3.0)
"""Seconds before a part is sent again, each drawn from its upper half."""
LOOKS = (0.1, 0.5, 1.0)
"""Seconds before each look for what a lost answer may have linked after all."""
_PICTURES = {"image": False, "filmstrip_image": True}


@dataclass
class _Upload:
    """One upload to the storage: what the site said of it, and the parts that are there."""

    info: str
    begun: float
    etags: dict[int, str] = field(default_factory=dict)
    whole: bool = False

    @property
    def url(self) -> str:
        return self.info.split("\n")[1]

    @property
    def fields(self) -> dict[str, str]:
        _, _, timestamp, kind, number = self.info.split("\n")[:5]
        return {"upload_type": kind, "timestamp": timestamp, "upload_id": number}


class Uploads:
    """Sends files, each once: after a lost answer it looks before it says that it does not know."""

    def __init__(self, client: Client, wire: Wire) -> None:
        """Talk to the site through both."""
        self._client, self._wire = client, wire
        self._begun: dict[tuple[str, int, int, bool], _Upload] = {}
        self._unfinished = Unfinished(client.url)
        self._site: Json | None = None

    def send(self, entity: EntityRef, path: Path, there: Callable[[], bool], field_name: str | None = None) -> None:
        """Give the entity a file: in a field, as its picture, or linked to it. *there* looks whether it has it."""
        if self._direct(entity.type, field_name):
            self._send_parts(entity, path, there, field_name)
            return
        values: dict[str, object] = {"entity_type": entity.type, "entity_id": entity.id}
        what = f"upload of {path.name}"
        if field_name in _PICTURES:
            values |= {"filmstrip": "True"} if _PICTURES[field_name] else {}
            place, name = "/upload/publish_thumbnail", "thumb_image"
        else:
            values |= {"display_name": path.name, **({"field_name": field_name} if field_name else {})}
            place, name = "/upload/upload_file", "file"
        self._once(lambda: self._wire.form_with_file(what, place, values, name, path), there)

    def _direct(self, kind: str, field_name: str | None) -> bool:
        """Whether the site wants this file in its storage: the vendor's rule."""
        if self._site is None:
            self._site = self._client.read("the site", lambda sg: sg.info())
        if not self._site.get("s3_direct_uploads_enabled"):
            return False
        kinds = self._site.get("s3_enabled_upload_types") or {}
        # The vendor's client asks for pictures under these names.
        asked = {"image": "thumb_image", "filmstrip_image": "filmstrip_thumb_image"}.get(str(field_name), field_name)
        for fields in (kinds.get(kind) or [], kinds.get("*") or []):
            if fields == "*" or "*" in fields or asked in fields:
                return True
        return (kind, field_name) == ("Version", "sg_uploaded_movie")

    def _send_parts(self, entity: EntityRef, path: Path, there: Callable[[], bool], field_name: str | None) -> None:
        state = path.stat()
        picture = field_name in _PICTURES
        key = (str(path), state.st_size, state.st_mtime_ns, picture)
        what = f"{entity.type} {entity.id} {field_name}"
        upload = self._begun.get(key) or self._kept(path, what)
        if upload is None:
            upload = self._begin(path, state.st_size, picture=picture)
        self._begun[key] = upload
        try:
            if not upload.whole:
                self._store(upload, path, state.st_size, what)
            _unchanged(path, state)
            self._link(entity, upload, path, there, field_name)
        except TrackerRejected:
            # The site knows nothing of this upload (any more): the next try begins anew.
            self._begun.pop(key, None)
            self._unfinished.drop(path, what)
            raise
        self._begun.pop(key, None)
        self._unfinished.drop(path, what)

    def _kept(self, path: Path, what: str) -> _Upload | None:
        """What another process began."""
        told = self._unfinished.load(path, what)
        if told is None:
            return None
        etags = {int(number): str(etag) for number, etag in told["etags"].items()}
        return _Upload(str(told["info"]), float(told["begun"]), etags, bool(told["whole"]))

    def _keep(self, upload: _Upload, path: Path, what: str) -> None:
        told = {"info": upload.info, "begun": upload.begun, "etags": upload.etags, "whole": upload.whole}
        self._unfinished.save(path, what, told, upload.begun)

    def _begin(self, path: Path, size: int, *, picture: bool) -> _Upload:
        values = {
            "upload_type": "Thumbnail" if picture else "Attachment",
            "filename": path.name,
            "multipart_upload": str(size > PART),
        }
        info = self._wire.form(f"upload of {path.name}", "/upload/api_get_upload_link_info", values, writing=False)
        if info.count("\n") < 4:
            raise TrackerUnavailable(f"upload of {path.name}: the site's answer lacks where to send it.")
        return _Upload("1" + info, time.time())

    def _store(self, upload: _Upload, path: Path, size: int, kept: str) -> None:
        what = f"upload of {path.name}"
        if size <= PART:
            self._part(path, 0, size, self._small_asker(upload, path, size))
            upload.whole = True
            return
        for number, start in enumerate(range(0, size, PART), start=1):
            if number not in upload.etags:
                length = min(PART, size - start)
                upload.etags[number] = self._part(path, start, length, self._part_asker(upload, path, number))
                self._keep(upload, path, kept)
        etags = ",".join(upload.etags[number] for number in sorted(upload.etags))
        values = {**upload.fields, "filename": path.name, "etags": etags}
        place = "/upload/api_complete_multipart_upload"
        try:
            self._wire.form(what, place, values, writing=True)
        except AmbiguousResult:
            # Joining the same parts again changes nothing. Where they are joined already it may be refused,
            # and whether the upload is whole shows when it is linked.
            with contextlib.suppress(TrackerRejected):
                self._wire.form(what, place, values, writing=False)
        upload.whole = True
        self._keep(upload, path, kept)

    def _part_asker(self, upload: _Upload, path: Path, number: int) -> Callable[[int], str]:
        """Where a part may be put: asked before every try, since an address expires."""
        values = {**upload.fields, "filename": path.name, "part_number": number}

        def ask(_: int) -> str:
            place = "/upload/api_get_upload_link_for_part"
            answer = self._wire.form(f"upload of {path.name}", place, values, writing=False)
            return answer.strip().split("\n")[0]

        return ask

    def _small_asker(self, upload: _Upload, path: Path, size: int) -> Callable[[int], str]:
        """Where a whole file may be put: the address came with the upload, a fresh one comes with a fresh upload."""

        def ask(tries: int) -> str:
            if tries:
                upload.info = self._begin(path, size, picture=upload.fields["upload_type"] == "Thumbnail").info
            return upload.url

        return ask

    @staticmethod
    def _wait(tries: int) -> None:
        time.sleep(PAUSES[tries - 1] * random.uniform(0.5, 1.0) if tries else 0.0)

    def _part(self, path: Path, start: int, size: int, ask: Callable[[int], str]) -> str:
        """Send one part from its beginning until the storage has it; gives the ETag."""
        content_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        failed = TrackerUnavailable()
        for tries in range(len(PAUSES) + 1):
            self._wait(tries)
            try:
                return self._wire.store(ask(tries), content_type, path, start, size)
            except TrackerUnavailable as error:
                failed = error
            if failed.retry_after:
                break
        raise TrackerUnavailable(f"upload of {path.name}: {failed}; what was sent so far is kept.", **failed.data)

    def _link(
        self, entity: EntityRef, upload: _Upload, path: Path, there: Callable[[], bool], field_name: str | None
    ) -> None:
        values: dict[str, object] = {
            "entity_type": entity.type,
            "entity_id": entity.id,
            "upload_link_info": upload.info,
        }
        if field_name in _PICTURES:
            values |= {"filmstrip": "True"} if _PICTURES[field_name] else {}
        else:
            values |= {"display_name": path.name, **({"field_name": field_name} if field_name else {})}
        what = f"upload of {path.name}"
        self._once(lambda: self._wire.form(what, "/upload/api_link_file", values, writing=True), there)

    @staticmethod
    def _once(call: Callable[[], str], there: Callable[[], bool]) -> None:
        try:
            call()
        except AmbiguousResult:
            for seconds in LOOKS:
                time.sleep(seconds)
                if there():
                    return
            raise


def _unchanged(path: Path, before: os.stat_result) -> None:
    after = path.stat()
    if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise TrackerRejected(f"{path.name} was changed while it was sent.")
