"""Files that people attached: single ones, sequences, zips, and what must not come out of a zip."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest
from wetgate.daemon.desk.attached import Attached, is_pattern, unpack
from wetgate.schema.errors import BriefIncomplete
from wetgate.schema.tracker import Attachment


class Site:
    """Attachments by id, and how often each was fetched: the one call of a tracker that is needed here."""

    def __init__(self, **files: bytes) -> None:
        self.files = files
        self.fetched: list[str] = []

    def download(self, attachment: Attachment, folder: Path) -> Path:
        """As `Tracker.download`."""
        self.fetched.append(attachment.id)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / Path(attachment.name).name
        path.write_bytes(self.files[attachment.id])
        return path


def attached(folder: Path, site: Site, *names: tuple[str, str]) -> Attached:
    """What a task has: (id, name), oldest first."""
    files = [Attachment(id=key, name=name, url="", at=float(n)) for n, (key, name) in enumerate(names)]
    return Attached(site, files, folder)  # type: ignore[arg-type]  # only `download` is called


def test_of_one_name_the_newest_counts_and_is_fetched_once(tmp_path: Path) -> None:
    """A matte attached again under its old name replaces the old one; nothing is fetched twice."""
    site = Site(a1=b"old", a2=b"new")
    files = attached(tmp_path, site, ("a1", "matte.mov"), ("a2", "Matte.MOV"))
    path = files.path(" matte.mov ")
    assert path is not None
    assert path.read_bytes() == b"new"
    assert files.path("matte.mov") == path
    assert site.fetched == ["a2"]
    assert files.path("other.mov") is None


@pytest.mark.parametrize("pattern", ["matte.####.png", "matte.%04d.png", "matte.@.png", "Matte.#.PNG"])
def test_single_frames_are_a_sequence(tmp_path: Path, pattern: str) -> None:
    """Frames attached one by one are one folder under any usual pattern; a newer frame replaces its elder."""
    site = Site(a=b"1012", b=b"1013", c=b"other", d=b"1012 again")
    names = (("a", "matte.1012.png"), ("b", "matte.1013.png"), ("c", "paint.1012.png"), ("d", "matte.1012.png"))
    folder = attached(tmp_path, site, *names).path(pattern)
    assert folder is not None
    assert is_pattern(pattern)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "matte.1012.png": b"1012 again",
        "matte.1013.png": b"1013",
    }


def packed(path: Path, **files: bytes) -> Path:
    """A zip of names (`__` stands for a slash) and contents."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/"), data)
    return path


def test_a_zip_of_frames_is_a_folder(tmp_path: Path) -> None:
    """Folders inside, hidden files and a Mac's leftovers do not matter; a lone movie is a movie."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in ("roto/matte.1012.png", "roto/matte.1013.png", "__MACOSX/roto/._matte.1012.png", "roto/notes.txt"):
            archive.writestr(name, name.encode())
    folder = attached(tmp_path, Site(z=data.getvalue()), ("z", "matte.zip")).path("matte.zip")
    assert folder is not None
    assert sorted(path.name for path in folder.iterdir()) == ["matte.1012.png", "matte.1013.png"]
    movie = packed(tmp_path / "movie.zip", **{"matte_v2.mov": b"movie"})
    assert unpack(movie).name == "matte_v2.mov"


def test_nothing_leaves_a_zip_for_another_place(tmp_path: Path) -> None:
    """Names that climb out, absolute ones and links write nothing but plain frames in their own folder."""
    path = tmp_path / "in" / "evil.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../climbed.1001.png", b"1")
        archive.writestr("/etc/absolute.1002.png", b"2")
        archive.writestr("C:\\windows\\back.1003.png", b"3")
        link = zipfile.ZipInfo("link.1004.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    folder = unpack(path)
    assert sorted(one.name for one in folder.iterdir()) == ["absolute.1002.png", "back.1003.png", "climbed.1001.png"]
    assert not any(one.is_symlink() for one in folder.iterdir())
    assert sorted(one.name for one in tmp_path.rglob("*.png")) == sorted(one.name for one in folder.iterdir())


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"notes.txt": b""}, "holds no frames"),
        ({"a__m.1001.png": b"1", "b__m.1001.png": b"2"}, "twice"),
        ({"m.mov": b"1", "m.1001.png": b"2"}, "a movie and other files"),
    ],
)
def test_a_zip_that_cannot_be_used_is_told(tmp_path: Path, files: dict[str, bytes], says: str) -> None:
    """What is wrong with a zip is a sentence for its author, and nothing half unpacked is taken for whole."""
    with pytest.raises(BriefIncomplete, match=says):
        unpack(packed(tmp_path / "matte.zip", **files))
    assert not (tmp_path / "matte.frames").exists()


def test_broken_and_boastful_zips_are_told(tmp_path: Path) -> None:
    """A file that is no zip, and one that claims more than the disk holds, are refused before anything is written."""
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK no zip")
    with pytest.raises(BriefIncomplete, match="cannot be unpacked"):
        unpack(broken)
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("m.1001.png", b"x")
        archive.filelist[0].file_size = 10**13  # what the directory will claim
    with pytest.raises(BriefIncomplete, match="no room"):
        unpack(bomb)
    assert not list(tmp_path.rglob("*.png"))
