"""What people draw in Kitsu's player, which keeps it as lines, made into pictures.

An annotation is a time with objects of the drawing library fabric.js, each with the size of the
canvas that it was drawn on. Read here: freehand strokes, paths, lines, arrows, rectangles, ellipses,
polygons and groups of these. Text is left out: it marks no place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from ...schema.errors import EntityNotFound, UnreadableMedia
from ...schema.tracker import Attachment, EntityRef
from .client import Json
from .times import stamp

Point = tuple[float, float]
Move = Callable[[float, float], Point]
Canvas = npt.NDArray[np.uint8]

STROKE = 2.0
"""A line of fabric's that names no width and no pressure is this wide, in canvas pixels."""
_CURVE_STEPS = 12
_ELLIPSE_STEPS = 64
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
            id=f"{preview['id']}@{annotation.get('time')}",
            name=f"{data.get('code') or preview['id']}_drawn_{frame:04d}.png",
            url="",
            at=_latest(annotation) or stamp(preview["updated_at"]),
            drawn=True,
            frame=frame,
            version=version,
        )


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
        yield from _members(one)


def _members(one: Json) -> Iterator[Json]:
    kind = str(one.get("type") or "").lower()
    if kind == "group":
        for child in one.get("objects") or []:
            for member in _members(child):
                yield {"canvasWidth": one.get("canvasWidth"), "canvasHeight": one.get("canvasHeight"), **member} | {
                    "within": [*member.get("within", []), one]
                }
    elif kind in _SHAPES:
        yield one


def _size(preview: Json, objects: Iterable[Json]) -> tuple[int, int]:
    width, height = int(preview["width"] or 0), int(preview["height"] or 0)
    if width and height:
        return width, height
    first = next(iter(objects), {})
    return int(first.get("canvasWidth") or 1920), int(first.get("canvasHeight") or 1080)


def _draw(canvas: Canvas, one: Json) -> None:
    height, width = canvas.shape[:2]
    scale = (width / (one.get("canvasWidth") or width), height / (one.get("canvasHeight") or height))
    lines, closed = _SHAPES[str(one["type"]).lower()](one)
    anchors = [point for line in lines for point in line]
    if not anchors:
        return
    move = _placed(one, anchors)
    for group in reversed(one.get("within", [])):
        move = _after(move, _group(group))
    # fabric scales a stroke with its object; the mean serves where that is not round.
    grown = math.sqrt(abs(_number(one, "scaleX", 1.0) * _number(one, "scaleY", 1.0)) * scale[0] * scale[1])
    thick = max(1, round(_number(one, "strokeWidth", STROKE) * grown))
    stroke, fill = _colour(one.get("stroke")), _colour(one.get("fill"))
    for line in lines:
        moved = [move(*point) for point in line]
        corners = np.array([(x * scale[0], y * scale[1]) for x, y in moved], np.float64)
        whole = np.round(corners * (1 << _FRACTION)).astype(np.int32)
        if closed and fill is not None:
            cv2.fillPoly(canvas, [whole], fill, cv2.LINE_AA, _FRACTION)
        if stroke is not None or not closed:
            ink = stroke or fill or (0, 0, 0, 255)
            cv2.polylines(canvas, [whole], closed, ink, thick, cv2.LINE_AA, _FRACTION)


