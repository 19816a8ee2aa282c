"""The words by which a clip can be found."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

from ...schema.media import MediaFacts
from ...schema.rate import rate_label

_BLANK = re.compile(r"[\W_]+")
_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")
_USELESS_TAGS = ("major_brand", "minor_version", "compatible_brands", "uid", "umid", "material_package")


def words_of(relative: Path, facts: MediaFacts, sound: dict[str, str] | None = None) -> str:
    """Every word of a clip, blank-separated, lower case, letters and digits alone.

    From the path below the show's root (whole names and their parts: `A002C006` is also `a 002 c 006`),
    reel, timecode, the container's tags, the recorder's scene and take, and the technical facts
    (`1080x1920`, `60fps`, `h264`, `vertical`).
    """
    texts: list[str] = [*relative.parts, facts.container, facts.reel or "", facts.timecode or ""]
    texts += [value for key, value in facts.tags.items() if not key.startswith(_USELESS_TAGS)]
    texts += _technical(facts)
    for key, value in (sound or {}).items():
        texts += [value, f"{key} {value}", f"{key}{value}"]
    return " ".join(dict.fromkeys(_split(texts)))


def clean(text: str) -> str:
    """Letters and digits in lower case; everything else is a blank, so that all databases cut words alike."""
    return _BLANK.sub(" ", text.lower()).strip()


def _split(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        yield from clean(text).split()
        yield from clean(_CASE.sub(" ", text)).split()


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
