"""The removal's report: everything that a person or `wetgate verify` needs, as JSON."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..pictures.plate import Plate
from ..pictures.stills import Stills

_PACKAGES = ("wetgate", "av", "numpy", "opencv-python-headless", "OpenImageIO")


def write_report(path: Path, words: dict[str, Any]) -> None:
    """Write the report beside its name and rename it when complete."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(json.dumps(words, indent=1, ensure_ascii=False) + "\n", "utf-8")
    part.replace(path)


def file_words(plate: Plate, path: str) -> dict[str, Any]:
    """Path and SHA-256 of a movie, or of every frame file of a sequence."""
    if isinstance(plate.media, Stills):
        return {"path": path, "sha256": {file.name: _digest(file) for file in plate.media.files}}
    return {"path": path, "sha256": _digest(plate.path)}


def versions() -> dict[str, str]:
    """What made the pictures."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
