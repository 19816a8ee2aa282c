"""The shapes of the drawing library fabric.js, which Kitsu's player keeps, as lines of points on their canvas.

Read here: freehand strokes, paths, lines, arrows, rectangles, ellipses, polygons and groups of these.
Text is left out: it marks no place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .client import Json

Point = tuple[float, float]
Move = Callable[[float, float], Point]
Outline = tuple[list[list[Point]], bool]
"""Lines, and whether each is closed."""

_CURVE_STEPS = 12
_ELLIPSE_STEPS = 64


def members(one: Json) -> Iterator[Json]:
    """An object, or those in a group, each with the places and sizes of the groups that it is within."""
    kind = str(one.get("type") or "").lower()
    if kind == "group":
        for child in one.get("objects") or []:
            for member in members(child):
                yield {"canvasWidth": one.get("canvasWidth"), "canvasHeight": one.get("canvasHeight"), **member} | {
                    "within": [*member.get("within", []), one]
                }
    elif kind in _SHAPES:
        yield one


def outline(one: Json) -> Outline:
    """Where an object's lines lie on its canvas."""
    lines, closed = _SHAPES[str(one["type"]).lower()](one)
    anchors = [point for line in lines for point in line]
    if not anchors:
        return [], closed
    move = _placed(one, anchors)
    for group in reversed(one.get("within", [])):
        move = _after(move, _group(group))
    return [[move(*point) for point in line] for line in lines], closed


def _placed(one: Json, anchors: list[Point]) -> Move:
    """How fabric puts a shape's own points on the canvas: about its middle, scaled, turned, moved."""
    xs, ys = [x for x, _ in anchors], [y for _, y in anchors]
    width = number(one, "width", max(xs) - min(xs))
    height = number(one, "height", max(ys) - min(ys))
    left, top = number(one, "left", min(xs)), number(one, "top", min(ys))
    offset = one.get("pathOffset") or one.get("strokeOffset")
    if offset:
        middle = (number(offset, "x", 0.0), number(offset, "y", 0.0))
    else:
        middle = ((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
    grow = (number(one, "scaleX", 1.0), number(one, "scaleY", 1.0))
    turn = math.radians(number(one, "angle", 0.0))
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
    half = (number(group, "width", 0.0) / 2, number(group, "height", 0.0) / 2)
    return _placed({**group, "pathOffset": {"x": 0.0, "y": 0.0}}, [(-half[0], -half[1]), half])


def _after(first: Move, then: Move) -> Move:
    return lambda x, y: then(*first(x, y))


def _path(one: Json) -> Outline:
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


def _strokes(one: Json) -> Outline:
    points = [(float(point["x"]), float(point["y"])) for point in one.get("strokePoints") or []]
    return [points if len(points) > 1 else points * 2], False


def _straight(one: Json) -> Outline:
    return [[(number(one, f"x{end}", 0.0), number(one, f"y{end}", 0.0)) for end in (1, 2)]], False


def _rectangle(one: Json) -> Outline:
    width, height = number(one, "width", 0.0), number(one, "height", 0.0)
    return [[(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)]], True


def _ellipse(one: Json) -> Outline:
    radius = number(one, "radius", 0.0)
    across = number(one, "rx", radius or number(one, "width", 0.0) / 2)
    down = number(one, "ry", radius or number(one, "height", 0.0) / 2)
    turns = [2 * math.pi * step / _ELLIPSE_STEPS for step in range(_ELLIPSE_STEPS)]
    return [[(across + across * math.cos(turn), down + down * math.sin(turn)) for turn in turns]], True


def _polygon(one: Json) -> Outline:
    return [[(float(point["x"]), float(point["y"])) for point in one.get("points") or []]], True


def _polyline(one: Json) -> Outline:
    return _polygon(one)[0], False


_SHAPES: dict[str, Callable[[Json], Outline]] = {
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


def number(one: dict[str, Any], name: str, otherwise: float) -> float:
    """A number of an object's, or what stands for it where none is kept."""
    value = one.get(name)
    return otherwise if value is None else float(value)


def colour(text: object) -> tuple[int, int, int, int] | None:
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
