"""One shot under repair: the plate, its mattes, the takes beside it, and the frames in memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...schema.errors import BriefIncomplete, NotConfident, WetgateError
from ...schema.media import SourceClass
from ...schema.request import Request
from ..mattes import Mattes, check_frame, grown, open_mattes
from ..pictures import Picture, Plate
from ..pictures.layout import Image, Mask
from ..survey.cuts import Cuts
from .holes import Region, region_of
from .movers.complete import REACH, Movers
from .movers.scene import Scene
from .options import RemoveOptions
from .sources.camera import Camera
from .sources.takes import AlignedTake

HoleAt = Callable[[int], Mask]
"""The hole of a frame: the real one, or a probe's."""

RUN = 20
"""Frames that are worked on with one region, and that make a checkpoint."""
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
    _packed: dict[int, NDArray[np.uint8]] = field(default_factory=dict, repr=False)
    _movers: tuple[int, Movers] | None = field(default=None, repr=False)
    _regions: dict[int, Region | None] = field(default_factory=dict, repr=False)

    def matte(self, frame: int) -> Mask:
        """The effective matte: as drawn, with the growth that the brief asked for."""
        shape = (self.plate.video.height, self.plate.video.width)
        if frame not in self._packed:
            self._packed[frame] = np.packbits(self._effective(frame))
        bits = np.unpackbits(self._packed[frame], count=shape[0] * shape[1])
        return bits.view(bool).reshape(shape)

    def steady_region(self, frame: int) -> Region | None:
        """One region for a run of frames, around all their holes: what is prepared for it serves them all."""
        run = frame // RUN
        if run not in self._regions:
            frames = range(run * RUN, min((run + 1) * RUN, self.plate.frames))
            self._regions[run] = region_of(np.logical_or.reduce([self.matte(n) for n in frames]))
        return self._regions[run]

    def movers_around(self, frame: int, region: Region, hole_at: HoleAt, *, blind: bool) -> Movers:
        """What moves around a run's holes, kept for its frames; for a probe only around *frame*."""
        run = frame // RUN
        if not blind and self._movers is not None and self._movers[0] == run:
            return self._movers[1]
        first, last = self.span(frame)
        start, end = (frame, frame) if blind else (run * RUN, (run + 1) * RUN - 1)
        scene = Scene(
            region,
            (self.plate.video.height, self.plate.video.width),
            (first, last),
            (max(first, start - REACH), min(last, end + REACH)),
            self.camera,
            lambda number, box: self.frames.at(number).crop(*box.bounds).rgb(),
            lambda number: self.matte(number) | hole_at(number),
        )
        movers = Movers(scene)
        if not blind:
            self._movers = (run, movers)
        return movers

    def _effective(self, frame: int) -> Mask:
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

    @cached_property
    def camera(self) -> Camera:
        """How the plate's frames lie over each other."""
        return Camera(self.luma, lambda n: grown(self.matte(n), 6), self.span)

    def luma(self, frame: int) -> NDArray[np.uint8]:
        """A whole plate frame's luma."""
        return self.frames.at(frame).luma()

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
