"""A plate: a movie or an image sequence, frame by frame at native depth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np
from numpy.typing import NDArray

from ...schema.errors import UnreadableMedia
from ...schema.media import VideoFacts
from .colour import Encoding
from .layout import Layout, Plane
from .movie import Movie
from .stills import SUFFIXES, Stills


@dataclass(frozen=True, slots=True)
class Picture:
    """One frame: `planes` are native code values, one array per channel (chroma at its own size).

    `overscan` holds by channel the samples of an OpenEXR file that lie beyond its display window.
    """

    frame: int
    planes: tuple[Plane, ...]
    encoding: Encoding
    overscan: tuple[Plane, ...] = ()

    @property
    def pixel_format(self) -> str:
        """FFmpeg's planar name, or `channels:type` for image files."""
        return self.encoding.layout.name

    def rgb(self) -> NDArray[np.float32]:
        """HxWx3 float32, 0..1, display-referred code values; floating-point highlights lie above 1."""
        return self.encoding.rgb(self.planes)

    def luma(self) -> NDArray[np.uint8]:
        """HxW uint8, full range."""
        return self.encoding.luma(self.planes)

    def crop(self, left: int, top: int, right: int, bottom: int) -> Picture:
        """The part between these pixel bounds, which must lie on whole chroma samples."""
        parts = tuple(
            plane[top >> c.y : -(-bottom // (1 << c.y)), left >> c.x : -(-right // (1 << c.x))]
            for plane, c in zip(self.planes, self.encoding.layout.channels, strict=True)
        )
        return Picture(self.frame, parts, self.encoding)

    def reduced(self, divisor: int) -> Picture:
        """The picture at one *divisor*-th of its size, each pixel the mean of a whole square; the size rounds up."""
        if divisor == 1:
            return self
        return Picture(self.frame, tuple(_reduced(plane, divisor) for plane in self.planes), self.encoding)


def _reduced(plane: Plane, divisor: int) -> Plane:
    height, width = plane.shape
    small = (-(-width // divisor), -(-height // divisor))
    if (small[0] * divisor, small[1] * divisor) != (width, height):
        bottom, right = small[1] * divisor - height, small[0] * divisor - width
        plane = np.pad(plane, ((0, bottom), (0, right)), mode="edge")
    if plane.dtype == np.float16:
        plane = plane.astype(np.float32)
    return np.asarray(cv2.resize(plane, small, interpolation=cv2.INTER_AREA))


class Plate:
    """A movie, a folder of frames, or a frame pattern, opened for reading.

    `frames` is the number of frames; `timecode` and `reel` are None where the file does not say.
    Use it as a context manager. One thread at a time.
    """

    def __init__(self, path: Path, media: Movie | Stills) -> None:
        self.path = path
        self.media = media
        self.video: VideoFacts = media.video
        self.layout: Layout = media.layout
        self.timecode = media.timecode
        self.reel = media.reel
        self.encoding = Encoding.of(media.layout, media.video.colour, media.video.height)

    @classmethod
    def open(cls, path: Path, *, threads: int = 0) -> Plate:
        """Open *path*; `threads` for the decoder, 0 = as many as there are cores.

        Raises UnreadableMedia with the file's name.
        """
        path = Path(path)
        try:
            if path.is_file() and path.suffix.lower() not in SUFFIXES:
                return cls(path, Movie(path, threads))
            return cls(path, Stills(path))
        except UnreadableMedia as error:
            if path.name in str(error):
                raise
            raise UnreadableMedia(f"{path.name}: {error}", path=path) from error

    @property
    def frames(self) -> int:
        """Number of frames."""
        return self.video.frames

    @property
    def is_sequence(self) -> bool:
        """Whether this is an image sequence."""
        return isinstance(self.media, Stills)

    def read(self, first: int = 0, last: int | None = None) -> Iterator[Picture]:
        """Frames `first`..`last`, inclusive, from 0. Going on where the last call ended costs no seek."""
        end = self.frames - 1 if last is None else last
        if not 0 <= first <= end < self.frames:
            raise UnreadableMedia(
                f"{self.path.name} has frames 0..{self.frames - 1}; {first}..{end} was asked for.",
                path=self.path,
            )
        for number, planes, overscan in self.media.read(first, end):
            yield Picture(number, planes, self.encoding, overscan)

    def picture(self, frame: int) -> Picture:
        """One frame."""
        return next(iter(self.read(frame, frame)))

    def close(self) -> None:
        """Close the files."""
        self.media.close()

    def __enter__(self) -> Plate:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
