"""Files that came with uploads: where they lie, how they are addressed, when a site has digested them."""

from __future__ import annotations

import hashlib
import hmac
import mimetypes
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from .storage import Storage

# A one-pixel PNG: what a site shows until the transcode is done.
TRANSIENT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c6368"
    "68680000030401814bd3d2100000000049454e44ae426082"
)
TRANSIENT_PATH = "/images/status/transient/thumbnail_pending.png"


class Media:
    """The media folder of the sandbox."""

    def __init__(self, folder: Path, storage: Storage, now: Callable[[], float], *, stored: bool) -> None:
        """Files go below *folder*. An address carries its own right where they are *stored* elsewhere; else it takes a
        session."""
        self._stored = stored
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._storage = storage
        self._now = now
        with storage.transaction():
            secret = storage.setting("signing")
            if secret is None:
                secret = secrets.token_hex(32)
                storage.set("signing", secret)
        self._secret = str(secret).encode()

    def keep(self, stream: BinaryIO, name: str) -> str:
        """Copy a stream into the folder, whole or not at all; gives the file's name there."""
        clean = "".join(c if c.isalnum() or c in "._- " else "_" for c in Path(name).name)[-120:]
        kept = f"{secrets.token_hex(8)}_{clean or 'file'}"
        part = self.folder / f"{kept}.part"
        with part.open("wb") as out:
            shutil.copyfileobj(stream, out, 1 << 20)
        part.rename(self.folder / kept)
        return kept

    def file(self, kept: str) -> Path:
        """Where a kept file lies."""
        return self.folder / Path(kept).name

    def sign(self, path: str) -> str:
        """The path with a signature, good for whoever holds it (as a storage's own links are)."""
        return f"{path}?sig={self.signature(path)}"

    def signed(self, path: str, signature: str) -> bool:
        """Whether the signature fits."""
        return hmac.compare_digest(self.signature(path), signature)

    def signature(self, path: str) -> str:
        """What proves that an address is one of ours."""
        return hmac.new(self._secret, path.encode(), hashlib.sha256).hexdigest()[:32]

    def attachment_value(self, attachment: int, base: str) -> dict[str, Any] | None:
        """A File/Link field's value as shown."""
        record = self._storage.get("Attachment", attachment)
        if record is None:
            return None
        this = record["this_file"]
        shown = {
            "type": "Attachment",
            "id": attachment,
            "name": this["name"],
            "link_type": this["link_type"],
            "content_type": this.get("content_type"),
        }
        if this["link_type"] == "local":
            keys = ("local_storage", "relative_path", "local_path_linux", "local_path_mac", "local_path_windows")
            return {**shown, **{key: this.get(key) for key in keys}}
        if this["link_type"] == "web":
            return {**shown, "url": this["url"]}
        path = f"/file_serve/attachment/{attachment}/{quote(this['name'])}"
        return {**shown, "url": base + (self.sign(path) if self._stored else path)}

    def image_url(self, image: dict[str, Any], base: str, *, filmstrip: bool = False) -> str:
        """A thumbnail's address; the transient picture's until the site has digested it."""
        if image.get("ready_at", 0) > self._now():
            return base + TRANSIENT_PATH
        record = self._storage.get("Attachment", image["attachment"])
        name = quote(record["this_file"]["name"]) if record else "thumbnail"
        size = "filmstrip" if filmstrip else "full"
        return base + self.sign(f"/thumbnail/{size}/{image['attachment']}/{name}")


def content_type(name: str) -> str:
    """The type by the name's ending."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
