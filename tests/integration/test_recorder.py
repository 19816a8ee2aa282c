"""A site's traffic as a file: nothing secret in it, and enough to play the site from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from practice import LEAVES_FILES_OPEN, Practice, SandboxBench, practice
from wetgate.connectors.shotgrid import ShotGrid
from wetgate.daemon.recorder import Recorder, Replay
from wetgate.daemon.recorder.cleaning import Cleaner
from wetgate.daemon.recorder.recording import Head, read_recording
from wetgate.daemon.sandbox import Fault
from wetgate.schema.errors import ConfigError, TrackerUnavailable
from wetgate.schema.tracker import EntityRef

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)
HEAD = Head(kind="shotgrid", wetgate="0", client="shotgun-api3")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Practice]:
    """A practice site."""
    with practice(tmp_path / "site") as made:
        yield made


def recorded(site: Practice, path: Path, picture: Path) -> EntityRef:
    """A task with a brief and an attachment, read through the recorder; the task."""
    bench = SandboxBench(site, Fault())
    task = bench.make_task("cleanup", "finding: F1\nask: jo.smith@studio-seven.com")
    bench.write_note(task, "matte: frame.png", [picture])
    with Recorder(site.sandbox.url, path, HEAD, [site.sandbox.script_key]) as recorder:
        tracker = ShotGrid(recorder.url, "wetgate", site.sandbox.script_key, timeout_seconds=10)
        (attachment,) = tracker.brief(task).attachments
        tracker.download(attachment, path.parent / "got")
        tracker.events(None)
        assert [one.ref.id for one in tracker.tasks_for_us(bench.project)] == [task.id]
        tracker.close()
        assert recorder.count > 4
    bench.close()
    return task


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Bytes that must not leave the site."""
    path = tmp_path / "frame.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"a frame of the film" * 50)
    return path


def test_nothing_secret_is_kept(site: Practice, tmp_path: Path, picture: Path) -> None:
    """Neither key, password, session, picture nor address stands in the file; what people wrote does."""
    path = tmp_path / "site.jsonl"
    recorded(site, path, picture)
    text = path.read_text(encoding="utf-8")
    for secret in (site.sandbox.script_key, site.sandbox.access.coordinator_password, "studio-seven", "a frame of the"):
        assert secret not in text
    assert "person-1@example.com" in text
    assert "finding: F1" in text
    head, exchanges = read_recording(path)
    assert head == HEAD
    sent = [one for one in exchanges if one.answered.omitted_bytes]
    assert [one.answered.omitted_bytes for one in sent] == [picture.stat().st_size]


def test_a_recording_plays_the_site(site: Practice, tmp_path: Path, picture: Path) -> None:
    """A connector with other credentials reads the same from the file as from the site, and asks nothing new."""
    path = tmp_path / "site.jsonl"
    task = recorded(site, path, picture)
    tracker = ShotGrid(site.sandbox.url, "wetgate", site.sandbox.script_key)
    real = tracker.brief(task)
    tracker.close()
    with Replay(path) as replay:
        played = ShotGrid(replay.url, "wetgate", "another-key")
        brief = played.brief(task)
        assert [one.ref.id for one in played.tasks_for_us("PINE")] == [task.id]
        played.close()
        assert replay.strange == []
    assert [note.text for note in brief.notes] == [note.text for note in real.notes]
    assert brief.task == real.task
    assert brief.description == real.description.replace("jo.smith@studio-seven.com", "person-1@example.com")


def test_a_question_that_nobody_asked_is_named(site: Practice, tmp_path: Path, picture: Path) -> None:
    """A replay does not invent: what was never recorded fails, and is listed."""
    path = tmp_path / "site.jsonl"
    recorded(site, path, picture)
    with Replay(path) as replay:
        tracker = ShotGrid(replay.url, "wetgate", "k")
        with pytest.raises(Exception, match="404"):
            tracker.find_version("never-asked")
        tracker.close()
        assert any("never-asked" in one for one in replay.strange)


def test_a_site_that_breaks_off_is_part_of_the_recording(site: Practice, tmp_path: Path) -> None:
    """A dropped connection reaches the client as a fault, is kept, and is not played as an answer."""
    path = tmp_path / "site.jsonl"
    site.faults.set(Fault(path="/api3/json", action="drop", times=9))
    with Recorder(site.sandbox.url, path, HEAD, [site.sandbox.script_key]) as recorder:
        tracker = ShotGrid(recorder.url, "wetgate", site.sandbox.script_key, timeout_seconds=5)
        with pytest.raises(TrackerUnavailable):
            tracker.events(None)
        tracker.close()
    assert {one.status for one in read_recording(path)[1]} == {0}


def test_a_recording_is_never_written_over(tmp_path: Path) -> None:
    """A file of that name is kept, and named."""
    path = tmp_path / "site.jsonl"
    path.write_text("precious")
    with pytest.raises(ConfigError, match=r"site\.jsonl"):
        Recorder("http://127.0.0.1:1", path, HEAD, [])
    assert path.read_text() == "precious"


def test_a_cut_off_recording_is_read(site: Practice, tmp_path: Path, picture: Path) -> None:
    """A kill in the middle of a line costs that line; damage elsewhere is named by its line."""
    path = tmp_path / "site.jsonl"
    recorded(site, path, picture)
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole[:-40], encoding="utf-8")
    assert len(read_recording(path)[1]) == whole.count("\n") - 2
    lines = whole.splitlines()
    path.write_text("\n".join([lines[0], "{}", *lines[2:]]), encoding="utf-8")
    with pytest.raises(ConfigError, match="line 2"):
        read_recording(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("script_key", "s3cr3t-value"),
        ("user_password", "s3cr3t-value"),
        ("access_token", "s3cr3t-value"),
        ("ftrack-api-key", "s3cr3t-value"),
        ("apiKey", "s3cr3t-value"),
        ("url", "https://bucket.example.com/part?X-Amz-Signature=s3cr3t-value&partNumber=2"),
        ("url", "https://user:s3cr3t-value@studio.example.com/x"),
    ],
)
def test_secrets_go_by_their_names(name: str, value: str) -> None:
    """Where a field or an address's query is named like a secret, its value is hidden, and later wherever it stands."""
    clean = Cleaner(())
    assert "s3cr3t-value" not in str(clean.value({name: value}))
    if "://" not in value:
        assert "s3cr3t-value" not in str(clean.value({"message": "no access with s3cr3t-value"}))
