"""Files to and from the site, each sent once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ...schema.errors import EntityNotFound, NotPermitted, TrackerRejected
from ...schema.tracker import Attachment, EntityRef, MediaKind
from ..files import check_sendable, fetched
from .client import Client, Json
from .refs import link
from .uploads import Uploads
from .wire import Wire

_BY_ID = [{"field_name": "id", "direction": "asc"}]
_FIELDS = {MediaKind.MOVIE: "sg_uploaded_movie", MediaKind.THUMBNAIL: "image", MediaKind.FILMSTRIP: "filmstrip_image"}


class Files:
    """Uploads that look first, downloads that never leave half a file."""

    def __init__(self, client: Client, wire: Wire) -> None:
        """Ask through *client*, send and fetch through *wire*."""
        self._client, self._wire = client, wire
        self._uploads = Uploads(client, wire)

    def upload(self, version: EntityRef, kind: MediaKind, path: Path) -> None:
        """Put a file on the version, unless one of that name is there."""
        if kind is MediaKind.FILE:
            self.attach(version, path)
            return
        field = _FIELDS[kind]
        self._send(version, path, lambda: self._shown(version, field) == path.name, field)

    def attach(self, entity: EntityRef, path: Path) -> None:
        """Attach a file to a version or note, unless one of that name is on it; of several of ours one is left."""
        self._send(entity, path, lambda: bool(self._attached(entity, path.name)), None)
        first, *others = self._attached(entity, path.name) or [{}]
        for extra in others:
            author = extra["created_by"] or {}
            if author.get("type") == "ApiUser" and author == first["created_by"]:
                self._remove(extra["id"], path.name)

    def _send(self, entity: EntityRef, path: Path, there: Callable[[], bool], field: str | None) -> None:
        check_sendable(path)
        if not there():
            self._uploads.send(entity, path, there, field)

    def _shown(self, version: EntityRef, field: str) -> str:
        """The name of what the field holds. A picture's address ends with it; a transient one is not ours yet."""
        number = int(version.id)
        row = self._client.read(
            f"version {version.name or number}",
            lambda sg: sg.find_one("Version", [["id", "is", number]], [field]),
        )
        if row is None:
            raise EntityNotFound(f"The tracker has no version {number} (any more).")
        value = row[field] or ""
        if isinstance(value, dict):
            return str(value.get("name") or "")
        return unquote(urlsplit(value).path).rsplit("/", 1)[-1]

    def _attached(self, entity: EntityRef, name: str) -> list[Json]:
        """The files of that name on the entity, oldest first."""
        linked = [["attachment_links", "is", link(entity)]]
        rows = self._client.read(
            f"attachments of {entity.type} {entity.id}",
            lambda sg: sg.find("Attachment", linked, ["this_file", "created_by"], order=_BY_ID),
        )
        return [row for row in rows if row["this_file"] and row["this_file"].get("name") == name]

    def _remove(self, number: int, name: str) -> None:
        self._client.write(f"remove the second '{name}'", lambda sg: sg.delete("Attachment", number))

    def download(self, attachment: Attachment, folder: Path) -> Path:
        """Fetch an attachment; its address is asked for anew, since a site's addresses expire."""
        number = int(attachment.id)
        row = self._client.read(
            f"attachment {attachment.name}",
            lambda sg: sg.find_one("Attachment", [["id", "is", number]], ["this_file"]),
        )
        if row is None or not row["this_file"]:
            raise EntityNotFound(f"The tracker has no attachment '{attachment.name}' (any more).")
        this: Json = row["this_file"]
        if this.get("link_type") != "upload":
            raise TrackerRejected(f"'{attachment.name}' is a link, not an uploaded file; upload the file instead.")

        def fetch(part: Path) -> None:
            what = f"attachment {attachment.name}"
            try:
                self._wire.fetch(what, this["url"], part, self._client.session())
            except NotPermitted:
                self._wire.fetch(what, this["url"], part, self._client.session(anew=True))

        return fetched(folder, attachment.name, fetch)
