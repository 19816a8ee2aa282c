"""Ingest with its real workers: damaged media, bursts, lost events."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import footage
import pytest
from ingest_house import SHOW, House, fingerprint
from made_media import tiny_clips
from waiting import wait_for
from watchdog.observers.inotify_c import InotifyFD
from wetgate.daemon.ingest.watch import Watcher
from wetgate.daemon.store import Database
from wetgate.schema.arrival import ArrivalState

ODD = ("bad_media", "exiftool_headers", "timecode_burnin")


@pytest.mark.parametrize("name", ODD)
def test_every_odd_file_is_indexed_or_quarantined_by_name(sqlite: Database, tmp_path: Path, name: str) -> None:
    """Each file of the damaged and odd collections gets an answer from a limited worker; a refusal names it."""
    house = House(sqlite, tmp_path)
    source = footage.shared(name)
    files = [path for path in sorted(source.rglob("*")) if path.is_file()]
    for path in files:
        target = house.roll / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    before = fingerprint(house.roll)
    with house.workers(memory_mb=4000, cpu_seconds=60, wall_seconds=120):
        house.wait(len(files), 120)
    rows = house.index.arrivals.of(SHOW)
    assert len(rows) == len(files)
    for row in rows:
        assert ArrivalState(row.state).answered
        if row.state == ArrivalState.QUARANTINED:
            assert Path(row.path).name in row.reason
            assert len(row.reason) > len(Path(row.path).name) + 15
    assert any(row.state == ArrivalState.INDEXED for row in rows)
    assert fingerprint(house.roll) == before


def _burst(database: Database, tmp_path: Path, count: int, seconds: float) -> None:
    house = House(database, tmp_path, settle=1.0, watch=True)
    make = tiny_clips()
    with house.workers(2, memory_mb=4000, cpu_seconds=60, wall_seconds=120, recycle_after=500):
        begun = time.monotonic()
        for number in range(count):
            path = house.roll / f"day{number // 500}" / f"card{number // 50 % 10}" / f"C{number:05}.mp4"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"" if number % 100 == 99 else make(number))
        house.wait(count, seconds)
        took = time.monotonic() - begun
    rows = house.index.arrivals.of(SHOW)
    print(f"{count} files in {took:.1f} s: {count / took:.0f} files/s")
    assert len(rows) == count
    empty = {row.path for row in rows if Path(row.path).stat().st_size == 0}
    wrong = [
        (row.path, row.state, row.reason)
        for row in rows
        if row.state != ("quarantined" if row.path in empty else "indexed")
    ]
    assert len(empty) == count // 100 and wrong == []
    assert len(house.index.clips(SHOW)) == count - count // 100


def test_burst_into_new_folders(sqlite: Database, tmp_path: Path) -> None:
    """Four hundred clips written in a burst, into folders made during it, are all answered."""
    _burst(sqlite, tmp_path, 400, 120)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_large_burst_into_new_folders(database: Database, tmp_path: Path) -> None:
    """Five thousand, on both databases."""
    _burst(database, tmp_path, 5000, 1000)


def test_events_bring_a_file_in_without_a_sweep(sqlite: Database, tmp_path: Path) -> None:
    """With the next sweep ten minutes away, a file, a folder moved in and a deletion are noticed by their events."""
    house = House(sqlite, tmp_path, settle=0.2, watch=True)
    make = tiny_clips()
    moved = tmp_path / "moved" / "deep"
    moved.mkdir(parents=True)
    (moved / "b.mp4").write_bytes(make(2))
    with house.workers():
        time.sleep(1)
        (house.roll / "a.mp4").write_bytes(make(1))
        (tmp_path / "moved").rename(house.roll / "moved")
        house.wait(2, 60)
        assert house.states() == {"a.mp4": "indexed", "moved/deep/b.mp4": "indexed"}
        (house.roll / "a.mp4").unlink()
        wait_for(lambda: house.states()["a.mp4"] == "offline")


def test_lost_events_lead_to_a_sweep(sqlite: Database, tmp_path: Path) -> None:
    """When the event queue ran over, everything is looked at, though the sweep is not due."""
    import logging

    house = House(sqlite, tmp_path, settle=0.1, watch=True)
    make = tiny_clips()
    with house.workers():
        time.sleep(0.5)
        watcher = house.ingest._watcher
        assert watcher is not None and watcher._observer is not None
        watcher._observer.unschedule_all()  # the test takes away the events themselves
        (house.roll / "a.mp4").write_bytes(make(1))
        time.sleep(0.5)
        assert house.states() == {}
        logging.getLogger("watchdog.observers.inotify_c").warning("Inotify queue overflowed; events were lost")
        house.wait(1, 60)
    assert house.states() == {"a.mp4": "indexed"}


@pytest.mark.parametrize("ends", ["observer", "reader"])
def test_watching_that_dies_begins_anew(tmp_path: Path, ends: str) -> None:
    """After either thread behind the watching has ended, hints come again, and a sweep is asked for."""
    hints: list[Path] = []
    lost = threading.Event()
    watcher = Watcher([tmp_path], lambda path, _is_folder: hints.append(path), lost.set)
    watcher.start()
    try:
        lost.clear()
        observer = watcher._observer
        assert observer is not None
        thread = observer if ends == "observer" else InotifyFD.get_instance()
        thread.stop()
        thread.join()
        watcher.ensure()
        assert lost.is_set()
        (tmp_path / "new.mp4").touch()
        wait_for(lambda: tmp_path / "new.mp4" in hints)
    finally:
        watcher.stop()


def test_root_that_comes_back_is_watched_again(tmp_path: Path) -> None:
    """A root that was replaced is another folder to the system; its events come all the same."""
    root = tmp_path / "roll"
    root.mkdir()
    hints: list[Path] = []
    watcher = Watcher([root], lambda path, _is_folder: hints.append(path), lambda: None)
    watcher.start()
    try:
        root.rename(tmp_path / "away")
        watcher.ensure()
        root.mkdir()
        watcher.ensure()
        hints.clear()
        (root / "new.mp4").touch()
        wait_for(lambda: root / "new.mp4" in hints)
    finally:
        watcher.stop()


def test_two_runs_of_the_same_room_do_not_double(sqlite: Database, tmp_path: Path) -> None:
    """A command that ingests while the daemon does so too ends with one clip and one answer each."""
    house = House(sqlite, tmp_path, settle=0.2)
    make = tiny_clips()
    for number in range(20):
        (house.roll / f"{number}.mp4").write_bytes(make(number))
    with house.workers():
        other = house.open()
        for _ in range(10):
            other.turn()
            time.sleep(0.05)
        house.wait(20, 60)
    assert set(house.states().values()) == {"indexed"}
    assert len(house.index.clips(SHOW)) == 20
    assert [path.name for path in (house.work / SHOW).iterdir()] == ["clips"]
