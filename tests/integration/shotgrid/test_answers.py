"""What ShotGrid answers instead of an answer, and to whom it does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from alike import Answers, Logins
from ports import free_port
from practice import LEAVES_FILES_OPEN, PROJECT, Practice, SandboxBench
from wetgate.connectors.contract import draft, retried
from wetgate.connectors.shotgrid import ShotGrid
from wetgate.daemon.sandbox import Fault, Sandbox
from wetgate.schema.errors import AmbiguousResult, TrackerRejected, TrackerUnavailable
from wetgate.schema.tracker import MediaKind

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


class TestAnswers(Answers):
    """Against the practice site."""

    most_tries = 1


class TestLogins(Logins):
    """Against the practice site."""


def test_a_stale_connection_is_no_error(tmp_path: Path) -> None:
    """A site that was restarted between two calls is read, and written once."""
    port = free_port()
    box = Sandbox(tmp_path / "box", port=port)
    box.start()
    box.seed(PROJECT, "SQ01", ["SH010"])
    tracker = ShotGrid(box.url, "wetgate", box.script_key, timeout_seconds=2.0)
    assert tracker.find_version("none") is None
    box.stop()
    again = Sandbox(tmp_path / "box", port=port)
    again.start()
    assert tracker.find_version("none") is None
    again.stop()
    with pytest.raises(TrackerUnavailable, match="cannot be reached"):
        tracker.find_version("none")
    tracker.close()


def test_a_slow_write_may_have_arrived(bench: SandboxBench) -> None:
    """A write that takes too long is in doubt; the next try finds it."""
    made = bench.make_task("cleanup")
    version = draft(bench, made)
    tracker = bench.connector(timeout_seconds=1.0)
    retried(tracker.publish, draft(bench, made, "warm"))
    bench.faults.set(Fault(method="create", action="slow", when="after", seconds=30))
    with pytest.raises(AmbiguousResult):
        tracker.publish(version)
    bench.faults.set()
    retried(tracker.publish, version)
    assert bench.versions(version.key) == 1


def test_rights_that_end_in_the_middle(bench: SandboxBench, site: Practice, tracker: ShotGrid) -> None:
    """A right that is taken away is a refusal at the very next call, and back it works as if nothing had been."""
    made = bench.make_task("cleanup")
    version = draft(bench, made)
    ref = tracker.publish(version)
    site.sandbox.deny("wetgate", "update Task.sg_status_list", "create Attachment")
    with pytest.raises(TrackerRejected, match="sg_status_list"):
        tracker.set_status(made, "ip")
    picture = site.sandbox.access.key_file
    with pytest.raises(TrackerRejected, match="cannot be created"):
        tracker.upload(ref, MediaKind.FILE, picture)
    site.sandbox.deny("wetgate")
    tracker.set_status(made, "ip")
    assert tracker.publish(version).id == ref.id
