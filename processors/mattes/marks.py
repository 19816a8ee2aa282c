"""Boxes and points as people write them, on one frame or on several.

`100,50,200,300` is one box on the first frame that may be touched; `1012: 100,50,200,300; 1040:
140,60,200,300` are two on shot frames of their own. Points read `1012: 640,360; 655,400`, several on
one frame; a minus sign before a point (`-655,400`) says that what lies there does not belong;
beside a box on the same frame points correct it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

_ITEM = re.compile(r"^(?:(\d+)\s*:)?\s*([-\d,\s]+)$")


@dataclass(frozen=True)
class Mark:
    """One box (x, y, width, height) or point (x, y) in pixels; `frame` is a shot frame, None = the first.

    `inside` is False for a point of what does not belong to the thing.
    """

    frame: int | None
    values: tuple[int, ...]
    inside: bool = True

    def __str__(self) -> str:
        at = "" if self.frame is None else f"{self.frame}: "
        return f"{at}{'' if self.inside else '-'}{','.join(map(str, self.values))}"


def _marks(value: Any, length: int) -> tuple[Mark, ...]:
    """Raises ValueError in words for what cannot be read."""
    if isinstance(value, (tuple, list)) and value and all(isinstance(v, int) for v in value):
        value = ",".join(map(str, value))  # one mark as numbers, as Python callers write it
    if isinstance(value, (tuple, list)):
        return tuple(value)
    marks: list[Mark] = []
    frame: int | None = None
    for item in str(value).split(";"):
        match = _ITEM.match(item.strip())
        numbers = re.findall(r"-?\d+", match[2]) if match else []
        if match is None or len(numbers) != length:
            shape = "x,y,width,height" if length == 4 else "x,y"
            raise ValueError(f"{item.strip()!r} should read {shape} or FRAME: {shape}, in whole pixels")
        frame = int(match[1]) if match[1] else frame
        inside = not numbers[0].startswith("-")
        marks.append(Mark(frame, tuple(int(number.lstrip("-")) for number in numbers), inside))
    return tuple(marks)


def _written(marks: tuple[Mark, ...]) -> str:
    return "; ".join(map(str, marks))


Boxes = Annotated[
    tuple[Mark, ...], BeforeValidator(lambda value: _marks(value, 4)), PlainSerializer(_written, return_type=str)
]
Dots = Annotated[
    tuple[Mark, ...], BeforeValidator(lambda value: _marks(value, 2)), PlainSerializer(_written, return_type=str)
]
