"""What a file holds, as a probe found it. Nothing here is guessed: what a file does not say is None."""

from __future__ import annotations

from enum import StrEnum

from .model import Value
from .rate import Rate


class SourceClass(StrEnum):
    """How far a source may be trusted: a proxy plans a fix, and is never composited into a plate.

    A reference is a still that a person made: a painted frame, or a graded one to be matched.
    """

    CAMERA = "camera"
    PULL = "pull"
    PROXY = "proxy"
    REFERENCE = "reference"


class ColourTags(Value):
    """Colour description in the words of ITU-T H.273, as the file states it."""

    primaries: str | None = None
    transfer: str | None = None
    matrix: str | None = None
    range: str | None = None


class VideoFacts(Value):
    """The picture stream. `pixel_format` is FFmpeg's name; sizes in pixels as stored, before rotation."""

    codec: str
    pixel_format: str
    width: int
    height: int
    rate: Rate
    frames: int
    variable_rate: bool = False
    rotation: int = 0
    pixel_aspect: str = "1:1"
    interlaced: bool = False
    colour: ColourTags = ColourTags()


class AudioFacts(Value):
    """One sound stream."""

    codec: str
    sample_rate: int
    channels: int
    seconds: float | None = None


class MediaFacts(Value):
    """All that a probe found in one file or one image sequence.

    `timecode` is the first frame's SMPTE label, `tags` the container's own metadata, `note` what a
    person should know (a raw format that is indexed but not decoded here, say).
    """

    container: str
    video: VideoFacts | None = None
    audio: tuple[AudioFacts, ...] = ()
    timecode: str | None = None
    reel: str | None = None
    tags: dict[str, str] = {}
    note: str | None = None
