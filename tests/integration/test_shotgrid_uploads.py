"""The connector's uploads and downloads, wherever they break: whole in the end, and once."""

from __future__ import annotations

import os
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from practice import LEAVES_FILES_OPEN, Practice, SandboxBench, practice
from wetgate.connectors.contract import draft
from wetgate.connectors.shotgrid import ShotGrid
from wetgate.connectors.shotgrid.uploads import PART
from wetgate.connectors.shotgrid.wire import Wire
from wetgate.daemon.sandbox import Fault
from wetgate.schema.errors import AmbiguousResult, TrackerRejected, TrackerUnavailable
from wetgate.schema.tracker import EntityRef, FileDraft, MediaKind

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Practice]:
    """A site that takes files by form alone."""
    with practice(tmp_path / "site") as made:
        yield made


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[Practice]:
    """A site that takes files through its storage, as hosted ones do."""
    with practice(tmp_path / "hosted", direct_uploads=True) as made:
        yield made


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of two whole parts and a bit."""
    path = tmp_path_factory.mktemp("film") / "review.mp4"
    path.write_bytes(os.urandom(1 << 20) * (2 * PART >> 20) + os.urandom(2 << 20))
    return path


def new_version(site: Practice) -> tuple[SandboxBench, EntityRef]:
    """A bench and a version to put files on."""
    bench = SandboxBench(site, Fault())
    return bench, bench.tracker.publish(draft(bench, bench.make_task("cleanup")))


def impatient(site: Practice) -> ShotGrid:
    """A connector that waits for next to nothing."""
    return ShotGrid(site.sandbox.url, "wetgate", site.sandbox.script_key, timeout_seconds=0.3)


def arrived(site: Practice, version: EntityRef) -> bytes:
    """The movie as the vendor's client downloads it."""
    sg = site.coordinator()
    row = sg.find_one("Version", [["id", "is", int(version.id)]], ["sg_uploaded_movie"])
    data: bytes = sg.download_attachment(row["sg_uploaded_movie"])
    return data


