"""The words that a clip is found by."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from wetgate.processors.survey.words import clean, words_of
from wetgate.schema.media import AudioFacts, MediaFacts, VideoFacts

VIDEO = VideoFacts(codec="h264", pixel_format="yuv420p", width=1080, height=1920, rate=Fraction(24000, 1001), frames=10)


def words(path: str, **more: object) -> set[str]:
    """The words of a clip."""
    facts = MediaFacts(container="mov", video=VIDEO).model_copy(update=more)
    return set(words_of(Path(path), facts).split())


def test_path_parts_and_their_parts() -> None:
    """Folder, name, and the letters and numbers of a camera-roll name are words."""
    assert {"day", "03", "a002c006", "141024", "a", "002", "c", "006"} <= words("Day_03/A002C006_141024.mov")


def test_technical_words() -> None:
    """Size, rate, codec and shape are words."""
    found = words("x.mov")
    assert {"1080x1920", "23", "976fps", "23976fps", "h264", "vertical", "mos"} <= found
    assert "silent" not in words("x.mov", audio=(AudioFacts(codec="aac", sample_rate=48000, channels=2),))


def test_rotation_turns_the_shape() -> None:
    """A picture that is turned on playback is horizontal though it is stored upright."""
    assert "horizontal" in words("x.mov", video=VIDEO.model_copy(update={"rotation": 90}))


def test_tags_count_but_brands_do_not() -> None:
    """What the camera wrote is found; the container's brand codes are not words."""
    found = words("x.mov", tags={"comment": "Night exterior", "major_brand": "isom"})
    assert {"night", "exterior"} <= found
    assert "isom" not in found


def test_clean_keeps_plain_letters_and_digits_alone() -> None:
    """Accents, quotes and operators leave no trace."""
    assert clean("Café_01 'OR' \"x*\" -- (ﬁn)") == "cafe 01 or x fin"
