"""What every report says of files and programs, and how it is written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any


def write_report(path: Path, words: dict[str, Any]) -> None:
    """Write the report as JSON."""
    write_whole(path, json.dumps(words, indent=1, ensure_ascii=False) + "\n")


def write_whole(path: Path, text: str) -> None:
    """Write a text beside its name and rename it when complete: never half a file."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, "utf-8")
    part.replace(path)


def files_words(out: Path, package: Mapping[str, str]) -> list[dict[str, Any]]:
    """What of *package* (name to meaning) lies in a version's folder; sizes in bytes, a folder of frames as one."""
    found = []
    for name, meaning in package.items():
        path = out / name
        if path.exists():
            parts = [path] if path.is_file() else [part for part in path.iterdir() if part.is_file()]
            size = sum(part.stat().st_size for part in parts)
            found.append({"path": name, "files": len(parts), "bytes": size, "what": meaning})
    return found


def versions(packages: Sequence[str]) -> dict[str, str]:
    """What made the pictures."""
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


def digest(path: Path) -> str:
    """SHA-256 (hex) of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
