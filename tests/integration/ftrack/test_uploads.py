"""Files that go to ftrack's storage and come from it."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from elsewhere import Elsewhere
from practice_ftrack import LEAVES_FILES_OPEN, FtrackBench
from wetgate.connectors.contract import draft
from wetgate.daemon.sandbox import Fault
from wetgate.schema.errors import TrackerUnavailable
from wetgate.schema.tracker import EntityRef, MediaKind

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


MIB = 1 << 20


def big(tmp_path: Path, size: int) -> Path:
    """A file whose every MiB differs."""
    path = tmp_path / "big.mov"
    with path.open("wb") as out:
        for number in range(-(-size // MIB)):
            out.write(bytes([number % 251]) * min(MIB, size - number * MIB))
    return path


def stored(bench: FtrackBench, version: EntityRef) -> bytes:
    """What arrived of the version's only file."""
    (row,) = bench.rows(f"select id from FileComponent where version_id is {version.id}")
    return bench.site.sandbox.site.media.path(row["id"]).read_bytes()


def mp4(path: Path, width: int, height: int) -> Path:
    """The header of a movie, and no movie."""
    size = (width << 16).to_bytes(4, "big") + (height << 16).to_bytes(4, "big")

    def box(kind: bytes, body: bytes) -> bytes:
        return (len(body) + 8).to_bytes(4, "big") + kind + body

    tracks = box(b"trak", box(b"tkhd", bytes(84))) + box(b"trak", box(b"tkhd", bytes(76) + size))
    path.write_bytes(box(b"ftyp", b"isom") + box(b"moov", box(b"mvhd", bytes(100)) + tracks) + box(b"mdat", b"x" * 64))
    return path


def test_a_movie_can_be_played_and_has_a_thumbnail(bench: FtrackBench, tmp_path: Path) -> None:
    """The movie has the name and the facts that the player asks for; the thumbnail is the version's."""
    version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
    bench.tracker.upload(version, MediaKind.MOVIE, mp4(tmp_path / "SH010_v001.mp4", 1920, 800))
    picture = tmp_path / "SH010_v001.jpg"
    picture.write_bytes(b"jpeg")
    bench.tracker.upload(version, MediaKind.THUMBNAIL, picture)
    rows = bench.rows(f"select name, file_type, size, metadata from FileComponent where version_id is {version.id}")
    movie, thumbnail = sorted(rows, key=lambda row: str(row["name"]))
    assert (movie["name"], movie["file_type"], thumbnail["name"]) == ("ftrackreview-mp4", ".mp4", "thumbnail")
    told = {one["key"]: one["value"] for one in movie["metadata"]}
    assert json.loads(told["ftr_meta"]) == {
        "frameIn": 0,
        "frameOut": 23,
        "frameRate": 23.976,
        "width": 1920,
        "height": 800,
    }
    (row,) = bench.rows(f"select thumbnail_id from AssetVersion where id is {version.id}")
    assert row["thumbnail_id"] == thumbnail["id"]


def test_a_large_file_goes_in_parts(bench: FtrackBench, tmp_path: Path) -> None:
    """A file above 16 MiB is sent in parts of 8 MiB, of which a lost one alone is sent again."""
    version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
    path = big(tmp_path, 20 * MIB + 5)
    bench.faults.set(
        Fault(path="/component/part/*/2", action="drop"), Fault(path="/component/part/*/3", status=503, when="after")
    )
    bench.faults.forget()
    bench.tracker.upload(version, MediaKind.FILE, path)
    sent = [call.path.rsplit("/", 1)[-1] for call in bench.faults.calls if call.path.startswith("/component/part")]
    assert sorted(sent) == ["1", "2", "2", "3", "3"]
    assert stored(bench, version) == path.read_bytes()


def test_a_cut_upload_goes_on_where_it_was(bench: FtrackBench, tmp_path: Path) -> None:
    """After a cut the next try sends the parts that are missing and no others."""
    version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
    path = big(tmp_path, 30 * MIB)
    bench.faults.set(Fault(path="/component/part/*/3", action="drop", times=4))
    with pytest.raises(TrackerUnavailable, match="part 3"):
        bench.tracker.upload(version, MediaKind.FILE, path)
    assert bench.files(version) == []
    bench.faults.set()
    bench.faults.forget()
    bench.tracker.upload(version, MediaKind.FILE, path)
    sent = [call.path.rsplit("/", 1)[-1] for call in bench.faults.calls if call.path.startswith("/component/part")]
    assert sent == ["3", "4"]
    assert stored(bench, version) == path.read_bytes()


def test_a_file_that_changed_begins_anew(bench: FtrackBench, tmp_path: Path) -> None:
    """Parts of a file that has been written again since are not mixed with new ones."""
    version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
    path = big(tmp_path, 30 * MIB)
    bench.faults.set(Fault(path="/component/part/*/3", action="drop", times=4))
    with pytest.raises(TrackerUnavailable):
        bench.tracker.upload(version, MediaKind.FILE, path)
    bench.faults.set()
    path.write_bytes(path.read_bytes()[::-1])
    bench.tracker.upload(version, MediaKind.FILE, path)
    assert stored(bench, version) == path.read_bytes()


def test_a_storage_that_gave_up_is_asked_anew(bench: FtrackBench, tmp_path: Path) -> None:
    """Addresses that expired make the next try begin a new upload."""
    version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
    path = big(tmp_path, 20 * MIB)
    bench.faults.set(Fault(path="/component/part/*/2", status=403))
    with pytest.raises(TrackerUnavailable, match="part 2"):
        bench.tracker.upload(version, MediaKind.FILE, path)
    bench.tracker.upload(version, MediaKind.FILE, path)
    assert stored(bench, version) == path.read_bytes()


def test_only_the_site_sees_our_key(bench: FtrackBench, tmp_path: Path) -> None:
    """A file that lies in another house's storage is fetched without our credentials, also by way of a redirect."""
    task = bench.make_task("cleanup")
    path = tmp_path / "matte.png"
    path.write_bytes(b"matte")
    bench.write_note(task, "matte", [path])
    with closing(Elsewhere(b"from the storage")) as storage, closing(Elsewhere(moved_to=storage.url)) as first:
        bench.site.sandbox.site.base = first.url
        got = bench.tracker.download(bench.tracker.brief(task).attachments[0], tmp_path / "got")
    assert got.read_bytes() == b"from the storage"
    assert len(first.shown) == len(storage.shown) == 1
    assert not any(name.startswith("ftrack-") for name in (*first.shown[0], *storage.shown[0]))
