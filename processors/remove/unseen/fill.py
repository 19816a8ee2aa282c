"""The never-seen part of a shot's holes: one painter for the shot, and its paint carried from frame to frame.

Painted anew in every frame it would flicker. So new paint is kept at key frames; every frame takes
over what the key frames before it painted, moved as the camera moved from where it was painted, and
made to meet what stands around it now. What comes into view between two key frames is painted where
it appears. A frame's result depends on the shot alone, not on the order in which frames are asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Image, Mask
from ...register import Registration
from ..holes import Region, region_of
from ..sources.membrane import correction
from .choose import Tried
from .painter import Painter
from .window import Pictures, window

_KEY = 5
"""Frames from one key frame to the next."""
_MARGIN = 64
"""Pixels around the rest that a painter is shown."""
_MOST = 8
"""Key frames whose paint is still looked at; the latest count."""


@dataclass(frozen=True)
class Hole:
    """What is to be painted: `image` (h, w, 3) is the region as far as it is filled, `rest` what is not.

    `avoid` is what must not be smeared into the paint: a performer beside the hole.
    """

    frame: int
    region: Region
    image: Image
    rest: Mask
    avoid: Mask


@dataclass(frozen=True)
class Paint:
    """A key frame's filled region; `fresh` is what was painted at it, `older` the key frames whose paint it shows."""

    region: Region
    image: Image
    fresh: Mask
    older: list[int] = field(default_factory=list)


class Unseen:
    """Paints for one shot. `choose` is asked for a painter at the first pixel that needs one."""

    def __init__(
        self,
        shot: Pictures,
        *,
        onto: Callable[[int, int], Registration | None],
        choose: Callable[[], list[Tried]],
        fill: Callable[[int], object],
        work: Path,
    ) -> None:
        """Paint is kept below *work*.

        *onto* says how one frame lies over another, None where they do not hang together; *fill*
        fills a frame's whole hole, by which a key frame comes here.
        """
        self._shot, self._onto, self._choose, self._fill = shot, onto, choose, fill
        self._folder = work / "paint"
        self._tried: list[Tried] = []
        self._lock = RLock()

    @property
    def tried(self) -> list[Tried]:
        """All painters with their probes' results, the chosen first; empty as long as nothing needed paint."""
        return self._tried

    @property
    def painter(self) -> Painter:
        """The one that suits this shot."""
        if not self._tried:
            self._tried = self._choose()
        return self._tried[0].painter

    def paint(self, hole: Hole, *, blind: bool) -> Image:
        """The region with its rest painted. A *blind* hole is a probe's and stands alone. From any thread, one after
        the other: a frame's paint asks for that of frames before it."""
        with self._lock:
            return self._paint(hole, blind=blind)

    def _paint(self, hole: Hole, *, blind: bool) -> Image:
        image, rest, used = hole.image, hole.rest, list[int]()
        key = _key(hole.frame, self._shot.span(hole.frame))
        if rest.any() and not blind:
            image, rest, used = self._carried(hole, key - _KEY if key == hole.frame else key)
        if rest.any():
            image = self._painted(hole, image, rest, blind=blind)
        if key == hole.frame and not blind:
            self._keep(key, Paint(hole.region, image, rest, used))
        return image

    def _carried(self, hole: Hole, before: int) -> tuple[Image, Mask, list[int]]:
        """What the key frames up to *before* painted, the rest, and which of them gave something."""
        image, rest, used = hole.image.copy(), hole.rest.copy(), list[int]()
        for number in self._births(before, self._shot.span(hole.frame)[0]):
            paint, place = self._kept(number), self._onto(number, hole.frame)
            if paint is None or place is None:
                continue
            moved, known, fresh = _moved(paint, place, hole.region)
            spots = rest & fresh
            if spots.any():
                moved = moved + correction(hole.image, moved, hole.rest, known)
                image[spots] = moved[spots]
                rest &= ~spots
                used.append(number)
        return image, rest, used

    def _births(self, key: int, first: int) -> list[int]:
        """The key frames from *first* on whose paint may be seen after *key*, oldest first; paints what is missing."""
        if key < first or not self._shot.matte(key).any():
            return []
        for number in range(first, key + 1, _KEY):
            if not self._path(number).exists() and self._shot.matte(number).any():
                self._fill(number)
        paint = self._kept(key)
        if paint is None:
            return []
        return [*paint.older, *([key] if paint.fresh.any() else [])][-_MOST:]

    def _painted(self, hole: Hole, image: Image, rest: Mask, *, blind: bool) -> Image:
        """Only what stands around is shown to the painter: other frames of its window with their mattes as holes."""
        count = self.painter.frames
        near = region_of(rest, _MARGIN)
        assert near is not None
        hidden = rest | hole.avoid
        images, holes = [image[near.window]], [hidden[near.window]]
        if count > 1 and not blind:
            numbers = window(hole.frame, self._shot.span(hole.frame), count)
            place = hole.region.window
            images = [(image if n == hole.frame else self._shot.rgb(n)[place])[near.window] for n in numbers]
            holes = [(hidden if n == hole.frame else self._shot.matte(n)[place])[near.window] for n in numbers]
        elif count > 1:
            images, holes = images * count, holes * count
        made, out = self.painter.paint(images, holes), image.copy()
        out[near.window] = np.where(rest[near.window][..., None], made, image[near.window])
        return out

    def _keep(self, key: int, paint: Paint) -> None:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        region = paint.region
        with part.open("wb") as stream:
            np.savez(
                stream,
                image=paint.image.astype(np.float16) if paint.fresh.any() else np.zeros(0),
                fresh=paint.fresh,
                older=np.array(paint.older, np.int64),
                region=np.array([region.x, region.y, region.width, region.height]),
            )
        part.replace(path)

    def _kept(self, key: int) -> Paint | None:
        path = self._path(key)
        if not path.exists():
            return None
        with np.load(path) as kept:
            region = Region(*(int(v) for v in kept["region"]))
            return Paint(region, kept["image"].astype(np.float32), kept["fresh"], [int(n) for n in kept["older"]])

    def _path(self, key: int) -> Path:
        return self._folder / f"{key:06d}.npz"


def _key(frame: int, span: tuple[int, int]) -> int:
    return span[0] + (frame - span[0]) // _KEY * _KEY


def _moved(paint: Paint, place: Registration, region: Region) -> tuple[Image, Mask, Mask]:
    """A key frame's picture over *region* of another frame, where it is picture, and where it is its fresh paint."""
    here, there = np.eye(3), np.eye(3)
    here[:2, 2], there[:2, 2] = (paint.region.x, paint.region.y), (-region.x, -region.y)
    matrix: NDArray[np.float64] = there @ place.matrix @ here
    size = (region.width, region.height)
    fresh = cv2.warpPerspective(paint.fresh.astype(np.uint8) * 255, matrix, size) > 127
    if not fresh.any():
        nothing = np.zeros(fresh.shape, bool)
        return np.zeros((*fresh.shape, 3), np.float32), nothing, nothing
    image = cv2.warpPerspective(paint.image, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    known = cv2.warpPerspective(np.full(paint.fresh.shape, 255, np.uint8), matrix, size) > 254
    return np.asarray(image, np.float32), np.asarray(known), np.asarray(fresh)
