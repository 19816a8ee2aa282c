"""From files on a storage to answered arrivals."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest
from ingest_house import SHOW, House, access_times, fingerprint
from made_media import frames, movie, tiny_clips, wave
from sqlmodel import select
from wetgate.daemon.ingest.look import look
from wetgate.daemon.queue.failures import Retry
from wetgate.daemon.store import Database
from wetgate.schema.errors import ConfigError
from wetgate.schema.job import Failure
from wetgate.schema.tables import JobRow


@pytest.fixture
def house(sqlite: Database, tmp_path: Path) -> House:
    """A room on SQLite."""
    return House(sqlite, tmp_path)


def clip(path: Path, number: int = 1) -> Path:
    """Write a tiny clip."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(tiny_clips()(number))
    return path


def test_a_day_of_footage_is_answered_and_left_untouched(database: Database, tmp_path: Path) -> None:
    """Movie, copy, sequence, sound and rubbish each get their answer; the folder is as it was, read times too."""
    house = House(database, tmp_path)
    movie(house.roll / "A001C001.mov", 12, timecode="01:00:00:00")
    shutil.copy(house.roll / "A001C001.mov", house.roll / "copy.mov")
    frames(house.roll / "plates", range(1001, 1006))
    wave(house.roll / "a1.wav", "<BWFXML><SCENE>12</SCENE></BWFXML>")
    (house.roll / "empty.mov").touch()
    (house.roll / ".hidden").write_text("x")
    before, read = fingerprint(house.roll), access_times(house.roll)
    house.settle()
    assert house.states() == {
        "A001C001.mov": "indexed",
        "copy.mov": "duplicate",
        "plates/shot.#.exr": "indexed",
        "a1.wav": "indexed",
        "empty.mov": "quarantined",
    }
    assert house.reason("empty.mov") == "empty.mov is empty (0 bytes). Copy it again."
    movies = {path: when for path, when in access_times(house.roll).items() if "plates" not in path}
    assert movies == {path: read[path] for path in movies}
    assert fingerprint(house.roll) == before
    assert house.ingest.pending() == 0


def test_growing_file_is_not_touched(house: House) -> None:
    """A file that still grows stays as seen and unread; whole, it is indexed once, with its whole content."""
    whole = tiny_clips()(7)
    path = house.roll / "slow.mp4"
    path.write_bytes(whole[:500])
    read = path.stat().st_atime_ns
    house.ingest.turn()
    for end in range(1000, len(whole), 700):
        time.sleep(house.settings.settle_seconds + 0.02)  # it would have settled, had it not grown
        with path.open("ab") as file:
            file.write(whole[end - 500 : end])
        house.ingest.turn()
        assert house.answer() == 0
        assert house.states() == {"slow.mp4": "seen"}
    assert path.stat().st_atime_ns == read
    path.write_bytes(whole)
    house.settle()
    assert house.states() == {"slow.mp4": "indexed"}


def test_what_arrived_while_the_daemon_was_down_is_found_at_start(house: House) -> None:
    """A new run sweeps at once: new files come in, and files that were waiting go on."""
    clip(house.roll / "before.mp4", 1)
    house.ingest.turn()
    clip(house.roll / "night" / "while.mp4", 2)
    house.ingest = house.open()
    house.settle()
    assert house.states() == {"before.mp4": "indexed", "night/while.mp4": "indexed"}


def test_settled_file_whose_run_ended_is_queued_once(house: House) -> None:
    """A restart between settling and surveying neither loses nor doubles the job."""
    clip(house.roll / "a.mp4")
    house.ingest.turn()
    time.sleep(0.1)
    house.ingest.turn()
    for _ in range(3):
        house.ingest = house.open()
        house.ingest.turn()
    assert house.answer() == 1
    assert house.states() == {"a.mp4": "indexed"}


@pytest.mark.parametrize("mount", ["absent", "empty"])
def test_storage_that_vanishes_is_offline_and_comes_back(house: House, tmp_path: Path, mount: str) -> None:
    """Neither a missing root nor an empty mount point deletes anything; back, nothing is read again."""
    clip(house.roll / "a.mp4", 1)
    (house.roll / "bad.mov").touch()
    house.settle()
    before = house.states()
    house.roll.rename(tmp_path / "away")
    if mount == "empty":
        house.roll.mkdir()
    house.ingest.turn()
    assert set(house.states().values()) == {"offline"}
    assert str(house.roll) in house.reason("a.mp4")
    assert house.index.path_of(house.index.clips(SHOW)[0]) is None
    shutil.rmtree(house.roll, ignore_errors=True)
    (tmp_path / "away").rename(house.roll)
    house.settle()
    assert house.states() == before
    assert len(house.claim()) == 0


