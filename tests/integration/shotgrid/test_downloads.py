"""Files on their way from ShotGrid."""

from __future__ import annotations

from pathlib import Path

import pytest
from elsewhere import Elsewhere
from practice import LEAVES_FILES_OPEN, SandboxBench
from wetgate.connectors.shotgrid.wire import Wire
from wetgate.daemon.sandbox import Fault
from wetgate.schema.errors import TrackerRejected, TrackerUnavailable

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


def test_downloads_are_bounded(bench: SandboxBench, picture: Path, tmp_path: Path) -> None:
    """A download that stalls ends and leaves nothing."""
    task = bench.make_task("cleanup")
    bench.write_note(task, "matte", [picture])
    (attachment,) = bench.tracker.brief(task).attachments
    bench.faults.set(Fault(path="/file_serve/*", action="slow", seconds=30))
    tracker = bench.connector(timeout_seconds=1.0)
    with pytest.raises(TrackerUnavailable, match="in time"):
        tracker.download(attachment, tmp_path / "got")
    assert list((tmp_path / "got").iterdir()) == []


def test_a_session_that_ran_out_is_renewed(bench: SandboxBench, picture: Path, tmp_path: Path) -> None:
    """The vendor's client keeps its session for ever, and the site a day: a download asks for another one, once."""
    task = bench.make_task("cleanup")
    bench.write_note(task, "matte", [picture])
    (attachment,) = bench.tracker.brief(task).attachments
    bench.tracker.download(attachment, tmp_path / "first")
    bench.site.sandbox.end_sessions()
    bench.faults.forget()
    assert bench.tracker.download(attachment, tmp_path / "second").read_bytes() == picture.read_bytes()
    assert [call.status for call in bench.faults.calls if call.path.startswith("/file_serve")] == [403, 200]
    bench.faults.set(Fault(path="/file_serve/*", status=403, times=9))
    bench.faults.forget()
    with pytest.raises(TrackerRejected, match="403"):
        bench.tracker.download(attachment, tmp_path / "third")
    assert len([call for call in bench.faults.calls if call.path.startswith("/file_serve")]) == 2


def test_a_session_stays_with_its_site(tmp_path: Path) -> None:
    """Neither another host's address nor a redirect there gets to see our session."""
    storage = Elsewhere()
    site = Elsewhere(moved_to=f"{storage.url}/bucket/file")
    wire = Wire(site.url, {"script_key": "key"}, 5.0)
    wire.fetch("a file", f"{site.url}/file_serve/attachment/1", tmp_path / "one", "session-token")
    wire.fetch("a file", f"{storage.url}/bucket/file", tmp_path / "two", "session-token")
    assert [one.get("cookie") for one in site.shown] == ["_session_id=session-token"]
    assert [one.get("cookie") for one in storage.shown] == [None, None]
    site.close()
    storage.close()
