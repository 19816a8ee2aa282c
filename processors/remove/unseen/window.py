"""The frames around one that a painter may look at."""

from __future__ import annotations

from typing import Protocol

from ...pictures.layout import Image, Mask


class Pictures(Protocol):
    """What painting asks of a shot."""

    def span(self, frame: int) -> tuple[int, int]:
        """First and last frame of the shot around *frame*, without a cut."""

    def rgb(self, frame: int) -> Image:
        """A whole frame, display-referred RGB."""

    def matte(self, frame: int) -> Mask:
        """A whole frame's effective matte."""


def window(frame: int, span: tuple[int, int], count: int) -> list[int]:
    """*count* frames around *frame* within *span*; the outermost is repeated at its ends."""
    first, last = span
    return [min(max(frame + step, first), last) for step in range(-(count // 2), count - count // 2)]