def puts(site: Practice) -> list[str]:
    """The parts that went to the storage, by number."""
    return [call.path.rsplit("/", 1)[1] for call in site.faults.calls if call.verb == "PUT"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_slow_upload_is_bounded(site: Practice, tmp_path: Path, when: str) -> None:
    """An upload whose answer does not come is looked for, found, and not sent again."""
    movie = tmp_path / "review.mp4"
    movie.write_bytes(b"m" * 5000)
    bench, version = new_version(site)
    tracker = impatient(site)
    site.faults.set(Fault(path="/upload/*", action="slow", when=when, seconds=0.8))
    began = time.monotonic()
    tracker.upload(version, MediaKind.MOVIE, movie)
    assert time.monotonic() - began < 3
    assert list(bench.files(version)) == ["review.mp4"]
    tracker.close()
    bench.close()


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
def test_upload_errors_by_kind(site: Practice, tmp_path: Path, fault: Fault, error: type[Exception]) -> None:
    """What a form is answered with says whether another try is worth it; then the file is there once."""
    bench, version = new_version(site)
    report = tmp_path / 'report "1".json'
    report.write_text("{}")
    site.faults.set(fault)
    with pytest.raises(error) as caught:
        bench.tracker.upload(version, MediaKind.FILE, report)
    assert bench.secret not in str(caught.value)
    assert list(bench.files(version)) == []
    site.faults.set()
    bench.tracker.upload(version, MediaKind.FILE, report)
    assert list(bench.files(version)) == [report.name]
    bench.close()


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
def test_small_files_survive(hosted: Practice, tmp_path: Path, faults: list[Fault]) -> None:
    """Whatever the storage does and wherever an answer is lost, one call brings a file of each kind, once."""
    small = tmp_path / "review.mp4"
    small.write_bytes(bytes(range(256)) * 300)
    bench, version = new_version(hosted)
    for kind in MediaKind:
        hosted.faults.set(*faults)
        bench.tracker.upload(version, kind, small)
        hosted.faults.set()
        bench.tracker.upload(version, kind, small)
    assert list(bench.files(version)) == ["review.mp4"] * len(MediaKind)
    assert arrived(hosted, version) == small.read_bytes()
    bench.close()


@pytest.mark.parametrize(
    "faults",
    [
        [],
        [Fault(path="/storage/*/2", status=503), Fault(path="/storage/*/3", action="drop")],
        [Fault(path="/storage/*/2", status=403), Fault(path="/storage/*/1", action="drop", when="after")],
        [Fault(path="/storage/*", action="strip", headers={"ETag": ""}, times=9)],
        [Fault(path="/upload/api_complete_multipart_upload", status=504, when="after")],
        [Fault(path="/upload/api_complete_multipart_upload", status=504, when="before")],
        [Fault(path="/upload/api_get_upload_link_for_part", nth=2, status=502)],
        [Fault(path="/upload/api_link_file", action="drop", when="after")],
    ],
    ids=[
        "none",
        "busy and cut",
        "expired and lost",
        "no ETag",
        "joined unseen",
        "not joined",
        "no link",
        "linked unseen",
    ],
)
def test_large_files_survive(hosted: Practice, film: Path, faults: list[Fault]) -> None:
    """A file in parts arrives whole through each fault, and is linked once."""
    bench, version = new_version(hosted)
    hosted.faults.set(*faults)
    bench.tracker.upload(version, MediaKind.MOVIE, film)
    hosted.faults.set()
    assert list(bench.files(version)) == ["review.mp4"]
    assert arrived(hosted, version) == film.read_bytes()
    bench.close()


def test_a_cut_upload_goes_on(hosted: Practice, film: Path) -> None:
    """After the storage was away for longer than one call waits, only what is missing is sent."""
    bench, version = new_version(hosted)
    hosted.faults.set(Fault(path="/storage/*/2", status=503, times=99))
    with pytest.raises(TrackerUnavailable, match="kept"):
        bench.tracker.upload(version, MediaKind.MOVIE, film)
    hosted.faults.set()
    bench.tracker.upload(version, MediaKind.MOVIE, film)
    assert puts(hosted).count("1") == 1
    assert arrived(hosted, version) == film.read_bytes()
    bench.close()


def test_an_unlinked_upload_is_not_sent_again(hosted: Practice, film: Path) -> None:
    """Where only the last step failed, the next call does only that."""
    bench, version = new_version(hosted)
    hosted.faults.set(Fault(path="/upload/api_link_file", status=503))
    with pytest.raises(TrackerUnavailable):
        bench.tracker.upload(version, MediaKind.MOVIE, film)
    hosted.faults.forget()
    bench.tracker.upload(version, MediaKind.MOVIE, film)
    assert puts(hosted) == []
    assert list(bench.files(version)) == ["review.mp4"]
    bench.close()


def test_a_file_that_changes_is_refused(hosted: Practice, tmp_path: Path) -> None:
    """A movie that is still being written is not published half."""
    movie = tmp_path / "review.mp4"
    movie.write_bytes(b"m" * 1000)
    bench, version = new_version(hosted)
    hosted.faults.set(Fault(path="/storage/*", action="slow", seconds=0.5))

    writer = threading.Timer(0.2, movie.write_bytes, [b"m" * 2000])
    writer.start()
    with pytest.raises(TrackerRejected, match="changed"):
        bench.tracker.upload(version, MediaKind.MOVIE, movie)
    writer.join()
    assert list(bench.files(version)) == []
    bench.tracker.upload(version, MediaKind.MOVIE, movie)
    assert arrived(hosted, version) == movie.read_bytes()
    bench.close()


@pytest.mark.parametrize("direct", [False, True])
def test_memory_stays_flat(tmp_path: Path, film: Path, direct: bool) -> None:
    """Neither way of sending holds the file in memory."""
    folder = tmp_path / "site"
    with practice(folder, direct_uploads=direct) as site:
        bench, version = new_version(site)
        bench.tracker.upload(version, MediaKind.THUMBNAIL, _picture(tmp_path))
        site.faults.set(Fault(path="/storage/*", status=403, times=99), Fault(path="/upload/upload_file", status=413))
        tracemalloc.start()
        with pytest.raises((TrackerRejected, TrackerUnavailable)):
            bench.tracker.upload(version, MediaKind.MOVIE, film)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        bench.close()
    # The server lives in this process and holds what it is sent: one part, or the whole form.
    held = PART if direct else film.stat().st_size
    assert peak < 2.5 * held + (8 << 20)


def test_downloads_are_bounded(site: Practice, tmp_path: Path) -> None:
    """A download that stalls ends and leaves nothing."""
    bench = SandboxBench(site, Fault())
    task = bench.make_task("cleanup")
    bench.write_note(task, "matte", [_picture(tmp_path)])
    (attachment,) = bench.tracker.brief(task).attachments
    site.faults.set(Fault(path="/file_serve/*", action="slow", seconds=1.0))
    tracker = impatient(site)
    with pytest.raises(TrackerUnavailable, match="in time"):
        tracker.download(attachment, tmp_path / "got")
    assert list((tmp_path / "got").iterdir()) == []
    tracker.close()
    bench.close()


class Listener:
    """A server that remembers the cookies it was sent, and may send its visitors elsewhere."""

    def __init__(self, elsewhere: str = "") -> None:
        cookies: list[str | None] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                cookies.append(self.headers["Cookie"])
                self.send_response(302 if elsewhere else 200)
                if elsewhere:
                    self.send_header("Location", elsewhere)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.cookies = cookies
        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def test_a_session_stays_with_its_site(tmp_path: Path) -> None:
    """Neither another host's address nor a redirect there gets to see our session."""
    storage = Listener()
    site = Listener(f"{storage.url}/bucket/file")
    wire = Wire(site.url, {"script_key": "key"}, 5.0)
    wire.fetch("a file", f"{site.url}/file_serve/attachment/1", tmp_path / "one", "session-token")
    wire.fetch("a file", f"{storage.url}/bucket/file", tmp_path / "two", "session-token")
    assert site.cookies == ["_session_id=session-token"]
    assert storage.cookies == [None, None]
    site.close()
    storage.close()


def test_two_at_once_leave_one_of_each(site: Practice, tmp_path: Path) -> None:
    """Two daemons that add the same file, published file, playlist and time at once leave one of each."""
    bench, version = new_version(site)
    task = bench.make_task("timed")
    report = tmp_path / "report.json"
    report.write_text("{}")
    file = FileDraft(name="SH010", kind="Movie", path="/show/SH010/review.mp4", number=1)
    slow = Fault(action="slow", seconds=0.4, times=2)
    kinds = ("PublishedFile", "Playlist", "TimeLog")
    site.faults.set(
        slow.model_copy(update={"path": "/upload/*"}),
        *(slow.model_copy(update={"method": "create", "contains": f'"type": "{kind}"'}) for kind in kinds),
    )
    meet = threading.Barrier(2)

    def work() -> None:
        tracker = ShotGrid(site.sandbox.url, "wetgate", site.sandbox.script_key, timeout_seconds=5)
        steps: tuple[Callable[[], None], ...] = (
            lambda: tracker.upload(version, MediaKind.FILE, report),
            lambda: tracker.register(version, [file]),
            lambda: tracker.playlist(bench.project, "dailies", version),
            lambda: tracker.log_time(task, "time-1", "2026-11-25", 12),
        )
        for step in steps:
            meet.wait()
            step()
        tracker.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(call.fault for call in site.faults.calls) == 2 * (1 + len(kinds))
    assert list(bench.files(version)) == ["report.json"]
    assert list(bench.registered(version)) == [file.path]
    assert list(bench.playlists("dailies")) == [[version.id]]
    assert bench.minutes(task) == 12
    bench.close()


def _picture(folder: Path) -> Path:
    path = folder / "frame.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500))
    return path
