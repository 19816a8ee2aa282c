"""Large files on their way to ShotGrid's storage, part by part."""

from __future__ import annotations

import os
import tracemalloc
from contextlib import closing
from pathlib import Path

import pytest
from practice import LEAVES_FILES_OPEN, SandboxBench, practice
from wetgate.connectors.shotgrid.uploads import PART
from wetgate.daemon.sandbox import Fault
from wetgate.schema.errors import TrackerRejected, TrackerUnavailable
from wetgate.schema.tracker import MediaKind

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of two whole parts and a bit."""
    path = tmp_path_factory.mktemp("film") / "review.mp4"
    path.write_bytes(os.urandom(1 << 20) * (2 * PART >> 20) + os.urandom(2 << 20))
    return path


def puts(bench: SandboxBench) -> list[str]:
    """The parts that went to the storage, by number."""
    return [call.path.rsplit("/", 1)[1] for call in bench.faults.calls if call.verb == "PUT"]


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
def test_large_files_survive(hosted: SandboxBench, film: Path, faults: list[Fault]) -> None:
    """A file in parts arrives whole through each fault, and is linked once."""
    version = hosted.new_version()
    hosted.faults.set(*faults)
    hosted.tracker.upload(version, MediaKind.MOVIE, film)
    hosted.faults.set()
    assert list(hosted.files(version)) == ["review.mp4"]
    assert hosted.movie(version) == film.read_bytes()


def test_a_cut_upload_goes_on(hosted: SandboxBench, film: Path) -> None:
    """After the storage was away for longer than one call waits, only what is missing is sent."""
    version = hosted.new_version()
    hosted.faults.set(Fault(path="/storage/*/2", status=503, times=99))
    with pytest.raises(TrackerUnavailable, match="kept"):
        hosted.tracker.upload(version, MediaKind.MOVIE, film)
    hosted.faults.set()
    hosted.tracker.upload(version, MediaKind.MOVIE, film)
    assert puts(hosted).count("1") == 1
    assert hosted.movie(version) == film.read_bytes()


def test_an_unlinked_upload_is_not_sent_again(hosted: SandboxBench, film: Path) -> None:
    """Where only the last step failed, the next call does only that."""
    version = hosted.new_version()
    hosted.faults.set(Fault(path="/upload/api_link_file", status=503))
    with pytest.raises(TrackerUnavailable):
        hosted.tracker.upload(version, MediaKind.MOVIE, film)
    hosted.faults.forget()
    hosted.tracker.upload(version, MediaKind.MOVIE, film)
    assert puts(hosted) == []
    assert list(hosted.files(version)) == ["review.mp4"]


@pytest.mark.parametrize("direct", [False, True])
def test_memory_stays_flat(tmp_path: Path, picture: Path, film: Path, direct: bool) -> None:
    """Neither way of sending holds the file in memory."""
    with practice(tmp_path / "site", direct_uploads=direct) as site, closing(SandboxBench(site, Fault())) as bench:
        version = bench.new_version()
        bench.tracker.upload(version, MediaKind.THUMBNAIL, picture)
        bench.faults.set(Fault(path="/storage/*", status=403, times=99), Fault(path="/upload/upload_file", status=413))
        tracemalloc.start()
        with pytest.raises((TrackerRejected, TrackerUnavailable)):
            bench.tracker.upload(version, MediaKind.MOVIE, film)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    # The server lives in this process and holds what it is sent: one part, or the whole form.
    held = PART if direct else film.stat().st_size
    assert peak < 2.5 * held + (8 << 20)
