"""What people draw in Kitsu's player, which keeps it as lines, made into pictures.

An annotation is a time with objects of the drawing library fabric.js, each with the size of the
canvas that it was drawn on.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator

import cv2
import numpy as np
import numpy.typing as npt

from ...schema.errors import EntityNotFound, UnreadableMedia
from ...schema.tracker import Attachment, EntityRef
from .client import Json
from .fabric import colour, members, number, outline
from .times import stamp

Canvas = npt.NDArray[np.uint8]

STROKE = 2.0
"""A line of fabric's that names no width and no pressure is this wide, in canvas pixels."""
_FRACTION = 4
"""Bits of a pixel that cv2 is given."""


def drawings(preview: Json, version: EntityRef, site_rate: str) -> Iterator[Attachment]:
    """The drawings over a version of ours, one a frame; *site_rate* is the project's."""
    data = preview["data"] or {}
    for annotation in preview["annotations"] or []:
        if not list(_drawn(annotation)):
            continue
        seconds = float(annotation.get("time") or 0)
        frame = frame_at(seconds, _rate(site_rate), _rate(data.get("frame_rate") or site_rate))
        yield Attachment(
            # Strokes come one by one: with each the drawing is another.
            id=f"{preview['id']}@{annotation.get('time')}@{_digest(annotation)}",
            name=f"{data.get('code') or preview['id']}_drawn_{frame:04d}.png",
            url="",
            at=_latest(annotation) or stamp(preview["updated_at"]),
            drawn=True,
            frame=frame,
            version=version,
        )


def _digest(annotation: Json) -> str:
    drawn = json.dumps(annotation.get("drawing"), sort_keys=True)
    return hashlib.sha256(drawn.encode()).hexdigest()[:12]


def frame_at(seconds: float, site_rate: float, rate: float) -> int:
    """The frame, counted from 0, of a movie of *rate* that Kitsu's player shows at *seconds*.

    The player steps by 1/rate rounded to four digits, so a time is not seconds but a number of steps.
    The site's own movie runs at the project's rate: at a higher one than ours it repeats the nearest frame,
    at a lower one it drops frames and may be one off.
    """
    step = math.floor(10_000 / site_rate + 0.5) / 10_000
    shown = math.floor(seconds / step + 0.5)
    return math.floor(shown / site_rate * rate + 0.5)


def render(preview: Json, time: str) -> bytes:
    """A PNG with the strokes of one frame on transparent black, of the shape of our movie.

    The site's own movie, which people draw on, is ours fitted into the project's raster with bars around
    it; what is drawn on the bars is left out.
    Raises EntityNotFound where the drawing was taken away.
    """
    for annotation in preview["annotations"] or []:
        if str(annotation.get("time")) == time:
            objects = list(_drawn(annotation))
            width, height = _size(preview, objects)
            canvas = np.zeros((height, width, 4), np.uint8)
            for one in objects:
                _draw(canvas, one)
            done, png = cv2.imencode(".png", _without_bars(canvas, preview["data"] or {}))
            if not done:
                raise UnreadableMedia("The drawing could not be written as a picture.")
            return png.tobytes()
    raise EntityNotFound("The drawing is not in the tracker (any more).")


def _without_bars(canvas: Canvas, data: Json) -> Canvas:
    """The part of the site's raster that our movie covers, by the size that the site noted when it arrived."""
    ours = int(data.get("original_width") or 0), int(data.get("original_height") or 0)
    if not all(ours):
        return canvas
    height, width = canvas.shape[:2]
    fit = min(width / ours[0], height / ours[1])
    inside = min(width, round(ours[0] * fit)), min(height, round(ours[1] * fit))
    left, top = (width - inside[0]) // 2, (height - inside[1]) // 2
    return canvas[top : top + inside[1], left : left + inside[0]]


def _drawn(annotation: Json) -> Iterator[Json]:
    """The objects of an annotation, those in groups with the group's place and size."""
    for one in (annotation.get("drawing") or {}).get("objects") or []:
        yield from members(one)


def _size(preview: Json, objects: Iterable[Json]) -> tuple[int, int]:
    width, height = int(preview["width"] or 0), int(preview["height"] or 0)
    if width and height:
        return width, height
    first = next(iter(objects), {})
    return int(first.get("canvasWidth") or 1920), int(first.get("canvasHeight") or 1080)


def _draw(canvas: Canvas, one: Json) -> None:
    height, width = canvas.shape[:2]
    scale = (width / (one.get("canvasWidth") or width), height / (one.get("canvasHeight") or height))
    lines, closed = outline(one)
    if not lines:
        return
    # fabric scales a stroke with its object; the mean serves where that is not round.
    grown = math.sqrt(abs(number(one, "scaleX", 1.0) * number(one, "scaleY", 1.0)) * scale[0] * scale[1])
    thick = max(1, round(number(one, "strokeWidth", STROKE) * grown))
    stroke, fill = colour(one.get("stroke")), colour(one.get("fill"))
    for line in lines:
        corners = np.array([(x * scale[0], y * scale[1]) for x, y in line], np.float64)
        whole = np.round(corners * (1 << _FRACTION)).astype(np.int32)
        if closed and fill is not None:
            cv2.fillPoly(canvas, [whole], fill, cv2.LINE_AA, _FRACTION)
        if stroke is not None or not closed:
            ink = stroke or fill or (0, 0, 0, 255)
            cv2.polylines(canvas, [whole], closed, ink, thick, cv2.LINE_AA, _FRACTION)


def _latest(annotation: Json) -> float:
    """When the youngest object of an annotation was drawn, where the player said so."""
    times = [str(one.get("updatedAt") or one.get("createdAt") or "") for one in _drawn(annotation)]
    try:
        return stamp(max(times).removesuffix("Z").partition("+")[0] or None)
    except ValueError:
        return 0.0


def _rate(text: object) -> float:
    """Frames a second of `25`, `23,976` or `24000/1001`; 25 where nothing sensible stands."""
    over, _, under = str(text).replace(",", ".").partition("/")
    try:
        rate = float(over) / float(under or 1)
    except (ValueError, ZeroDivisionError):
        return 25.0
    return rate if rate > 0 else 25.0
