"""Movies through PyAV: exact frames by their decoded ordinal, planes of native code values."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, Colorspace, ColorTrc

from ...schema.errors import UnreadableMedia
from ...schema.media import ColourTags, VideoFacts
from .layout import PACKED, SHUFFLED, Layout, Plane, movie_layout

_MATRIX = {
    Colorspace.ITU709: "bt709", Colorspace.FCC: "fcc", Colorspace.ITU601: "bt470bg", 6: "smpte170m",
    Colorspace.SMPTE240M: "smpte240m", Colorspace.BT2020: "bt2020nc", 10: "bt2020c", 0: "gbr",
}  # fmt: skip
_RANGE = {1: "limited", 2: "full"}
_UNSAID = 2
_NEAR = 48
"""Frames that are decoded and dropped rather than sought over."""


class Movie:
    """One movie file, its first picture stream."""

    def __init__(self, path: Path, threads: int = 0) -> None:
        """Raises UnreadableMedia when the file holds no picture that can be decoded here."""
        self.path = path
        self._threads = threads
        self._open()
        self._pts: list[int] | None = None
        self._next = 0
        self.rate = self._rate()
        self.layout = self._layout()
        self.video = self._facts()
        self.timecode = self._tag("timecode")
        self.reel = self._tag("reel_name") or self._tag("reel")

    def read(self, first: int, last: int) -> Iterator[tuple[int, tuple[Plane, ...], tuple[Plane, ...]]]:
        """Frames `first`..`last` by decoded ordinal: number and planes; movies have no overscan."""
        self._go_to(first)
        while self._next <= last:
            frame = self._decode()
            if frame is None:
                raise UnreadableMedia(
                    f"{self.path.name} ends at frame {self._next}, {self.video.frames} were expected.",
                    path=self.path,
                    frame=self._next,
                )
            number = self._next
            self._next += 1
            if number >= first:
                yield number, self._planes(frame), ()

    @property
    def sample_aspect(self) -> Fraction:
        """Shape of a pixel; 1 where the file does not say."""
        return Fraction(self._stream.sample_aspect_ratio or 1)

    def give_colour_tags(self, target: av.VideoCodecContext, *, full_range: bool = False) -> None:
        """Copy this movie's colour tags, number by number, to an encoder."""
        context = self._stream.codec_context
        for name in ("color_primaries", "color_trc", "colorspace", "color_range"):
            setattr(target, name, int(getattr(context, name)))
        if full_range:
            target.color_range = 2

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _open(self) -> None:
        try:
            self._container = av.open(str(self.path))
            streams = [s for s in self._container.streams.video if not _is_cover(s)]
            if not streams:
                self._container.close()
                raise UnreadableMedia(f"{self.path.name} holds no moving picture.", path=self.path)
            self._stream = streams[0]
            self._stream.codec_context.thread_count = self._threads
            self._stream.thread_type = "AUTO"
        except (av.error.FFmpegError, OSError) as error:
            raise UnreadableMedia(f"{self.path.name} cannot be opened: {error}", path=self.path) from error
        self._frames = self._container.decode(self._stream)

    def _decode(self) -> av.VideoFrame | None:
        try:
            return next(self._frames, None)
        except av.error.FFmpegError as error:
            raise UnreadableMedia(
                f"{self.path.name} cannot be decoded at frame {self._next}: {error}", path=self.path
            ) from error

    def _go_to(self, frame: int) -> None:
        if 0 <= frame - self._next <= _NEAR:
            return
        if frame and self._seek(frame):
            return
        self._container.close()
        self._open()
        self._next = 0

    def _seek(self, frame: int) -> bool:
        """Stand at or before *frame*; False when this file's stamps do not allow it."""
        stamps = self.stamps
        if len(set(stamps)) != len(stamps) or frame >= len(stamps):
            return False
        ordinal = {stamp: number for number, stamp in enumerate(stamps)}
        try:
            # A little early: with open GOPs the first pictures after a seek may be missing.
            self._container.seek(stamps[max(frame - 2, 0)], stream=self._stream, backward=True)
            self._frames = self._container.decode(self._stream)
            for picture in self._frames:
                number = ordinal.get(picture.pts if picture.pts is not None else -1)
                if number is None or number >= frame:
                    return False
                if number == frame - 1:
                    self._next = frame
                    return True
        except av.error.FFmpegError:
            return False
        return False

    @property
    def stamps(self) -> list[int]:
        """Presentation stamps of all frames in order, from the packets (nothing is decoded)."""
        if self._pts is None:
            with av.open(str(self.path)) as container:
                packets = container.demux(container.streams[self._stream.index])
                found = [p.pts if p.pts is not None else p.dts for p in packets if p.size and not p.is_discard]
            known = [stamp for stamp in found if stamp is not None]
            self._pts = sorted(known) if len(known) == len(found) else list(range(len(found)))
        return self._pts

    def _rate(self) -> Fraction:
        rate = self._stream.average_rate or self._stream.guessed_rate or self._stream.base_rate
        if not rate:
            raise UnreadableMedia(f"{self.path.name} states no frame rate.", path=self.path)
        return Fraction(rate)

    def _layout(self) -> Layout:
        context = self._stream.codec_context
        name = context.pix_fmt
        if name is None:
            raise UnreadableMedia(f"{self.path.name} states no pixel format.", path=self.path)
        try:
            return movie_layout(name)
        except UnreadableMedia as error:
            raise UnreadableMedia(f"{self.path.name}: {error}.", path=self.path) from error

    def _facts(self) -> VideoFacts:
        context, stream = self._stream.codec_context, self._stream
        stamps = self.stamps
        steps = np.diff(np.array(stamps)) if len(stamps) > 1 else np.array([])
        aspect = stream.sample_aspect_ratio
        return VideoFacts(
            codec=context.name,
            pixel_format=str(context.pix_fmt),
            width=context.width,
            height=context.height,
            rate=self.rate,
            frames=len(stamps),
            # One tick of jitter is rounding of the container's clock.
            variable_rate=bool(steps.size and steps.max() - steps.min() > 1 and steps.max() > 1.5 * np.median(steps)),
            rotation=0,
            pixel_aspect=f"{aspect.numerator}:{aspect.denominator}" if aspect else "1:1",
            interlaced=int(context.field_order) > 1,
            colour=ColourTags(
                primaries=_word(ColorPrimaries, int(context.color_primaries)),
                transfer=_word(ColorTrc, int(context.color_trc)),
                matrix=_MATRIX.get(int(context.colorspace)),
                range=_RANGE.get(int(context.color_range)),
            ),
        )

    def _tag(self, key: str) -> str | None:
        places = [
            self._container.metadata,
            self._stream.metadata,
            *(s.metadata for s in self._container.streams),
        ]
        for tags in places:
            for name, text in tags.items():
                if name.lower() == key and text.strip():
                    return str(text.strip())
        return None

    def _planes(self, frame: av.VideoFrame) -> tuple[Plane, ...]:
        name = frame.format.name
        if (frame.width, frame.height) != (self.video.width, self.video.height):
            raise UnreadableMedia(f"{self.path.name} changes its size at frame {self._next - 1}.", path=self.path)
        if name in PACKED:
            return _unpack(frame, PACKED[name], self.layout)
        if name in SHUFFLED:
            frame = frame.reformat(format=SHUFFLED[name])
            name = frame.format.name
        if name != self.layout.name:
            raise UnreadableMedia(
                f"{self.path.name} changes from {self.layout.name} to {name} at frame {self._next - 1}.",
                path=self.path,
            )
        return tuple(
            _plane(frame.planes[i], self.layout.dtype, channel.shape(frame.width, frame.height))
            for i, channel in enumerate(self.layout.channels)
        )


def _is_cover(stream: av.VideoStream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _word(kind: type[ColorPrimaries] | type[ColorTrc], value: int) -> str | None:
    try:
        return None if value == _UNSAID else kind(value).name.lower()
    except ValueError:
        return None


def _plane(plane: av.video.plane.VideoPlane, dtype: np.dtype[Any], shape: tuple[int, int]) -> Plane:
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: shape[0]]
    samples: Plane = rows[:, : shape[1] * dtype.itemsize].copy().view(dtype)
    return samples


def _unpack(frame: av.VideoFrame, order: str, layout: Layout) -> tuple[Plane, ...]:
    shape = (frame.height, frame.width * len(order))
    pixels = _plane(frame.planes[0], layout.dtype, shape).reshape(frame.height, frame.width, len(order))
    return tuple(np.ascontiguousarray(pixels[..., order.index(name)]) for name in layout.names)
