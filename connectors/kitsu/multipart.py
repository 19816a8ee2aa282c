"""A form with one file, sent from the disk piece by piece."""

from __future__ import annotations

import mimetypes
import uuid
from pathlib import Path
from types import TracebackType
from typing import IO


class FileForm:
    """The body of a `multipart/form-data` request: read by the client in pieces, never whole in memory.

    gazu's own uploads read the whole file first. The length is known beforehand, so that the site
    gets a Content-Length. `sent` says whether the last byte was taken from here.
    """

    def __init__(self, field: str, path: Path) -> None:
        """Open *path*; raises OSError where it cannot be read."""
        self.boundary = uuid.uuid4().hex
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        name = path.name.replace('"', "%22")
        self._head = (
            f"--{self.boundary}\r\n"
            f'Content-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
            f"Content-Type: {kind}\r\n\r\n"
        ).encode()
        self._tail = f"\r\n--{self.boundary}--\r\n".encode()
        self._size = path.stat().st_size
        self._file: IO[bytes] = path.open("rb")
        self._at = 0

    @property
    def content_type(self) -> str:
        """The header that goes with the body."""
        return f"multipart/form-data; boundary={self.boundary}"

    @property
    def sent(self) -> bool:
        """Whether all of it was taken."""
        return self._at >= len(self)

    def __len__(self) -> int:
        return len(self._head) + self._size + len(self._tail)

    def read(self, size: int = -1) -> bytes:
        """The next *size* bytes of the body; all that is left for a negative one."""
        wanted = len(self) - self._at if size is None or size < 0 else size
        pieces = []
        while wanted > 0 and (piece := self._next(wanted)):
            pieces.append(piece)
            self._at += len(piece)
            wanted -= len(piece)
        return b"".join(pieces)

    def _next(self, size: int) -> bytes:
        if self._at < len(self._head):
            return self._head[self._at : self._at + size]
        inside = self._at - len(self._head)
        if inside < self._size:
            piece = self._file.read(min(size, self._size - inside))
            if not piece:
                raise OSError("the file became shorter while it was sent")
            return piece
        after = inside - self._size
        return self._tail[after : after + size]

    def __enter__(self) -> FileForm:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
