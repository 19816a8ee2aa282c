"""One shot under repair: the plate, its mattes, the takes beside it, and the frames in memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ...schema.errors import BriefIncomplete, NotConfident, WetgateError
from ...schema.media import SourceClass
from ...schema.request import Request
from ..mattes import Mattes, check_frame, grown, open_mattes
from ..pictures import Picture, Plate
from ..pictures.layout import Image, Mask
from ..survey.cuts import Cuts
from .options import RemoveOptions
from .takes import AlignedTake

HoleAt = Callable[[int], Mask]
"""The hole of a frame: the real one, or a probe's."""

_KEPT_BYTES = 700_000_000


class Frames:
    """A clip's frames, the last used ones kept in memory as native planes."""

    def __init__(self, plate: Plate) -> None:
        self.plate = plate
        size = max(1, sum(c.shape(plate.video.width, plate.video.height)[0]
                          * c.shape(plate.video.width, plate.video.height)[1] * plate.layout.dtype.itemsize
                          for c in plate.layout.channels))  # fmt: skip
        self._most = max(4, _KEPT_BYTES // size)
        self._kept: OrderedDict[int, Picture] = OrderedDict()

    def at(self, frame: int) -> Picture:
        """One frame; going on in order is cheap."""
        if frame in self._kept:
            self._kept.move_to_end(frame)
            return self._kept[frame]
        picture = self.plate.picture(frame)
        self._kept[frame] = picture
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return picture


@dataclass
class Shot:
    """Everything that filling one frame may ask for. One thread at a time."""

    request: Request
    options: RemoveOptions
    plate: Plate
    mattes: Mattes
    frames: Frames
    takes: list[AlignedTake] = field(default_factory=list)

    def matte(self, frame: int) -> Mask:
        """The effective matte: as drawn, with the growth that the brief asked for."""
        drawn = self.mattes.at(frame)
        if self.options.effects and drawn.any():
            drawn = grown(drawn, round(0.1 * float(np.sqrt(drawn.sum()))))
        return drawn

    def rgb(self, frame: int) -> Image:
        """A whole plate frame as display-referred RGB."""
        return self.frames.at(frame).rgb()

    @cached_property
    def cuts(self) -> list[int]:
        """Frames at which a new shot begins inside the plate."""
        found = Cuts(self.plate.video.rate)
        for picture in self.plate.read():
            luma = picture.luma()
            step = max(1, luma.shape[1] // 320)
            found.feed(np.ascontiguousarray(np.repeat(luma[::step, ::step, None], 3, axis=2)))
        return [cut for cut in found.found if 0 < cut < self.plate.frames]

    def span(self, frame: int) -> tuple[int, int]:
        """First and last frame of the shot around *frame*: nothing is ever taken from across a cut."""
        first = max([cut for cut in self.cuts if cut <= frame], default=0)
        last = min([cut for cut in self.cuts if cut > frame], default=self.plate.frames) - 1
        return first, last

    def close(self) -> None:
        """Close all files."""
        self.plate.close()
        self.mattes.close()
        for take in self.takes:
            take.close()


def open_shot(request: Request) -> Shot:
    """Open plate and mattes and check what can be checked at once.

    Raises BriefIncomplete for a proxy plate, missing or unfitting mattes and unknown options;
    NotConfident for an interlaced plate; UnreadableMedia.
    """
    options = RemoveOptions.model_validate(request.options)
    name = request.plate.name or request.plate.path.name
    if request.plate.source_class is SourceClass.PROXY:
        raise BriefIncomplete(f"{name} is a proxy: a fix needs the pull of this plate. Nothing was touched.")
    plate = Plate.open(request.plate.path)
    if plate.video.interlaced:
        plate.close()
        raise NotConfident(f"{name} is interlaced: its fields must be separated or deinterlaced first.")
    try:
        mattes = open_mattes(
            plate,
            request.matte,
            box=options.box,
            frames=_counted(options.frames, request.first_frame),
            grow=options.grow,
        )
    except WetgateError:
        plate.close()
        raise
    return Shot(request, options, plate, mattes, Frames(plate))


def holed_frames(shot: Shot) -> list[int]:
    """The frames whose matte is not empty. Raises BriefIncomplete where there are none, or one is all matte."""
    found = []
    for frame in range(shot.mattes.first, shot.mattes.last + 1):
        matte = shot.matte(frame)
        check_frame(matte, frame, shot.request.first_frame)
        if matte.any():
            found.append(frame)
    if not found:
        raise BriefIncomplete("The matte is empty in every frame: there is nothing to remove.")
    return found


def _counted(frames: tuple[int, int] | None, first_frame: int) -> tuple[int, int] | None:
    """Shot frames to frames counted from 0."""
    return None if frames is None else (frames[0] - first_frame, frames[1] - first_frame)
