"""How far a matte's edge moves on some frames only: `1012-1040: 4; 1050-1060: -2`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

_ITEM = re.compile(r"^(\d+)\s*(?:-\s*(\d+))?\s*[:=]\s*([+-]?\d{1,3})$")
_MOST = 100


@dataclass(frozen=True)
class Growth:
    """Pixels by which the edge goes out (in, below zero) on the shot frames `first`..`last`."""

    first: int
    last: int
    pixels: int

    def __str__(self) -> str:
        return f"{self.first}-{self.last}: {self.pixels}"


def growth_at(growths: tuple[Growth, ...], frame: int) -> int:
    """What *growths* come to on a shot frame; where several speak for it they add up."""
    return sum(one.pixels for one in growths if one.first <= frame <= one.last)


def read_growths(value: Any) -> tuple[Growth, ...]:
    """Raises ValueError in words for what cannot be read."""
    if isinstance(value, (tuple, list)):
        return tuple(value)
    found = []
    for item in str(value).split(";"):
        match = _ITEM.match(item.strip())
        if match is None:
            raise ValueError(f"{item.strip()!r} should read FIRST-LAST: pixels, as 1012-1040: 4")
        one = Growth(int(match[1]), int(match[2] or match[1]), int(match[3]))
        if one.last < one.first or abs(one.pixels) > _MOST:
            raise ValueError(f"{item.strip()!r} ends before it begins, or moves the edge by more than {_MOST} pixels")
        found.append(one)
    return tuple(found)


Growths = Annotated[
    tuple[Growth, ...],
    BeforeValidator(read_growths),
    PlainSerializer(lambda growths: "; ".join(map(str, growths)), return_type=str),
]
