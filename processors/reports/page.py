"""`report.html`: a report as one page that opens from disk, pictures inside, nothing fetched."""

from __future__ import annotations

import base64
from importlib import resources
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jinja2 import DictLoader, Environment, StrictUndefined

from .words import write_whole

NAME = "report.html"
_BASE = "base.html"
_QUALITY = 88
_VERDICTS = {
    "publish": "Good enough by its own test",
    "ask": "Somebody should look at this",
    "refuse": "Refused: not good enough",
}


def write_page(out: Path, package: str, words: dict[str, Any], *, kind: str, heading: str, **parts: Any) -> Path:
    """Write the page for the report *words* into *out*, beside it.

    The template `report.html` of *package* fills the blocks of `base.html`; it sees the report as `r`,
    and *parts*. *kind* and *heading* are its title.
    """
    path = out / NAME
    write_whole(path, page_text(package, words, kind=kind, heading=heading, **parts))
    return path


def page_text(package: str, words: dict[str, Any], *, kind: str, heading: str, **parts: Any) -> str:
    """The page as HTML."""
    templates = {name: (resources.files(where) / name).read_text("utf-8")
                 for name, where in ((_BASE, __package__), (NAME, package))}  # fmt: skip
    environment = Environment(
        loader=DictLoader(templates), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"size": _size, "percent": _percent}
    verdict = _VERDICTS.get(words["verdict"], words["verdict"])
    return environment.get_template(NAME).render(r=words, verdict=verdict, kind=kind, heading=heading, **parts)


def embedded(path: Path) -> str:
    """A picture as a data URI, JPEG: small enough to travel with the page."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.is_file() else None
    if picture is None:
        return ""
    _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return f"data:image/jpeg;base64,{base64.b64encode(np.asarray(jpeg).tobytes()).decode()}"


def _size(count: int) -> str:
    value = float(count)
    for unit in ("B", "KB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def _percent(share: float) -> str:
    """A share for people; a trace is not rounded to nothing."""
    if 0 < share < 0.001:
        return "under 0.1 %"
    return f"{100 * share:.1f} %" if share < 0.1 and share else f"{100 * share:.0f} %"
