"""One shot under repair: the plate, its mattes, and the takes beside it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray

from ...schema.errors import BriefIncomplete
from ...schema.request import Request
from ..mattes import Mattes, check_frame, grown
from ..pictures import Plate
from ..pictures.layout import Image, Mask
from ..register import Registration
from ..survey.cuts import Cuts
from ..threads import in_order
from .blends import Blends
from .effects.kinds import Effects
from .frames import Frames, Reduced
from .grain.flat import high_pass
from .holes import Region, ramp, region_of
from .movers.complete import REACH, Movers
from .movers.scene import Scene
from .networks.studio import StudioNetwork
from .options import RemoveOptions
from .sources.camera import Camera
from .sources.painted import Painted
from .sources.takes import AlignedTake
from .unseen.fill import Unseen
from .vouched import Vouched

HoleAt = Callable[[int], Mask]
"""The hole of a frame: the real one, or a probe's."""

RUN = 20
"""Frames that are worked on with one region, and that make a checkpoint."""
_CALM = 16
"""Side of the places, in pixels, whose grain is compared for the calm ones."""
_ABREAST = 17_000_000
"""Pixels of all frames that are worked on at once: eight of HD, two of 4K, which then takes no more than 6 GB."""
_MATTES = 400
"""Mattes that are kept, a bit a pixel: more than the frames that one frame's sources reach over."""


