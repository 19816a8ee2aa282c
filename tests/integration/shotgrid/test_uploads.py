"""Small files on their way to ShotGrid, wherever it breaks: whole in the end, and once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from alike import at_once
from practice import LEAVES_FILES_OPEN, SandboxBench
from waiting import wait_for
from wetgate.connectors.shotgrid import uploads
from wetgate.daemon.sandbox import Fault
from wetgate.schema.errors import AmbiguousResult, TrackerRejected, TrackerUnavailable
from wetgate.schema.tracker import FileDraft, MediaKind

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_slow_upload_is_bounded(
    bench: SandboxBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """An upload whose answer does not come is looked for, found, and not sent again."""
    movie = tmp_path / "review.mp4"
    movie.write_bytes(b"m" * 5000)
    version = bench.new_version()
    tracker = bench.connector(timeout_seconds=2.0)
    monkeypatch.setattr(uploads, "LOOKS", (*uploads.LOOKS, 5.0, 20.0))  # a busy machine is given longer to link it
    # One that was carried out is never answered in time; one that was not yet is a little later.
    seconds = {"before": 2.5, "after": 60.0}[when]
    bench.faults.set(Fault(path="/upload/*", action="slow", when=when, seconds=seconds, times=9))
    began = time.monotonic()
    tracker.upload(version, MediaKind.MOVIE, movie)
    assert time.monotonic() - began < 45
    assert bench.faults.met == 1
    assert list(bench.files(version)) == ["review.mp4"]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(path="/upload/*", status=503), TrackerUnavailable),
        (Fault(path="/upload/*", status=429), TrackerUnavailable),
        (Fault(path="/upload/*", status=413), TrackerRejected),
        (Fault(path="/upload/*", status=502), AmbiguousResult),
        (Fault(path="/upload/*", action="drop"), AmbiguousResult),
    ],
)
def test_upload_errors_by_kind(bench: SandboxBench, tmp_path: Path, fault: Fault, error: type[Exception]) -> None:
    """What a form is answered with says whether another try is worth it; then the file is there once."""
    version = bench.new_version()
    report = tmp_path / 'report "1".json'
    report.write_text("{}")
    bench.faults.set(fault)
    with pytest.raises(error) as caught:
        bench.tracker.upload(version, MediaKind.FILE, report)
    assert bench.secret not in str(caught.value)
    assert list(bench.files(version)) == []
    bench.faults.set()
    bench.tracker.upload(version, MediaKind.FILE, report)
    assert list(bench.files(version)) == [report.name]


@pytest.mark.parametrize(
    "faults",
    [
        [Fault(path="/storage/*", status=503, times=2)],
        [Fault(path="/storage/*", status=403)],
        [Fault(path="/storage/*", action="drop", when="before")],
        [Fault(path="/storage/*", action="drop", when="after")],
        [Fault(path="/storage/*", action="strip", headers={"ETag": ""}, times=9)],
        [Fault(path="/upload/api_link_file", status=504, when="after")],
        [Fault(path="/upload/api_link_file", action="drop", when="after")],
    ],
    ids=["busy", "expired", "cut", "lost answer", "no ETag", "lost link", "dropped link"],
)
def test_small_files_survive(hosted: SandboxBench, tmp_path: Path, faults: list[Fault]) -> None:
    """Whatever the storage does and wherever an answer is lost, one call brings a file of each kind, once."""
    small = tmp_path / "review.mp4"
    small.write_bytes(bytes(range(256)) * 300)
    version = hosted.new_version()
    for kind in MediaKind:
        hosted.faults.set(*faults)
        hosted.tracker.upload(version, kind, small)
        hosted.faults.set()
        hosted.tracker.upload(version, kind, small)
    assert list(hosted.files(version)) == ["review.mp4"] * len(MediaKind)
    assert hosted.movie(version) == small.read_bytes()


def test_a_file_that_changes_is_refused(hosted: SandboxBench, tmp_path: Path) -> None:
    """A movie that is still being written is not published half."""
    movie = tmp_path / "review.mp4"
    movie.write_bytes(b"m" * 1000)
    version = hosted.new_version()
    hosted.faults.set(Fault(path="/storage/*", action="hold", seconds=30, times=2))

    def write_on() -> None:
        wait_for(lambda: hosted.faults.met)
        movie.write_bytes(b"m" * 2000)
        hosted.faults.set()

    def upload() -> None:
        with pytest.raises(TrackerRejected, match="changed"):
            tracker.upload(version, MediaKind.MOVIE, movie)
        tracker.close()  # this thread's connection

    tracker = hosted.connector(timeout_seconds=60)
    at_once(upload, write_on)
    assert list(hosted.files(version)) == []
    hosted.tracker.upload(version, MediaKind.MOVIE, movie)
    assert hosted.movie(version) == movie.read_bytes()


def test_two_at_once_leave_one_of_each(bench: SandboxBench, tmp_path: Path) -> None:
    """Two daemons that add the same file, published file, playlist and time at once leave one of each."""
    version = bench.new_version()
    task = bench.make_task("timed")
    report = tmp_path / "report.json"
    report.write_text("{}")
    file = FileDraft(name="SH010", kind="Movie", path="/show/SH010/review.mp4", number=1)
    both = Fault(action="hold", seconds=30, times=2)
    kinds = ("PublishedFile", "Playlist", "TimeLog")
    bench.faults.set(
        both.model_copy(update={"path": "/upload/*"}),
        *(both.model_copy(update={"method": "create", "contains": f'"type": "{kind}"'}) for kind in kinds),
    )
    meet = threading.Barrier(2)

    def work() -> None:
        tracker = bench.connector(timeout_seconds=60)
        steps: tuple[Callable[[], None], ...] = (
            lambda: tracker.upload(version, MediaKind.FILE, report),
            lambda: tracker.register(version, [file]),
            lambda: tracker.playlist(bench.project, "dailies", version),
            lambda: tracker.log_time(task, "time-1", "2026-11-25", 12),
        )
        for step in steps:
            meet.wait()
            step()
        tracker.close()  # this thread's connection

    at_once(work, work)
    assert sum(call.fault for call in bench.faults.calls) == 2 * (1 + len(kinds))
    assert list(bench.files(version)) == ["report.json"]
    assert list(bench.registered(version)) == [file.path]
    assert list(bench.playlists("dailies")) == [[version.id]]
    assert bench.minutes(task) == 12
