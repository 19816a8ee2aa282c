"""A painter fills what nothing showed, from the picture around it; the two that need no network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ...pictures.layout import Image, Mask
from .edges import paint_from_edges
from .patches import paint_by_patches

PAINTED = 200
"""`fill.Origin.PAINTED`."""


class Painter(Protocol):
    """`frames` is how many pictures it looks at, `origin` the `fill.Origin` of its pixels.

    `licence` and `digest` (SHA-256 of the weights) are empty for what has no weights.
    """

    @property
    def name(self) -> str: ...
    @property
    def origin(self) -> int: ...
    @property
    def frames(self) -> int: ...
    @property
    def licence(self) -> str: ...
    @property
    def digest(self) -> str: ...

    def paint(self, images: Sequence[Image], holes: Sequence[Mask]) -> Image:
        """The middle of *images* (each (h, w, 3), 0..1) with its hole filled; nothing in a hole is looked at."""


class Patches:
    """Texture and edges from the surroundings, patch by patch."""

    name, origin, frames, licence, digest = "patches", PAINTED, 1, "", ""

    def paint(self, images: Sequence[Image], holes: Sequence[Mask]) -> Image:
        """See `patches`."""
        middle = len(images) // 2
        return paint_by_patches(images[middle], holes[middle])


class Edges:
    """Smooth continuation of the hole's edges."""

    name, origin, frames, licence, digest = "edges", PAINTED, 1, "", ""

    def paint(self, images: Sequence[Image], holes: Sequence[Mask]) -> Image:
        """Quick, and right where the picture is flat."""
        image, hole = images[len(images) // 2], holes[len(holes) // 2]
        return paint_from_edges(image, hole)
