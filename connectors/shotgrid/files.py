"""Files to and from the site, each sent once."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ...schema.errors import EntityNotFound, TrackerRejected
from ...schema.tracker import Attachment, EntityRef, MediaKind
from .client import Client
from .refs import link

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class Files:
    """Uploads that look first, downloads that never leave half a file."""

    def __init__(self, client: Client) -> None:
        """Use *client*'s connection."""
        self._client = client

    def upload(self, version: EntityRef, kind: MediaKind, path: Path) -> None:
        """Put a file on the version, unless one of that name is there."""
        _sendable(path)
        if kind is MediaKind.FILE:
            self.attach(version, path)
            return
        number = int(version.id)
        fields = ["sg_uploaded_movie", "image"]
        row = self._client.read(
            f"version {version.name or number}",
            lambda sg: sg.find_one("Version", [["id", "is", number]], fields),
        )
        if row is None:
            raise EntityNotFound(f"The tracker has no version {number} (any more).")
        if kind is MediaKind.MOVIE:
            movie = row["sg_uploaded_movie"]
            if movie and movie.get("name") == path.name:
                return
            self._client.transfer(
                f"movie {path.name}",
                lambda sg: sg.upload("Version", number, str(path), field_name="sg_uploaded_movie"),
                writing=True,
            )
            return
        # The picture's address ends with the name it was uploaded under; a transient one is not ours yet.
        shown = unquote(urlsplit(row["image"] or "").path).rsplit("/", 1)[-1]
        if shown != path.name:
            self._client.transfer(
                f"thumbnail {path.name}", lambda sg: sg.upload_thumbnail("Version", number, str(path)), writing=True
            )

    def attach(self, entity: EntityRef, path: Path) -> None:
        """Attach a file to a version or note, unless one of that name is on it."""
        _sendable(path)
        target = link(entity)
        rows = self._client.read(
            f"attachments of {entity.type} {entity.id}",
            lambda sg: sg.find("Attachment", [["attachment_links", "is", target]], ["this_file"]),
        )
        if any(row["this_file"] and row["this_file"].get("name") == path.name for row in rows):
            return
        self._client.transfer(
            f"file {path.name}", lambda sg: sg.upload(entity.type, target["id"], str(path)), writing=True
        )

    def download(self, attachment: Attachment, folder: Path) -> Path:
        """Fetch an attachment; its address is asked for anew, since a site's addresses expire."""
        number = int(attachment.id)
        row = self._client.read(
            f"attachment {attachment.name}",
            lambda sg: sg.find_one("Attachment", [["id", "is", number]], ["this_file"]),
        )
        if row is None or not row["this_file"]:
            raise EntityNotFound(f"The tracker has no attachment '{attachment.name}' (any more).")
        if row["this_file"].get("link_type") != "upload":
            raise TrackerRejected(f"'{attachment.name}' is a link, not an uploaded file; upload the file instead.")
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / clean_name(attachment.name)
        part = target.with_name(f".{target.name}.part")
        try:
            self._client.transfer(
                f"attachment {attachment.name}",
                lambda sg: sg.download_attachment(row["this_file"], str(part)),
                writing=False,
            )
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return target


def clean_name(name: str) -> str:
    """A file name that is safe on every disk and stays inside its folder."""
    base = Path(name.replace("\\", "/")).name
    return _UNSAFE.sub("_", base).lstrip(".")[-120:] or "attachment"


def _sendable(path: Path) -> None:
    if not path.is_file() or path.stat().st_size == 0:
        raise TrackerRejected(f"{path.name} is missing or empty and cannot be uploaded.")