@dataclass
class Shot:
    """Everything that filling one frame may ask for, from any thread."""

    request: Request
    options: RemoveOptions
    plate: Plate
    mattes: Mattes
    frames: Frames
    takes: list[AlignedTake] = field(default_factory=list)
    paintings: list[Painted] = field(default_factory=list)
    networks: list[StudioNetwork] = field(default_factory=list)
    unseen: Unseen | None = None
    effects: Effects | None = None
    _widened: bool = False
    _packed: OrderedDict[int, NDArray[np.uint8]] = field(default_factory=OrderedDict, repr=False)
    _movers: tuple[tuple[int, int], Movers] | None = field(default=None, repr=False)
    _regions: dict[int, Region | None] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of a frame."""
        return self.plate.video.height, self.plate.video.width

    def matte(self, frame: int, region: Region | None = None) -> Mask:
        """The effective matte: as drawn, with the growth that the brief asked for; empty where it may not touch.

        Of the whole frame, or of a *region* of it, which is quicker.
        """
        if not self.mattes.touched(frame):
            return np.zeros(self.size if region is None else (region.height, region.width), bool)
        return self.standing(frame, region)

    def standing(self, frame: int, region: Region | None = None) -> Mask:
        """Where the thing stands as far as anybody drew it: the effective matte, and mattes of frames that the
        brief leaves untouched. Of the whole frame or a *region*."""
        with self._lock:
            if frame not in self._packed:
                self._packed[frame] = np.packbits(self._effective(frame), axis=1)
                if len(self._packed) > _MATTES:
                    self._packed.popitem(last=False)
            packed = self._packed[frame]
        if region is None:
            return np.unpackbits(packed, axis=1, count=self.size[1]).view(bool)
        rows, columns = region.window
        first = columns.start // 8
        bits = np.unpackbits(packed[rows, first : -(-columns.stop // 8)], axis=1).view(bool)
        return np.ascontiguousarray(bits[:, columns.start - 8 * first : columns.stop - 8 * first])

    def shut(self, frame: int, divisor: int) -> Mask:
        """`standing` and a margin around it, at one *divisor*-th of the size: never a source."""
        return self._small.shut(frame, divisor)

    def steady_region(self, frame: int) -> Region | None:
        """One region for a run of frames, around all their holes: what is prepared for it serves them all."""
        run = frame // RUN
        if run not in self._regions:
            frames = range(run * RUN, min((run + 1) * RUN, self.plate.frames))
            self._regions[run] = region_of(np.logical_or.reduce([self.matte(n) for n in frames]))
        return self._regions[run]

    def vouched(self, frame: int) -> bool:
        """Whether *frame* is known to show the thing only where its matte says: without one it may stand anywhere."""
        return self._vouched.of(frame)

    @cached_property
    def _vouched(self) -> Vouched:
        return Vouched(self.standing, self.span, self.rgb, self.camera)

    def strength(self, frame: int) -> NDArray[np.float32]:
        """HxW 0..1: how strongly the fill shows; above zero just where the effective matte is."""
        hole, options = self.matte(frame), self.options
        if not self.mattes.soft:
            return ramp(hole, options.feather)
        with self._lock:
            drawn = self.mattes.strength(frame)
        if "feather" in options.model_fields_set:
            drawn = drawn * ramp(hole, options.feather)
        beside = hole & (drawn == 0)
        return np.maximum(drawn, ramp(hole, options.feather) * beside) if beside.any() else drawn

    @property
    def abreast(self) -> int:
        """How many frames may be worked on at once: what each of them holds grows with the picture."""
        return max(1, _ABREAST // (self.plate.video.width * self.plate.video.height))

    def widen(self) -> None:
        """Take what lies beside the matte (`effects`) into the effective matte."""
        self._widened = True
        self._packed.clear()
        self._regions.clear()
        self._small.forget_mattes()

    def movers_around(self, frame: int, region: Region, hole_at: HoleAt, *, blind: bool) -> Movers:
        """What moves around a run's holes, kept for its frames; for a probe only around *frame*."""
        run = frame // RUN
        first, last = self.span(frame)
        start, end = (frame, frame) if blind else (run * RUN, (run + 1) * RUN - 1)
        like = region_of(self.matte(frame)) if blind else None
        with self._lock:
            if not blind and self._movers is not None and self._movers[0] == (run, first):
                return self._movers[1]
            scene = Scene(
                region,
                self.size,
                (first, last),
                (max(first, start - REACH), min(last, end + REACH)),
                self.camera,
                lambda number, box: self.frames.at(number).crop(*box.bounds).rgb(),
                (lambda number: self.standing(number) | hole_at(number)) if blind else self.unusable,
                like,
            )
            movers = Movers(scene)
            if not blind:
                self._movers = ((run, first), movers)
        return movers

    def unusable(self, frame: int, region: Region | None = None) -> Mask:
        """Where a frame must not be used for the real holes: all of it where nobody vouches for it."""
        standing = self.standing(frame, region)
        return standing if self.vouched(frame) else np.ones_like(standing)

    def _effective(self, frame: int) -> Mask:
        drawn = self.mattes.drawn_at(frame)
        if not self._widened or self.effects is None or not drawn.any():
            return drawn
        beside = self.effects.mask(frame, drawn.shape)
        return drawn if beside is None else drawn | (beside & ~self.mattes.held_out(frame))

    def rgb(self, frame: int) -> Image:
        """A whole plate frame as display-referred RGB."""
        return self.frames.at(frame).rgb()

    @cached_property
    def cuts(self) -> list[int]:
        """Frames at which a new shot begins inside the plate: by a cut, a dissolve or a fade."""
        found, blends = Cuts(self.plate.video.rate), Blends()
        divisor = max(1, self.plate.video.width // 320)

        def small(frame: int) -> NDArray[np.uint8]:
            return self.frames.at(frame).reduced(divisor).luma()  # the last ones stay in memory for what comes next

        for luma in in_order(small, range(self.plate.frames), self.abreast):
            found.feed(np.repeat(luma[..., None], 3, axis=2))
            blends.feed(luma)
        return sorted({cut for cut in (*found.found, *blends.bounds) if 0 < cut < self.plate.frames})

    @cached_property
    def calm_grain(self) -> float:
        """Grain of the calm quarter of a whole frame beside any hole: standard deviation, code values 0..1."""
        frame = self.mattes.first
        energy = cv2.blur(high_pass(self.rgb(frame)) ** 2, (_CALM, _CALM))
        beside = energy[~grown(self.matte(frame), _CALM)]
        return float(np.sqrt(np.quantile(beside, 0.25))) if beside.size else 0.0

    @cached_property
    def camera(self) -> Camera:
        """How the plate's frames lie over each other."""
        return Camera(self.luma, lambda n: grown(self.standing(n), 6), self.span)

    def reduced(self, frame: int, divisor: int) -> NDArray[np.uint16]:
        """A whole plate frame as display-referred RGB at one *divisor*-th of its size, 1.0 = `UNIT`."""
        return self._small.of(frame, divisor)[0]

    def grey(self, frame: int, divisor: int) -> NDArray[np.uint8]:
        """A whole plate frame's luma at one *divisor*-th of its size."""
        return self._small.of(frame, divisor)[1]

    @cached_property
    def _small(self) -> Reduced:
        return Reduced(self.frames, self.standing)

    def onto(self, source: int, target: int) -> Registration | None:
        """How one frame lies over another by the camera's motion; None where the two do not hang together."""
        return self.camera.onto(source, target)

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
