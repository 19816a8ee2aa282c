"""Files on their way to and from a site, whosever it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from ..schema.errors import TrackerRejected

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def check_sendable(path: Path) -> None:
    """Raise TrackerRejected, by name, for a file that is missing or empty."""
    if not path.is_file() or path.stat().st_size == 0:
        raise TrackerRejected(f"{path.name} is missing or empty and cannot be uploaded.")


def fetched(folder: Path, name: str, fetch: Callable[[Path], object]) -> Path:
    """Have *fetch* write a file of that name, cleaned, into *folder*; nothing is left there of one that breaks off."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / clean_name(name)
    part = target.with_name(f".{target.name}.part")
    try:
        fetch(part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def clean_name(name: str) -> str:
    """A file name that is safe on every disk and stays inside its folder."""
    base = Path(name.replace("\\", "/")).name
    return _UNSAFE.sub("_", base).lstrip(".")[-120:] or "attachment"
