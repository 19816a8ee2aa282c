"""The survey as a worker process runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2

from ...processors.survey import survey as survey_file
from ...schema.errors import UnreadableMedia
from ...schema.ports import Progress
from .look import sight

cv2.setNumThreads(1)


def survey(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Survey the path of *payload* (`path`, `root`, `size`, `mtime_ns`, `out`).

    Returns `{"survey": ...}`, `{"refused": sentence}`, or `{"changed": True}` where the file was not
    the settled one before or after it was read. Raises SourceOffline while it is not there.
    """
    path, root = Path(payload["path"]), Path(payload["root"])
    if _changed(payload, root, path):
        return {"changed": True}
    try:
        found = survey_file(path, root, Path(payload["out"]), progress)
    except UnreadableMedia as error:
        return {"changed": True} if _changed(payload, root, path) else {"refused": str(error)}
    if _changed(payload, root, path):
        return {"changed": True}
    return {"survey": found.model_dump(mode="json")}


def _changed(payload: dict[str, Any], root: Path, path: Path) -> bool:
    """Whether another file lies there than the one that settled; one that is gone is left to the reader."""
    now = sight(root, path)
    return now is not None and (now.size, now.mtime_ns) != (payload["size"], payload["mtime_ns"])
