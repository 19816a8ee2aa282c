"""What the doctor says of an ftrack site."""

from __future__ import annotations

import pytest
from practice_ftrack import LEAVES_FILES_OPEN, FtrackBench
from wetgate.connectors.ftrack import Ftrack, doctor
from wetgate.schema.errors import TrackerRejected

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


def test_a_wrong_key_is_named_without_being_shown(bench: FtrackBench) -> None:
    """The doctor says which setting is wrong; the key is in no message."""
    tracker = Ftrack(bench.site.sandbox.url, "wetgate", "not-the-key", timeout_seconds=2)
    (problem,) = tracker.check("PINE", [])
    assert "does not accept the user 'wetgate'" in problem.what
    assert "not-the-key" not in problem.what + problem.mend


def test_the_doctor_on_a_bare_site(bench: FtrackBench) -> None:
    """Missing group, project and asset type are named, and a project that goes by its full name."""
    project = bench.person.query("Project where name is PINE").one()
    project["full_name"] = "The Pine Show"
    project["status"] = "hidden"
    bench.person.commit()
    tracker = bench.connector(group="Nobody", asset_type="Holograms")
    said = " ".join(problem.what for problem in tracker.check("The Pine Show", [bench.ready]))
    assert all(word in said for word in ("'Nobody'", "'Holograms'", "hidden", "full name of the project 'PINE'"))
    with pytest.raises(TrackerRejected, match="Nobody"):
        tracker.tasks_for_us("PINE")


def test_a_wrong_clock_is_said(bench: FtrackBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor compares this machine's clock with the site's."""
    monkeypatch.setattr(doctor, "SKEW_SECONDS", -1.0)
    (problem,) = bench.tracker.check("PINE", [bench.ready])
    assert "clock" in problem.what