def test_storage_that_vanishes_before_the_survey(house: House, tmp_path: Path) -> None:
    """A file whose storage goes away while its survey waits is offline, and is surveyed when it is back."""
    clip(house.roll / "a.mp4")
    house.ingest.turn()
    time.sleep(0.1)
    house.ingest.turn()
    (job,) = house.claim()
    house.roll.rename(tmp_path / "away")
    house.endings.failed(job, Failure(type="SourceOffline", message="a.mp4 is not there (any more)."), Retry.NO)
    assert house.states() == {"a.mp4": "offline"}
    (tmp_path / "away").rename(house.roll)
    house.settle()
    assert house.states() == {"a.mp4": "indexed"}


def test_deleted_file_is_offline_with_its_clip_kept(house: House) -> None:
    """A single deleted file is no longer there, its clip stays in the index; the same file back is indexed again."""
    path = clip(house.roll / "day" / "a.mp4")
    clip(house.roll / "day" / "b.mp4", 2)
    house.settle()
    kept = path.stat()
    content = path.read_bytes()
    path.unlink()
    house.ingest.turn()
    assert house.states() == {"day/a.mp4": "offline", "day/b.mp4": "indexed"}
    assert house.reason("day/a.mp4") == "It is no longer there."
    assert len(house.index.clips(SHOW)) == 2
    path.write_bytes(content)
    os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    house.ingest.turn()
    assert house.states()["day/a.mp4"] == "indexed"


def test_deleted_folder_takes_its_files_offline(house: House) -> None:
    """Everything below a deleted folder is no longer there."""
    clip(house.roll / "day" / "deep" / "a.mp4")
    clip(house.roll / "b.mp4", 2)
    house.settle()
    shutil.rmtree(house.roll / "day")
    house.ingest.turn()
    assert house.states() == {"day/deep/a.mp4": "offline", "b.mp4": "indexed"}


def test_name_during_a_copy_leaves_nothing_behind(house: House) -> None:
    """A copy that is renamed when it is whole is one arrival, under its last name."""
    part = clip(house.roll / "a.mp4.copying")
    house.ingest.turn()
    part.rename(house.roll / "a.mp4")
    house.settle()
    assert house.states() == {"a.mp4": "indexed"}


def test_renamed_file_is_the_same_clip(house: House) -> None:
    """An indexed file that is renamed is one clip at its new path."""
    clip(house.roll / "a.mp4").rename(house.roll / "a.mp4")
    house.settle()
    (house.roll / "a.mp4").rename(house.roll / "b.mp4")
    house.settle()
    assert house.states() == {"a.mp4": "offline", "b.mp4": "indexed"}
    (only,) = house.index.clips(SHOW)
    assert house.index.path_of(only) == house.roll / "b.mp4"


def test_rewritten_file_is_surveyed_again(house: House) -> None:
    """Other content under the same name is another clip."""
    clip(house.roll / "a.mp4", 1)
    house.settle()
    (old,) = house.index.clips(SHOW)
    clip(house.roll / "a.mp4", 2)
    os.utime(house.roll / "a.mp4", ns=(1, 10**18))
    house.settle()
    (new,) = house.index.clips(SHOW)
    assert house.states() == {"a.mp4": "indexed"}
    assert old.content_hash != new.content_hash


def test_file_that_changes_during_its_survey_is_looked_at_again(house: House) -> None:
    """A survey of a file that is no longer the settled one is dropped; the file settles anew."""
    clip(house.roll / "a.mp4", 1)
    house.ingest.turn()
    time.sleep(0.1)
    house.ingest.turn()
    clip(house.roll / "a.mp4", 2)
    os.utime(house.roll / "a.mp4", ns=(1, 10**18))
    assert house.answer() == 1
    assert house.states() == {"a.mp4": "seen"}
    house.settle()
    assert house.states() == {"a.mp4": "indexed"}


