"""Components: what we put on versions and notes, each once, and what we fetch."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urljoin

import requests

from ...schema.errors import AmbiguousResult, EntityNotFound, TrackerRejected
from ...schema.tracker import Attachment, EntityRef, MediaKind
from ..files import check_sendable, fetched
from .client import Client, Duplicate, create, own_id, quoted, tagged, update
from .movie import size_of
from .session import Row
from .uploads import Uploads
from .versions import FRAMES, version_metadata

SERVER = "3a372bde-05bc-11e4-8908-20c9d081909b"
FILE = "wetgate_file"
"""The name of the file that a component came from; a review movie's own name is fixed."""
_NAMES = {MediaKind.MOVIE: "ftrackreview-mp4", MediaKind.THUMBNAIL: "thumbnail"}
_CHUNK = 1 << 20
_REDIRECTS = 5


class Files:
    """A component's id follows from where it belongs and its file's name, so it is there once.

    Until all of it has arrived a component belongs to nothing. It counts as sent when the site's own
    storage is named as a place of it: that comes last, together with what makes it visible.
    """

    def __init__(self, client: Client, uploads: Uploads) -> None:
        """Send bytes with *uploads*."""
        self._client = client
        self._uploads = uploads

    def upload(self, version: EntityRef, kind: MediaKind, path: Path) -> None:
        """Put a file on the version, unless it is there. ftrack has no filmstrips."""
        check_sendable(path)
        if kind is MediaKind.FILMSTRIP:
            return
        frames = version_metadata(self._client, version).get(FRAMES, "")
        key = own_id("component", version.id, kind.value, path.name)
        if self._sent(key):
            return
        name = _NAMES.get(kind, path.stem)
        last = [tagged("FileComponent", key, FILE, path.name), update("FileComponent", key, {"version_id": version.id})]
        if kind is MediaKind.MOVIE:
            last.append(tagged("FileComponent", key, "ftr_meta", _review(path, frames)))
        if kind is MediaKind.THUMBNAIL:
            last.append(update("AssetVersion", version.id, {"thumbnail_id": key}))
        self._send(key, name, path, last)

    def attach_to_note(self, note: EntityRef, path: Path) -> None:
        """Attach a file to a note, unless it is on it."""
        check_sendable(path)
        key = own_id("component", note.id, path.name)
        if not self._sent(key):
            link = create("NoteComponent", {"component_id": key, "note_id": note.id}, ("component_id", "note_id"))
            self._send(key, path.stem, path, [link, tagged("FileComponent", key, FILE, path.name)])

    def download(self, attachment: Attachment, folder: Path) -> Path:
        """Fetch a component's file; its address is asked for anew, since a site's addresses expire."""
        rows = self._client.first(
            f"attachment {attachment.name}",
            "select url from ComponentLocation where "
            f"component_id is {quoted(attachment.id)} and location_id is {quoted(SERVER)}",
        )
        if not rows:
            raise EntityNotFound(f"The tracker has no attachment '{attachment.name}' (any more).")
        url = rows[0].get("url")
        address = str(url.get("value") or "") if isinstance(url, dict) else str(url or "")
        if not address:
            address = f"{self._client.url}/component/get?id={attachment.id}"
        what = f"attachment {attachment.name}"
        return fetched(folder, attachment.name, lambda part: self._fetch(what, address, part))

    def _fetch(self, what: str, address: str, part: Path) -> None:
        """Follow an address to a file. Only the site itself is shown our credentials, wherever it sends us."""
        for _ in range(_REDIRECTS):
            response = self._client.get(what, address)
            if not response.is_redirect:
                self._save(what, response, part)
                return
            address = urljoin(address, response.headers["Location"])
            response.close()
        raise TrackerRejected(f"{what}: the site sends us from address to address.")

    def _save(self, what: str, response: requests.Response, part: Path) -> None:
        with response, part.open("wb") as out:
            self._client.reading(what, lambda: out.writelines(response.iter_content(_CHUNK)))

    def _sent(self, key: str) -> bool:
        where = f"component_id is {quoted(key)} and location_id is {quoted(SERVER)}"
        return bool(self._client.first("component", f"select id from ComponentLocation where {where}"))

    def _send(self, key: str, name: str, path: Path, last: Sequence[Row]) -> None:
        what = f"file {path.name}"
        if not self._client.first("component", f"select id from Component where id is {quoted(key)}"):
            values = {"id": key, "name": name, "file_type": path.suffix}
            self._certain(what, [create("FileComponent", values)], key, "Component")
        completion = self._uploads.send(what, key, path)
        place = {
            "id": own_id("place", key),
            "component_id": key,
            "location_id": SERVER,
            "resource_identifier": key,
        }
        size = update("FileComponent", key, {"size": path.stat().st_size})
        self._certain(what, [*completion, create("ComponentLocation", place), size, *last], key, "ComponentLocation")
        self._uploads.done(key)

    def _certain(self, what: str, operations: Sequence[Row], key: str, kind: str) -> None:
        """Write; where the answer was lost or the id is taken, look whether it is there."""
        field = "id" if kind == "Component" else "component_id"
        try:
            self._client.write(what, operations)
        except (Duplicate, AmbiguousResult):
            if not self._client.first("component", f"select id from {kind} where {field} is {quoted(key)}"):
                raise


def _review(path: Path, frames: str) -> str:
    """What the review player must know of a movie: its frames, counted from 0, their rate and their size."""
    match = re.fullmatch(r"(\d+)-(\d+)@(\d+)/(\d+)", frames)
    told: dict[str, float] = {"frameIn": 0}
    if match:
        first, last, over, under = map(int, match.groups())
        told |= {"frameOut": last - first, "frameRate": round(over / under, 3)}
    size = size_of(path)
    if size is not None:
        told |= {"width": size[0], "height": size[1]}
    return json.dumps(told)
