"""The proof master: the plate's frames with their exact code values, in a container that keeps them.

Movies become FFV1 version 3 in Matroska, in the plate's own pixel format (8-bit RGB as bgr0, which
carries the same planes), with rate, timecode, reel and colour tags. Image sequences stay what they
were, headers kept; a lossy EXR compression becomes ZIP and JPEG becomes PNG, since neither could
hold the plate's values a second time.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Protocol

import av
import numpy as np
import OpenImageIO as oiio  # noqa: N813 - the library's own documentation imports it so

from ...schema.errors import ProcessorError
from .coder import Coder
from .layout import PACKED, Layout, Plane
from .movie import Movie
from .plate import Plate
from .stills import Stills, oiio_type

_STORED = {
    "gbrp": "bgr0",
    "gbrap": "bgra",
    "yuvj420p": "yuv420p",
    "yuvj422p": "yuv422p",
    "yuvj444p": "yuv444p",
}
"""Planar layouts that FFV1 takes under another name, and holds as exactly."""
_LOSSY_EXR = ("b44", "b44a", "dwaa", "dwab", "pxr24", "htj2k")


class Master(Protocol):
    """A master being written, frame by frame in order. Leaving the context completes it."""

    path: Path

    def write(self, planes: tuple[Plane, ...]) -> None:
        """Append one frame of code values in the plate's layout."""

    def __enter__(self) -> Master: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def check_master(plate: Plate) -> None:
    """Raises ProcessorError where no master could hold the plate's exact values: to be asked before any work."""
    media = plate.media
    if isinstance(media, Stills):
        if media.parts > 1:
            raise ProcessorError(
                f"{media.files[0].name} holds {media.parts} parts, of which only the first would come back: "
                "give the part that is to be fixed as files of its own."
            )
        return
    known = {str(form.name) for form in av.codec.Codec("ffv1", "w").video_formats or ()}
    name = _STORED.get(plate.layout.name, plate.layout.name)
    if name not in known:
        raise ProcessorError(f"{plate.path.name}: no lossless master is known for pixel format {name}.")


def open_master(plate: Plate, out: Path) -> Master:
    """A master for *plate* in folder *out*: `master.mkv`, or `master/` with frames named like the plate's.

    Raises ProcessorError where no exact container for the plate's pixel format is known.
    """
    check_master(plate)
    if isinstance(plate.media, Stills):
        return SequenceMaster(plate.media, out / "master")
    return MovieMaster(plate, plate.media, out / "master.mkv")


_PNG_LESS_LEFT = 16
"""libpng's PNG_FILTER_SUB."""


class MovieMaster:
    """FFV1 in Matroska. Written beside its name and renamed when complete."""

    def __init__(self, plate: Plate, movie: Movie, path: Path) -> None:
        name = _STORED.get(plate.layout.name, plate.layout.name)
        self.path = path
        self._layout = plate.layout
        self._name = name
        self._size = (plate.video.width, plate.video.height)
        self._part = path.with_name(f".{path.name}.part")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._container = av.open(str(self._part), "w", format="matroska")
        stream = self._container.add_stream("ffv1", rate=movie.rate)
        stream.width, stream.height = self._size
        stream.pix_fmt = name
        stream.options = {"level": "3", "slicecrc": "1", "g": "1"}
        stream.sample_aspect_ratio = movie.sample_aspect
        movie.give_colour_tags(stream.codec_context, full_range=plate.layout.name.startswith("yuvj"))
        for tags in (self._container.metadata, stream.metadata):
            if plate.timecode:
                tags["timecode"] = plate.timecode
            if plate.reel:
                tags["reel_name"] = plate.reel
        self._stream, self._coder = stream, Coder(self._container, stream)
        self._count = 0

    def write(self, planes: tuple[Plane, ...]) -> None:
        """Append one frame."""
        frame = frame_of(planes, self._layout, self._name, self._size)
        frame.pts = self._count
        frame.time_base = 1 / self._stream.codec_context.framerate
        self._count += 1
        self._coder.give(frame)

    def __enter__(self) -> MovieMaster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._coder.finish()
        self._coder.close()
        self._container.close()
        if error is None:
            self._part.replace(self.path)
        else:
            self._part.unlink(missing_ok=True)


class SequenceMaster:
    """Frames in the plate's own file format, under the plate's own file names."""

    def __init__(self, stills: Stills, folder: Path) -> None:
        self.path = folder
        self._stills = stills
        self._count = 0
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, planes: tuple[Plane, ...]) -> None:
        """Append one frame; the plate's header, windows and overscan go with it."""
        source = self._stills.files[self._count]
        spec = self._stills.spec(self._count)
        planes = self._stills.around(self._count, planes)
        suffix = ".png" if source.suffix.lower() in (".jpg", ".jpeg") else source.suffix
        target = self.path / f"{source.stem}{suffix}"
        write_still(target, planes, self._stills.layout, spec)
        self._count += 1

    def __enter__(self) -> SequenceMaster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


def write_still(path: Path, planes: tuple[Plane, ...], layout: Layout, header: oiio.ImageSpec | None = None) -> None:
    """One image file with these exact planes; written beside its name and renamed when complete."""
    height, width = planes[0].shape
    spec = header.copy() if header is not None else oiio.ImageSpec(width, height, len(planes), "uint8")
    if not spec.channelformats:  # a file whose channels differ in type keeps each channel's own
        spec.set_format(oiio_type(layout.sample))
    spec.attribute("oiio:UnassociatedAlpha", 1)
    if str(spec.getattribute("compression") or "").split(":", 1)[0] in _LOSSY_EXR:
        spec.attribute("compression", "zip")
    if path.suffix.lower() == ".png":
        # Lossless either way: the fast end of zlib is three times quicker for a fifth more bytes, and rows less what
        # lies on their left are packed twice as quickly again.
        spec.attribute("png:compressionLevel", 2)
        spec.attribute("png:filter", _PNG_LESS_LEFT)
    pixels = np.dstack(planes)
    if layout.bits < 16 and layout.sample == "uint16":
        spec.attribute("oiio:BitsPerSample", layout.bits)
        pixels = (pixels << (16 - layout.bits)) | (pixels >> (2 * layout.bits - 16))
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    output = oiio.ImageOutput.create(os.fspath(part))
    if output is None or not output.open(os.fspath(part), spec):
        raise ProcessorError(f"{path.name} cannot be written: {oiio.geterror()}", path=path)
    done = output.write_image(np.ascontiguousarray(pixels))
    fault = output.geterror()
    if not (output.close() and done):
        raise ProcessorError(f"{path.name} cannot be written: {fault}", path=path)
    part.replace(path)


def frame_of(planes: tuple[Plane, ...], layout: Layout, name: str, size: tuple[int, int]) -> av.VideoFrame:
    """A VideoFrame of pixel format *name* that holds exactly these planes."""
    frame = av.VideoFrame(*size, name)
    if name in PACKED:
        order = PACKED[name]
        pixels = np.zeros((*planes[0].shape, len(order)), layout.dtype)
        for plane, letter in zip(planes, layout.names, strict=True):
            pixels[..., order.index(letter)] = plane
        planes = (pixels.reshape(planes[0].shape[0], -1),)
    for buffer, plane in zip(frame.planes, planes, strict=True):
        rows = np.frombuffer(memoryview(buffer), np.uint8).reshape(-1, buffer.line_size)
        raw = np.ascontiguousarray(plane).view(np.uint8)
        rows[: raw.shape[0], : raw.shape[1]] = raw
    return frame
