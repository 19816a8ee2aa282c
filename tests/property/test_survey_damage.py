"""Whatever happens to a file's bytes, its survey is an answer."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from made_media import frames, movie, scene, wave
from wetgate.processors.survey import Survey, survey
from wetgate.schema.errors import UnreadableMedia

NAMES = ("a.mov", "b.mkv", "c.wav", "d.exr", "e.png")


@cache
def whole(name: str) -> bytes:
    """A good file of each kind."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        if path.suffix in {".mov", ".mkv"}:
            movie(path, 6, picture=lambda n: scene(n, 64, 48), timecode="01:00:00:00")
        elif path.suffix == ".wav":
            wave(path, "<BWFXML><SCENE>1</SCENE></BWFXML>", 0.05)
        else:
            frames(path.parent, range(1, 2), stem="", suffix=path.suffix)[0].rename(path)
        return path.read_bytes()


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(NAMES),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=20),
    st.floats(0, 1),
    st.booleans(),
)
def test_damaged_file_is_indexed_or_refused_by_name(
    name: str, flips: list[tuple[float, int]], kept: float, header: bool
) -> None:
    """Flipped bytes (in the header or anywhere) and a cut end give a survey or a sentence that names the file."""
    content = bytearray(whole(name))
    for place, value in flips:
        content[int(place * (min(len(content), 400) if header else len(content)))] = value
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content[: max(1, int(len(content) * kept))])
        try:
            found = survey(path, path.parent, Path(folder) / "out", lambda _share, _doing: None)
        except UnreadableMedia as error:
            assert name in str(error)
        else:
            assert Survey.model_validate_json(found.model_dump_json()) == found
            assert found.facts.video is None or found.facts.video.frames > 0