def test_late_answer_about_an_older_file_is_dropped(house: House) -> None:
    """When the file has changed since, neither a result nor a failure of the old survey counts."""
    clip(house.roll / "a.mp4", 1)
    house.ingest.turn()
    time.sleep(0.1)
    house.ingest.turn()
    (job,) = house.claim()
    clip(house.roll / "a.mp4", 2)
    os.utime(house.roll / "a.mp4", ns=(1, 10**18))
    house.ingest.turn()
    house.endings.failed(job, Failure(type="OutOfMemory", message="a.mp4 took too much memory."), Retry.NO)
    assert house.states() == {"a.mp4": "seen"}


def test_crash_of_the_reader_quarantines_and_names_the_file(house: House) -> None:
    """A survey that took its worker down ends in quarantine, with the file's name before the fault."""
    clip(house.roll / "a.mp4")
    house.ingest.turn()
    time.sleep(0.1)
    house.ingest.turn()
    (job,) = house.claim()
    house.endings.failed(job, Failure(type="WorkerDied", message="The worker ended by SIGSEGV."), Retry.NO)
    assert house.states() == {"a.mp4": "quarantined"}
    assert house.reason("a.mp4") == "a.mp4: The worker ended by SIGSEGV."


def test_sequence_that_keeps_arriving(house: House) -> None:
    """One frame, then many, then more: always one arrival in the end, surveyed as a whole."""
    frames(house.roll / "p", range(1001, 1002))
    house.settle()
    assert house.states() == {"p/shot.1001.exr": "indexed"}
    frames(house.roll / "p", range(1002, 1004))
    house.settle()
    assert house.states() == {"p/shot.1001.exr": "duplicate", "p/shot.#.exr": "indexed"}
    assert house.reason("p/shot.1001.exr") == "A frame of the image sequence shot.#.exr."
    frames(house.roll / "p", range(1004, 1009))
    house.settle()
    (only,) = house.index.clips(SHOW)
    assert (only.name, only.frames) == ("shot", 8)
    house.ingest.turn()
    assert house.states() == {"p/shot.1001.exr": "duplicate", "p/shot.#.exr": "indexed"}


def test_ignored_names_linked_loops_and_closed_folders(house: House) -> None:
    """Ignored names leave no row, a link back to a parent does no harm, a closed folder is passed over."""
    clip(house.roll / "@eaDir" / "thumb.mp4")
    clip(house.roll / "upload.part")
    clip(house.roll / "day" / "a.mp4")
    (house.roll / "day" / "loop").symlink_to(house.roll)
    (house.roll / "dangling.mov").symlink_to("nowhere.mov")
    closed = house.roll / "closed"
    clip(closed / "b.mp4", 2)
    house.settle()
    assert house.states() == {"day/a.mp4": "indexed", "closed/b.mp4": "indexed"}
    closed.chmod(0)
    os.seteuid(65534) if os.geteuid() == 0 else None
    try:
        for folder in house.roll.parents:
            assert os.access(folder, os.X_OK) or folder != house.roll
        seen = look(house.roll, [house.roll], house.settings.ignore, deep=True)
    finally:
        os.seteuid(os.getuid())
        closed.chmod(0o755)
    assert not seen.speaks_for(str(closed / "b.mp4"))


def test_given_paths_outside_the_roots(house: House, tmp_path: Path) -> None:
    """Files, folders and single frames given by a person are taken; refused ones are tried again; gone is offline."""
    card = tmp_path / "card"
    clip(card / "x" / "a.mp4", 1)
    (card / "bad.mov").touch()
    plates = frames(tmp_path / "plates", range(1, 4))
    added = house.ingest.add([card, plates[1]])
    assert sorted(path.name for path in added) == ["a.mp4", "bad.mov", "shot.#.exr"]
    house.settle()
    assert sorted(house.states().values()) == ["indexed", "indexed", "quarantined"]
    assert house.ingest.pending() == 0
    house.ingest.add([card / "bad.mov"])
    assert house.ingest.pending() == 1
    house.settle()
    shutil.rmtree(card)
    house.ingest.turn()
    assert sorted(house.states().values()) == ["indexed", "offline", "offline"]
    with pytest.raises(ConfigError, match="is not there"):
        house.ingest.add([card / "bad.mov"])


def test_files_are_queued_in_few_transactions_and_once(house: House) -> None:
    """Three hundred files are one batch of jobs, one for each file."""
    make = tiny_clips()
    for number in range(300):
        path = house.roll / f"d{number % 7}" / f"{number}.mp4"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(make(number))
    house.ingest.turn()
    time.sleep(0.1)
    for _ in range(3):
        house.ingest.turn()
    with house.database.read() as session:
        assert len(session.exec(select(JobRow)).all()) == 300
