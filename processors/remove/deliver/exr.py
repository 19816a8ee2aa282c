"""OpenEXR files that go with a version: a data window around the hole, and the plate's own clock."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813 - the library's own documentation imports it so
from numpy.typing import NDArray

from ....schema.errors import ConfigError, ProcessorError
from ....schema.timecode import Timecode, nominal
from ...pictures import Plate
from ...pictures.stills import Stills
from ..holes import Region

Channels = Mapping[str, NDArray[np.float32]]
"""Name to picture over the region, float32."""


@dataclass(frozen=True)
class Stamp:
    """What every file of one delivery says in its header, beside the frame's timecode."""

    plate: Plate
    first_frame: int
    notes: Mapping[str, str]

    def put(self, spec: oiio.ImageSpec, frame: int) -> None:
        """Write the header of frame *frame* (from 0)."""
        rate = self.plate.video.rate
        spec.attribute("framesPerSecond", oiio.TypeRational, (rate.numerator, rate.denominator))
        if self.plate.reel:
            spec.attribute("reelName", self.plate.reel)
        packed = self._packed(frame)
        if packed is not None:
            spec.attribute("smpte:TimeCode", oiio.TypeTimeCode, packed)
        for name, words in self.notes.items():
            spec.attribute(name, words)

    def _packed(self, frame: int) -> tuple[int, int] | None:
        """The frame's timecode as OpenEXR holds it: the plate's own where it is a sequence, else counted on."""
        if isinstance(self.plate.media, Stills):
            held = self.plate.media.spec(frame).getattribute("smpte:TimeCode")
            if isinstance(held, tuple):
                return int(held[0]), int(held[1])
        if not self.plate.timecode:
            return None
        try:
            return packed_timecode(Timecode.parse(self.plate.timecode, self.plate.video.rate) + frame)
        except ConfigError:
            return None  # a label that the rate does not have: none is better than a wrong one


def fresh_folder(out: Path, name: str) -> Path:
    """Folder *name* in *out*, without what an earlier run on other frames left in it."""
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{name}.*.exr"):
        left.unlink()
    return folder


def packed_timecode(code: Timecode) -> tuple[int, int] | None:
    """SMPTE ST 12-1 binary-coded decimal with the drop-frame bit; it holds no frame above 39."""
    if nominal(code.rate) > 30:
        return None
    hours, minutes, seconds, frames = (int(part, 16) for part in str(code).replace(";", ":").split(":"))
    return (hours << 24) | (minutes << 16) | (seconds << 8) | frames | (0x40 if code.drop else 0), 0


def write_exr(path: Path, channels: Channels, region: Region, stamp: Stamp, frame: int, *, half: bool) -> str:
    """One ZIP file with *channels* over *region* of the plate's frame; returns its SHA-256.

    The display window is the whole frame. Written beside its name and renamed when complete.
    """
    spec = oiio.ImageSpec(region.width, region.height, len(channels), "half" if half else "float")
    spec.x, spec.y = region.x, region.y
    spec.full_x, spec.full_y = 0, 0
    spec.full_width, spec.full_height = stamp.plate.video.width, stamp.plate.video.height
    spec.channelnames = tuple(channels)
    spec.attribute("compression", "zip")
    stamp.put(spec, frame)
    part = path.with_name(f".{path.stem}.part.exr")
    output = oiio.ImageOutput.create(os.fspath(part))
    if output is None or not output.open(os.fspath(part), spec):
        raise ProcessorError(f"{path.name} cannot be written: {oiio.geterror()}", path=path)
    done = output.write_image(np.ascontiguousarray(np.dstack(list(channels.values())), np.float32))
    fault = output.geterror()
    if not (output.close() and done):
        raise ProcessorError(f"{path.name} cannot be written: {fault}", path=path)
    with part.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    part.replace(path)
    return digest
