"""What a movie or sound file says about itself, without decoding its pictures."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, Final

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream

from ...schema.errors import ConfigError, UnreadableMedia
from ...schema.media import AudioFacts, ColourTags, MediaFacts, VideoFacts
from ...schema.rate import NTSC_RATES
from ...schema.timecode import Timecode
from .faults import sentence
from .reading import open_container
from .text import plain_text

UNKNOWN_RATE: Final = Fraction(24)
"""Taken where a file states no rate; the clip's note says so."""

_PRIMARIES = {1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020",
              10: "smpte428", 11: "smpte431", 12: "smpte432", 22: "ebu3213"}  # fmt: skip
_TRANSFER = {1: "bt709", 4: "gamma22", 5: "gamma28", 6: "smpte170m", 7: "smpte240m", 8: "linear", 9: "log100",
             10: "log316", 11: "iec61966-2-4", 12: "bt1361e", 13: "iec61966-2-1", 14: "bt2020-10",
             15: "bt2020-12", 16: "smpte2084", 17: "smpte428", 18: "arib-std-b67"}  # fmt: skip
_MATRIX = {0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco",
           9: "bt2020nc", 10: "bt2020c", 14: "ictcp"}  # fmt: skip
_RANGE = {1: "tv", 2: "pc"}
_INTERLACED = {"tt", "bb", "tb", "bt"}
_REEL_KEYS = ("reel_name", "reel_umid", "com.apple.proapps.reel", "com.apple.quicktime.reel")
_LONGEST_TAG = 500


def probe(path: Path, file: BinaryIO) -> tuple[InputContainer, MediaFacts]:
    """Open the file and read what it states; the caller closes the container.

    `video.frames` is what the container states (0 where it does not). Raises UnreadableMedia with a
    sentence that names the file.
    """
    try:
        container = open_container(file)
    except (av.error.FFmpegError, ValueError, OSError) as error:
        raise UnreadableMedia(sentence(path, error), path=str(path)) from error
    stream = picture_stream(container)
    tags = _tags(container.metadata)
    video = _video(stream) if stream is not None else None
    timecode, reel, note = _timecode(container, video), _reel(container), None
    if timecode is not None and video is not None:
        timecode, note = _checked(timecode, video.rate)
    facts = MediaFacts(
        container=container.format.name.split(",")[0],
        video=video,
        audio=tuple(_audio(a) for a in container.streams.audio if a.codec_context is not None),
        timecode=timecode,
        reel=reel,
        tags=tags,
        note=note,
    )
    return container, facts


def picture_stream(container: InputContainer) -> VideoStream | None:
    """The main picture: the first video stream that is no cover image; None for sound alone."""
    for stream in container.streams.video:
        attached = bool(stream.disposition & av.stream.Disposition.attached_pic)
        if not attached and stream.codec_context is not None:
            return stream
    return None


def snapped(rate: Fraction) -> Fraction:
    """The whole or NTSC rate that a measured or rounded one stands for (2997/100 -> 30000/1001); else as it is."""
    for exact in (Fraction(round(rate)), *NTSC_RATES):
        if exact > 0 and abs(rate - exact) < exact / 10000:
            return exact
    return rate


def _video(stream: VideoStream) -> VideoFacts:
    context = stream.codec_context
    rate = stream.average_rate or stream.guessed_rate or stream.base_rate
    aspect = stream.sample_aspect_ratio or Fraction(1)
    return VideoFacts(
        codec=context.codec.canonical_name,
        pixel_format=context.pix_fmt or "",
        width=context.width,
        height=context.height,
        rate=snapped(Fraction(rate)) if rate else UNKNOWN_RATE,
        frames=stream.frames,
        pixel_aspect=f"{aspect.numerator}:{aspect.denominator}" if aspect > 0 else "1:1",
        interlaced=str(context.field_order).rpartition(".")[2].lower() in _INTERLACED,
        colour=ColourTags(
            primaries=_PRIMARIES.get(int(context.color_primaries)),
            transfer=_TRANSFER.get(int(context.color_trc)),
            matrix=_MATRIX.get(int(context.colorspace)),
            range=_RANGE.get(int(context.color_range)),
        ),
    )


def _audio(stream: AudioStream) -> AudioFacts:
    seconds = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else None
    context = stream.codec_context
    return AudioFacts(
        codec=context.codec.canonical_name, sample_rate=context.sample_rate, channels=context.channels, seconds=seconds
    )


def _timecode(container: InputContainer, video: VideoFacts | None) -> str | None:
    """From the timecode track (FFmpeg puts it on the streams), the container or the material package."""
    for source in (*container.streams, container):
        label = source.metadata.get("timecode")
        if label and video is not None:
            return str(label)
    return None


def _checked(label: str, rate: Fraction) -> tuple[str | None, str | None]:
    try:
        return str(Timecode.parse(label, rate)), None
    except ConfigError as error:
        return None, f"Its timecode {label} was passed over: {error}"


def _reel(container: InputContainer) -> str | None:
    for source in (*container.streams, container):
        for key in _REEL_KEYS:
            if reel := plain_text(source.metadata.get(key, "")):
                return reel
    return None


def _tags(metadata: dict[str, str]) -> dict[str, str]:
    plain = {plain_text(key): plain_text(value)[:_LONGEST_TAG] for key, value in metadata.items()}
    return {key: value for key, value in plain.items() if value}
