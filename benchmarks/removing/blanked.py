"""A shot with given holes, in which nothing can be seen of what they cover."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from wetgate.processors.identity import inside_planes
from wetgate.processors.pictures import Picture, Plate
from wetgate.processors.remove.frames import Frames
from wetgate.processors.remove.shot import Shot

Mask = NDArray[np.bool_]


class Blanked(Frames):
    """Frames of a clip, counted from 0, with every hole filled with one code value: nothing can leak from there."""

    def __init__(self, plate: Plate, holes: list[Mask], first: int = 0) -> None:
        super().__init__(plate)
        self._first, self._holes = first, holes
        self._blank: dict[int, Picture] = {}

    def true(self, frame: int) -> Picture:
        """What is really there."""
        return super().at(frame + self._first)

    def at(self, frame: int) -> Picture:
        """One frame without what its hole covers."""
        if frame not in self._blank:
            picture = self.true(frame)
            inside = inside_planes(self._holes[frame], picture.encoding.layout)
            pairs = zip(picture.planes, inside, strict=True)
            planes = tuple(np.where(mask, 200, plane).astype(plane.dtype) for plane, mask in pairs)
            self._blank[frame] = Picture(frame, planes, picture.encoding)
        return self._blank[frame]


@dataclass
class Holed(Shot):
    """A shot whose mattes are these holes; none after their end."""

    holes: list[Mask] = field(default_factory=list)

    def matte(self, frame: int) -> Mask:
        """The made matte."""
        return self.standing(frame)

    def standing(self, frame: int) -> Mask:
        """The same: every frame may be touched."""
        return self.holes[frame] if frame < len(self.holes) else np.zeros(self.holes[0].shape, bool)
