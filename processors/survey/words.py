"""The words by which a clip can be found."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from pathlib import Path

from ...schema.media import MediaFacts
from ...schema.rate import rate_label

_BLANK = re.compile(r"[\W_]+")
_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")
_CLOCK = ("samples_since_midnight", "timecode_rate", "timecode_flag", "time")
_USELESS_TAGS = ("major_brand", "minor_version", "compatible_brands", "uid", "umid", "material_package")


def words_of(relative: Path, facts: MediaFacts, sound: dict[str, str] | None = None) -> str:
    """Every word of a clip, blank-separated, lower case, letters and digits alone.

    From the path below the show's root (whole names and their parts: `A002C006` is also `a 002 c 006`),
    reel, timecode, the container's tags, the recorder's scene and take, and the technical facts
    (`1080x1920`, `60fps`, `h264`, `vertical`).
    """
    names = [*relative.parts, facts.reel or ""]
    texts = [facts.container, facts.timecode or "", *_technical(facts)]
    texts += [value for key, value in facts.tags.items() if not key.startswith(_USELESS_TAGS)]
    for key, value in (sound or {}).items():
        if key in _CLOCK:
            continue
        texts += [value, f"{key} {value}", f"{key}{value}"]
    parts = [_CASE.sub(" ", name) for name in names]
    return " ".join(dict.fromkeys(word for text in (*names, *parts, *texts) for word in clean(text).split()))


def clean(text: str) -> str:
    """Plain letters and digits in lower case, all else a blank, so that every database cuts words alike."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return _BLANK.sub(" ", bare.lower()).strip()


def _technical(facts: MediaFacts) -> list[str]:
    words = []
    if video := facts.video:
        label = rate_label(video.rate)
        words += [f"{video.width}x{video.height}", f"{label}fps", f"{label.replace('.', '')}fps", video.codec]
        words += [_shape(video.width, video.height, video.pixel_aspect, video.rotation), video.pixel_format]
        words += ["interlaced"] * video.interlaced + ["vfr variable"] * video.variable_rate
        words += [tag for tag in (video.colour.primaries, video.colour.transfer) if tag]
    elif facts.audio:
        words.append("sound")
    for audio in facts.audio:
        words += [audio.codec, f"{audio.sample_rate}hz", f"{audio.channels}ch"]
    if video is not None and not facts.audio:
        words += ["mos", "silent"]
    return words


def _shape(width: int, height: int, aspect: str, rotation: int) -> str:
    over, _, under = aspect.partition(":")
    wide = Fraction(width, max(height, 1)) * Fraction(int(over), int(under))
    if rotation % 180:
        wide = 1 / wide
    return "vertical portrait" if wide < 1 else "square" if wide == 1 else "horizontal landscape"
