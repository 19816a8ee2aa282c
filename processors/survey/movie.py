"""Survey of one movie or sound file."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ...schema.errors import UnreadableMedia
from ...schema.media import MediaFacts, VideoFacts
from .faults import encrypted
from .frames import Reducer, decoded
from .probe import UNKNOWN_RATE, picture_stream, snapped
from .raw import raw_note
from .viewing import Viewing

_SAY_EVERY = 25


def watch_movie(
    path: Path, container: InputContainer, facts: MediaFacts, seen: Callable[[float], None]
) -> tuple[MediaFacts, Viewing | None]:
    """Decode once: the facts as they turned out to be, and what was seen; None for sound alone.

    Raises UnreadableMedia where nothing can be decoded.
    """
    stream = picture_stream(container)
    if stream is None or facts.video is None:
        return _pictureless(path, container, facts), None
    times: list[int] = []
    viewing = Viewing(facts.video.rate)
    stream.codec_context.thread_count = 1
    reducer: Reducer | None = None
    first: VideoFrame | None = None
    try:
        for frame in decoded(container, stream):
            if reducer is None:
                first, reducer = frame, Reducer(frame.rotation, _aspect(stream))
            if frame.pts is not None:
                times.append(frame.pts)
            viewing.feed(reducer(frame))
            if viewing.frames % _SAY_EVERY == 0:
                seen(viewing.frames / max(facts.video.frames, viewing.frames + 1))
    except (av.error.FFmpegError, ValueError) as error:
        raise UnreadableMedia(_undecodable(path, stream), path=str(path)) from error
    if first is None:
        raise UnreadableMedia(_undecodable(path, stream), path=str(path))
    viewing.close()
    return _measured(path, facts, facts.video, first, stream, times, viewing.frames), viewing


def _measured(
    path: Path,
    facts: MediaFacts,
    video: VideoFacts,
    first: VideoFrame,
    stream: VideoStream,
    times: list[int],
    frames: int,
) -> MediaFacts:
    """The stated facts, mended by what the decoded frames showed."""
    tick = stream.time_base or Fraction(1, 1000)
    rate, variable = paced(times, tick, video.rate)
    notes = [facts.note] if facts.note else []
    if video.frames > frames:
        notes.append(f"{path.name} breaks off: {frames} of {video.frames} frames can be read.")
    measured = video.model_copy(
        update={
            "rate": rate,
            "frames": frames,
            "variable_rate": variable,
            "rotation": round(first.rotation) % 360,
            "interlaced": video.interlaced or bool(first.interlaced_frame),
            "pixel_format": video.pixel_format or first.format.name,
            "width": first.width,
            "height": first.height,
        }
    )
    return facts.model_copy(update={"video": measured, "note": " ".join(notes) or None})


def paced(times: list[int], tick: Fraction, stated: Fraction) -> tuple[Fraction, bool]:
    """The rate at which pictures really come, and whether their pace varies.

    *times* are presentation times in *tick* seconds, one a picture. A steady clip keeps within a
    tick and a tenth of a frame of its mean pace; the stated rate stands where it agrees with that.
    """
    if len(times) < 2:
        return stated, False
    ordered = sorted(times)
    span = (ordered[-1] - ordered[0]) * tick
    if span <= 0:
        return stated, False
    mean = (len(ordered) - 1) / span
    for rate in (stated, snapped(mean), mean):
        slack = tick + Fraction(1, 10) / rate
        if all(abs((t - ordered[0]) * tick - n / rate) <= slack for n, t in enumerate(ordered)):
            return rate, False
    return (stated if stated != UNKNOWN_RATE else snapped(mean)), True


def _aspect(stream: VideoStream) -> Fraction:
    aspect = stream.sample_aspect_ratio or Fraction(1)
    return aspect if Fraction(1, 8) <= aspect <= 8 else Fraction(1)


def _pictureless(path: Path, container: InputContainer, facts: MediaFacts) -> MediaFacts:
    """Sound alone is good when its first samples decode; MXF may hold a camera's raw picture."""
    undecoded = any(stream.codec_context is None for stream in container.streams if stream.type != "audio")
    if facts.container == "mxf" and undecoded:
        return facts.model_copy(update={"note": raw_note("MXF with a camera's raw picture (ARRIRAW, X-OCN or like)")})
    if not facts.audio:
        what = "pictures in a format that is not decoded here" if undecoded else "no picture and no sound"
        raise UnreadableMedia(f"{path.name} holds {what}.", path=str(path))
    stream = next(stream for stream in container.streams.audio if stream.codec_context is not None)
    try:
        for _ in container.decode(stream):
            return facts.model_copy(update={"note": facts.note or "Sound, no picture."})
    except (av.error.FFmpegError, ValueError) as error:
        raise UnreadableMedia(_undecodable(path, stream), path=str(path)) from error
    raise UnreadableMedia(_undecodable(path, stream), path=str(path))


def _undecodable(path: Path, stream: VideoStream | AudioStream) -> str:
    """Why not one picture, or one sample, came out of a track."""
    if encrypted(path):
        return f"{path.name} is encrypted (common encryption); ask for a copy without it."
    kind = "picture" if isinstance(stream, VideoStream) else "sound"
    codec = stream.codec_context.codec.canonical_name
    if kind == "sound":
        return f"{path.name} has a {codec} sound track that holds no sound: it was cut short after its header."
    return f"{path.name} has a {codec} picture track without a picture in it: it was cut short after its header."
