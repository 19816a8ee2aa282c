"""Search by picture over shards, loose clips and what a kill leaves behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ingest_house import SHOW, House
from made_media import frames, movie, scene
from wetgate.daemon.ingest import shards
from wetgate.daemon.ingest.likeness import pictures_of
from wetgate.daemon.ingest.shards import Shards
from wetgate.daemon.store import Database
from wetgate.schema.errors import UnreadableMedia


@pytest.fixture
def house(sqlite: Database, tmp_path: Path) -> House:
    """A show with three set-ups, one of them shot twice: `a` and its brighter retake `b`."""
    made = House(sqlite, tmp_path)
    movie(made.roll / "a.mov", 24, picture=lambda _: scene(1))
    movie(made.roll / "b.mov", 24, picture=lambda _: np.clip(scene(1) * 1.15 + 6, 0, 255).astype(np.uint8))
    movie(made.roll / "c.mov", 24, picture=lambda n: scene(2 if n < 12 else 3))
    (made.roll / "d.edl").write_text("TITLE: X\n")
    made.settle()
    return made


def ranked(house: House, name: str, of: Shards | None = None) -> list[tuple[str, int]]:
    """Names and frames of the clips like one."""
    (clip,) = house.index.find_clip(SHOW, name)
    return [(hit.clip.name, hit.frame) for hit in (of or Shards(house.index, house.work)).similar_clips(SHOW, clip)]


def test_the_other_take_comes_first(house: House) -> None:
    """A clip's other take is first and close; another set-up is far; a clip without pictures has no likeness."""
    search = Shards(house.index, house.work)
    (clip,) = house.index.find_clip(SHOW, "a")
    hits = search.similar_clips(SHOW, clip)
    assert [hit.clip.name for hit in hits] == ["b", "c"]
    assert hits[0].score > 0.9
    assert hits[1].score < 0.5
    assert ranked(house, "d") == []


def test_a_still_finds_its_frame(house: House, tmp_path: Path) -> None:
    """A picture of the second shot finds the clip, at a frame of that shot; a folder of frames works too."""
    folder = tmp_path / "asked"
    movie(tmp_path / "still.mov", 1, picture=lambda _: scene(3))
    search = Shards(house.index, house.work)
    best = search.search_like(SHOW, pictures_of(tmp_path / "still.mov"), limit=1)[0]
    assert (best.clip.name, best.frame >= 12) == ("c", True)
    frames(folder, range(101, 104), suffix=".png")
    assert len(pictures_of(folder)) > 0
    with pytest.raises(UnreadableMedia):
        pictures_of(tmp_path / "roll" / "d.edl")


def test_compaction_changes_no_answer(house: House, tmp_path: Path) -> None:
    """Answers are the same from loose files, from a shard, and from a shard with later clips beside it."""
    search = Shards(house.index, house.work)
    before = {name: ranked(house, name, search) for name in "abc"}
    search.compact(SHOW)
    search.compact(SHOW)
    folder = house.work / SHOW / "features"
    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".npy"]
    assert {name: ranked(house, name) for name in "abc"} == before
    movie(house.roll / "e.mov", 24, picture=lambda _: np.ascontiguousarray(scene(2)))
    house.settle()
    assert ranked(house, "e")[0][0] == "c"
    assert ranked(house, "c")[0][0] == "e"


@pytest.mark.parametrize("left", ["part", "rows", "list", "short"])
def test_what_a_kill_leaves_is_passed_over(house: House, left: str) -> None:
    """Half-written shards of every kind neither break a search nor hide a clip."""
    before = {name: ranked(house, name) for name in "abc"}
    search = Shards(house.index, house.work)
    search.compact(SHOW)
    folder = house.work / SHOW / "features"
    (rows,), (listed,) = folder.glob("*.npy"), folder.glob("*.json")
    if left == "part":
        rows.rename(rows.with_suffix(".77.part"))
        listed.unlink()
    elif left == "rows":
        listed.unlink()
    elif left == "list":
        listed.write_text(listed.read_text()[:40])
    else:
        rows.write_bytes(rows.read_bytes()[:1000])
    assert {name: ranked(house, name) for name in "abc"} == before
    search.compact(SHOW)
    assert {name: ranked(house, name) for name in "abc"} == before


def test_lost_features_of_one_clip_hide_only_that_clip(house: House) -> None:
    """A feature file that was deleted by hand is said in the log, and the others still answer."""
    (clip,) = house.index.find_clip(SHOW, "b")
    (house.work / str(clip.features)).unlink()
    assert ranked(house, "a")[0][0] == "c"
    assert ranked(house, "b") == []


def test_scores_are_the_plain_cosines(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading in small chunks that cut clips in two gives what the definition gives."""
    monkeypatch.setattr(shards, "_CHUNK", 3)
    search = Shards(house.index, house.work)
    search.compact(SHOW)
    asked = pictures_of(house.roll / "c.mov")
    for hit in search.search_like(SHOW, asked):
        with np.load(house.work / str(hit.clip.features)) as stored:
            cosines = asked.astype(np.float32) @ stored["rows"].astype(np.float32).T
            assert hit.score == pytest.approx(float(cosines.max(axis=1).mean()), abs=1e-3)
            assert hit.frame in stored["frames"]
