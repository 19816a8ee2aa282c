"""The index on both databases: identity, duplicates, names, words."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wetgate.daemon.store import Database
from wetgate.daemon.store.arrivals import Sighting
from wetgate.daemon.store.index import Index
from wetgate.processors.survey import Survey
from wetgate.schema.arrival import ArrivalState
from wetgate.schema.media import MediaFacts, VideoFacts
from wetgate.schema.tables import ClipRow

ROOT = Path("/roll")


def survey(name: str, *, content: str = "", words: str = "", reel: str | None = None) -> Survey:
    """A survey as a worker would send it."""
    video = VideoFacts(
        codec="h264", pixel_format="yuv420p", width=640, height=272, rate=Fraction(24000, 1001), frames=9
    )
    return Survey(
        name=name,
        content_hash=(content or name).encode().hex().ljust(64, "0"),
        facts=MediaFacts(container="mov", video=video, reel=reel, timecode="01:00:00:00"),
        cuts=(3,),
        words=words or name,
        thumbnail="ab/poster.jpg",
    )


def put(database: Database, path: str, found: Survey, show: str = "PINE") -> ClipRow:
    """Bring one path into the index."""
    index = Index(database)
    with database.write() as session:
        index.arrivals.see(session, show, [Sighting(ROOT, ROOT / path, 10, 20)])
    arrival = index.arrivals.at(show, ROOT / path)
    assert arrival is not None and arrival.id is not None
    with database.write() as session:
        return index.record_survey(session, arrival.id, found, folder=f"{show}/clips/")


def state(database: Database, path: str, show: str = "PINE") -> tuple[str, str]:
    """State and reason of one path."""
    row = Index(database).arrivals.at(show, ROOT / path)
    assert row is not None
    return row.state, row.reason


def test_clip_keeps_what_was_surveyed(database: Database) -> None:
    """Rate, timecode, reel, size, cuts and the poster's place come back as they were written."""
    put(database, "a/A001.mov", survey("A001", reel="R2"))
    (clip,) = Index(database).clips("PINE")
    assert (clip.rate, clip.timecode, clip.reel, clip.frames) == ("24000/1001", "01:00:00:00", "R2", 9)
    assert (clip.width, clip.height, clip.cuts, clip.thumbnail) == (640, 272, [3], "PINE/clips/ab/poster.jpg")
    assert MediaFacts.model_validate(clip.facts).video is not None
    assert Index(database).clip(clip.id or 0).name == "A001"
    assert state(database, "a/A001.mov") == ("indexed", "")


def test_second_path_of_the_same_content_is_a_duplicate(database: Database) -> None:
    """One clip, two locations; the duplicate's reason names the first path; another show is an island."""
    first = put(database, "a/A001.mov", survey("A001", words="alpha"))
    second = put(database, "b/copy.mov", survey("copy", content="A001", words="beta"))
    other = put(database, "a/A001.mov", survey("A001"), show="OAK")
    assert first.id == second.id != other.id
    assert state(database, "b/copy.mov") == ("duplicate", "The same content as /roll/a/A001.mov.")
    index = Index(database)
    assert [row.path for row in index.locations(first)] == ["/roll/a/A001.mov", "/roll/b/copy.mov"]
    assert {hit.clip.id for hit in index.search_text("PINE", "beta")} == {first.id}


def test_path_follows_the_storage(database: Database) -> None:
    """While the first path is away the second is used; while both are away there is none; then it is back."""
    clip = put(database, "a/A001.mov", survey("A001"))
    put(database, "b/copy.mov", survey("copy", content="A001"))
    index = Index(database)
    ids = [row.id or 0 for row in index.locations(clip)]
    for gone, expected in (([], "a/A001.mov"), (ids[:1], "b/copy.mov"), (ids, None)):
        with database.write() as session:
            index.arrivals.offline(session, gone, "away")
        assert index.path_of(clip) == (ROOT / expected if expected else None)
        assert index.paths("PINE") == ({clip.id: ROOT / expected} if expected else {})
    assert len(index.clips("PINE")) == 1
    with database.write() as session:
        index.arrivals.back(session, ids)
    assert index.path_of(clip) == ROOT / "a/A001.mov"
    assert state(database, "b/copy.mov")[0] == "duplicate"


def test_moved_file_is_the_clips_new_home(database: Database) -> None:
    """A file that turns up elsewhere after its old path has gone is no duplicate."""
    clip = put(database, "a/A001.mov", survey("A001"))
    index = Index(database)
    with database.write() as session:
        index.arrivals.offline(session, [row.id or 0 for row in index.locations(clip)], "It is no longer there.")
    put(database, "b/A001.mov", survey("A001"))
    assert state(database, "b/A001.mov")[0] == "indexed"
    assert index.path_of(clip) == ROOT / "b/A001.mov"
    assert index.paths("PINE") == {clip.id: ROOT / "b/A001.mov"}


