"""What is known of a file that is on its way in parts, kept beside it: another process goes on where this one ended.

It holds addresses at which parts may be stored, which are as good as a key for a while: only its owner may read it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

Json = dict[str, Any]

KEPT_SECONDS = 6 * 3600.0
"""Sites forget what was begun, and addresses expire."""


class Unfinished:
    """Uploads of one site. What cannot be written is not kept: then a new process begins anew."""

    def __init__(self, site: str) -> None:
        """*site* is its address: a file may go to several."""
        self._site = site

    def load(self, file: Path, what: str) -> Json | None:
        """What `save` wrote for *what*, if the file is still the same and it is not too old."""
        try:
            kept: Json = json.loads(self._place(file, what).read_text(encoding="utf-8"))
            if kept["file"] != _state(file) or not 0 <= time.time() - kept["begun"] < KEPT_SECONDS:
                return None
            told: Json = kept["told"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return told

    def save(self, file: Path, what: str, told: Json, begun: float) -> None:
        """Keep *told*; whole or not at all, however this process ends. *begun* is when the upload was, since 1970."""
        place = self._place(file, what)
        half = place.with_suffix(".half")
        with contextlib.suppress(OSError):
            descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                json.dump({"file": _state(file), "begun": begun, "told": told}, out)
            half.replace(place)

    def drop(self, file: Path, what: str) -> None:
        """It arrived, or the site knows nothing of it any more."""
        with contextlib.suppress(OSError):
            self._place(file, what).unlink(missing_ok=True)

    def _place(self, file: Path, what: str) -> Path:
        digest = hashlib.sha256(f"{self._site}\n{what}\n{file.name}".encode()).hexdigest()[:16]
        return file.with_name(f".{digest}.upload")


def _state(file: Path) -> list[int]:
    found = file.stat()
    return [found.st_size, found.st_mtime_ns]
