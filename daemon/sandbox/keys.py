"""Keys of a practice site, each in a file of its own that only its owner may read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def kept_key(path: Path, length: int = 24) -> str:
    """The key in the file *path*; made of *length* random bytes where there is none."""
    if path.exists():
        return path.read_text(encoding="ascii").strip()
    made = secrets.token_urlsafe(length)
    part = path.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        out.write(made + "\n")
    part.rename(path)
    return made