def test_offline_remembers_only_the_first_time(database: Database) -> None:
    """Going offline twice does not forget the state before."""
    put(database, "a/A001.mov", survey("A001"))
    index = Index(database)
    row = index.arrivals.at("PINE", ROOT / "a/A001.mov")
    assert row is not None and row.id is not None
    for _ in range(2):
        with database.write() as session:
            index.arrivals.offline(session, [row.id], "away")
    with database.write() as session:
        index.arrivals.back(session, [row.id])
    assert state(database, "a/A001.mov")[0] == ArrivalState.INDEXED


def test_overwritten_file_leaves_no_ghost(database: Database) -> None:
    """Other content at the same path is another clip; the old one, which lies nowhere, is not listed."""
    put(database, "a/A001.mov", survey("A001", content="old", words="oldword"))
    index = Index(database)
    with database.write() as session:
        index.arrivals.see(session, "PINE", [Sighting(ROOT, ROOT / "a/A001.mov", 11, 21)])
    assert state(database, "a/A001.mov")[0] == "seen"
    new = put(database, "a/A001.mov", survey("A001", content="new"))
    assert [clip.id for clip in index.clips("PINE")] == [new.id]
    assert index.search_text("PINE", "oldword") == []


def test_find_clip_by_what_people_write(database: Database) -> None:
    """Hash, path, end of a path, file name, stem, any case, reel."""
    clip = put(database, "day1/A001_C003.mov", survey("A001_C003", reel="A001R2EC"))
    put(database, "day1/B001.mov", survey("B001"))
    index = Index(database)
    for text in (
        clip.content_hash,
        clip.content_hash[:10],
        "/roll/day1/A001_C003.mov",
        "day1/A001_C003.mov",
        "A001_C003.mov",
        " A001_C003 ",
        "a001_c003",
        "A001R2EC",
    ):
        assert [found.id for found in index.find_clip("PINE", text)] == [clip.id], text
    assert index.find_clip("PINE", "A001") == []
    assert index.find_clip("OAK", "A001_C003") == []


def test_find_clip_reports_every_clip_of_a_name(database: Database) -> None:
    """Two cameras with the same file name are both returned; a path decides."""
    one = put(database, "take1/cam01.mp4", survey("cam01", content="one"))
    two = put(database, "take2/cam01.mp4", survey("cam01", content="two"))
    index = Index(database)
    assert [clip.id for clip in index.find_clip("PINE", "cam01")] == [one.id, two.id]
    assert [clip.id for clip in index.find_clip("PINE", "take2/cam01.mp4")] == [two.id]


def test_search_wants_every_word_and_ranks(database: Database) -> None:
    """All words must be there, the beginning of one is enough, a number is meant whole, shows are apart."""
    put(database, "a.mov", survey("a", words="bikes street night 24fps take2"))
    put(database, "b.mov", survey("b", words="bikes day take21 2"))
    put(database, "c.mov", survey("c", words="bikes"), show="OAK")
    index = Index(database)

    def names(text: str) -> list[str]:
        return [hit.clip.name for hit in index.search_text("PINE", text)]

    assert sorted(names("bike")) == ["a", "b"]
    assert names("BIKES night") == ["a"]
    assert names("bikes 2") == ["b"]
    assert names("") == names("nothing") == names("bikes nothing") == []
    scores = [hit.score for hit in index.search_text("PINE", "bikes")]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    "text",
    ["'; DROP TABLE clip; --", 'a" OR "b', "NEAR(a b)", "* : & | ! ( )", "a:*", "words:a", "\\", "%", "- a", "\0"],
)
def test_search_text_is_never_syntax(database: Database, text: str) -> None:
    """Operators of either database are blanks, not errors and not commands."""
    put(database, "a.mov", survey("a", words="a b"))
    assert len(Index(database).search_text("PINE", text)) <= 1
    assert len(Index(database).clips("PINE")) == 1


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text("abxyz019éß_-.", min_size=1, max_size=12))
def test_every_word_finds_its_clip(database: Database, text: str) -> None:
    """Whatever a name is made of, searching for it finds the clip, on both databases alike."""
    put(database, f"{text.encode().hex()}.mov", survey("n", content=text, words=text))
    found = {hit.clip.content_hash for hit in Index(database).search_text("PINE", text, limit=1000)}
    expected = survey("n", content=text).content_hash
    assert (expected in found) == any(char.isalnum() for char in text)
