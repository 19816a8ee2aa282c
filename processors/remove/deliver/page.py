"""`report.html`: the report as one page that opens from disk, pictures inside, nothing fetched."""

from __future__ import annotations

import base64
from importlib import resources
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jinja2 import Environment, StrictUndefined

from ..rating.verdict import MISMATCH
from .curves import drawn_curves

NAME = "report.html"
_QUALITY = 88
_VERDICTS = {
    "publish": "Good enough by its own test",
    "ask": "Somebody should look at this",
    "refuse": "Refused: not good enough",
}


def write_page(out: Path, words: dict[str, Any]) -> Path:
    """Write the page for the report *words* beside it; the pictures are read from *out*."""
    path = out / NAME
    part = path.with_name(f".{NAME}.part")
    part.write_text(page_text(out, words), "utf-8")
    part.replace(path)
    return path


def page_text(out: Path, words: dict[str, Any]) -> str:
    """The page as HTML."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"size": _size, "percent": _percent}
    template = environment.from_string((resources.files(__package__) / NAME).read_text("utf-8"))
    limits = {"mismatch": MISMATCH}
    if "min_psnr_db" in words["options"]:
        limits["expected_psnr_db"] = float(words["options"]["min_psnr_db"])
    return template.render(
        r=words,
        verdict=_VERDICTS.get(words["verdict"], words["verdict"]),
        curves=drawn_curves(words["curves"], limits, {"expected_psnr_db": words["rating"]["spread_db"] or 0.0}),
        sheet=_embedded(out / "contact_sheet.png"),
        mapped=_embedded(out / "source_map.png"),
        last_frame=words["first_frame"] + words["frames"] - 1,
    )


def _embedded(path: Path) -> str:
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