def _placed(one: Json, anchors: list[Point]) -> Move:
    """How fabric puts a shape's own points on the canvas: about its middle, scaled, turned, moved."""
    xs, ys = [x for x, _ in anchors], [y for _, y in anchors]
    width = _number(one, "width", max(xs) - min(xs))
    height = _number(one, "height", max(ys) - min(ys))
    left, top = _number(one, "left", min(xs)), _number(one, "top", min(ys))
    offset = one.get("pathOffset") or one.get("strokeOffset")
    if offset:
        middle = (_number(offset, "x", 0.0), _number(offset, "y", 0.0))
    else:
        middle = ((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
    grow = (_number(one, "scaleX", 1.0), _number(one, "scaleY", 1.0))
    turn = math.radians(_number(one, "angle", 0.0))
    cos, sin = math.cos(turn), math.sin(turn)
    flip = (-1 if one.get("flipX") else 1, -1 if one.get("flipY") else 1)
    # left and top are those of the corner, unless the object is held by another point of it.
    held = {"left": 0.5, "top": 0.5, "center": 0.0, "right": -0.5, "bottom": -0.5}
    reach_x = held.get(str(one.get("originX")), 0.5) * width * grow[0]
    reach_y = held.get(str(one.get("originY")), 0.5) * height * grow[1]
    centre = (left + reach_x * cos - reach_y * sin, top + reach_x * sin + reach_y * cos)

    def move(x: float, y: float) -> Point:
        dx, dy = (x - middle[0]) * grow[0] * flip[0], (y - middle[1]) * grow[1] * flip[1]
        return centre[0] + dx * cos - dy * sin, centre[1] + dx * sin + dy * cos

    return move


def _group(group: Json) -> Move:
    """What is in a group counts from the group's middle."""
    half = (_number(group, "width", 0.0) / 2, _number(group, "height", 0.0) / 2)
    return _placed({**group, "pathOffset": {"x": 0.0, "y": 0.0}}, [(-half[0], -half[1]), half])


def _after(first: Move, then: Move) -> Move:
    return lambda x, y: then(*first(x, y))


def _path(one: Json) -> tuple[list[list[Point]], bool]:
    lines: list[list[Point]] = []
    for command in one.get("path") or []:
        letter, numbers = str(command[0]).upper(), [float(number) for number in command[1:]]
        if letter == "M":
            lines.append([(numbers[0], numbers[1])])
        elif letter == "Z" and lines:
            lines[-1].append(lines[-1][0])
        elif lines and letter in ("L", "Q", "C"):
            lines[-1] += _curve(lines[-1][-1], [(x, y) for x, y in zip(numbers[::2], numbers[1::2], strict=True)])
    return [line if len(line) > 1 else line * 2 for line in lines], False


def _curve(start: Point, control: list[Point]) -> list[Point]:
    """Points along a line (one more point), a quadratic (two) or a cubic curve (three)."""
    if len(control) == 1:
        return control
    points = np.array([start, *control])
    for_all = []
    for step in range(1, _CURVE_STEPS + 1):
        left = points
        while len(left) > 1:
            left = left[:-1] + (left[1:] - left[:-1]) * (step / _CURVE_STEPS)
        for_all.append((float(left[0][0]), float(left[0][1])))
    return for_all


def _strokes(one: Json) -> tuple[list[list[Point]], bool]:
    points = [(float(point["x"]), float(point["y"])) for point in one.get("strokePoints") or []]
    return [points if len(points) > 1 else points * 2], False


def _straight(one: Json) -> tuple[list[list[Point]], bool]:
    return [[(_number(one, f"x{end}", 0.0), _number(one, f"y{end}", 0.0)) for end in (1, 2)]], False


def _rectangle(one: Json) -> tuple[list[list[Point]], bool]:
    width, height = _number(one, "width", 0.0), _number(one, "height", 0.0)
    return [[(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)]], True


def _ellipse(one: Json) -> tuple[list[list[Point]], bool]:
    radius = _number(one, "radius", 0.0)
    across = _number(one, "rx", radius or _number(one, "width", 0.0) / 2)
    down = _number(one, "ry", radius or _number(one, "height", 0.0) / 2)
    turns = [2 * math.pi * step / _ELLIPSE_STEPS for step in range(_ELLIPSE_STEPS)]
    return [[(across + across * math.cos(turn), down + down * math.sin(turn)) for turn in turns]], True


def _polygon(one: Json) -> tuple[list[list[Point]], bool]:
    return [[(float(point["x"]), float(point["y"])) for point in one.get("points") or []]], True


def _polyline(one: Json) -> tuple[list[list[Point]], bool]:
    return _polygon(one)[0], False


_SHAPES: dict[str, Callable[[Json], tuple[list[list[Point]], bool]]] = {
    "path": _path,
    "psstroke": _strokes,
    "line": _straight,
    "arrow": _straight,
    "rect": _rectangle,
    "ellipse": _ellipse,
    "circle": _ellipse,
    "polygon": _polygon,
    "polyline": _polyline,
}


def _number(one: dict[str, Any], name: str, otherwise: float) -> float:
    value = one.get(name)
    return otherwise if value is None else float(value)


def _colour(text: object) -> tuple[int, int, int, int] | None:
    """A CSS colour as blue, green, red, alpha; None for none, and red for a name that is not read."""
    if not isinstance(text, str) or text in ("", "transparent", "none"):
        return None
    if text.startswith("#"):
        digits = text[1:]
        digits = "".join(digit * 2 for digit in digits) if len(digits) in (3, 4) else digits
        values = [int(digits[place : place + 2], 16) for place in range(0, len(digits), 2)]
    elif text.startswith("rgb"):
        numbers = [float(part) for part in text[text.index("(") + 1 : text.index(")")].split(",")]
        values = [*(int(number) for number in numbers[:3]), *(round(number * 255) for number in numbers[3:4])]
    else:
        values = [255, 0, 0]
    red, green, blue, alpha = (*values, 255)[:4]
    return (blue, green, red, alpha) if alpha else None


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
