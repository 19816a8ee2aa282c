"""What the doctor says of a ShotGrid site."""

from __future__ import annotations

from pathlib import Path

import pytest
from practice import LEAVES_FILES_OPEN, PROJECT, Practice, SandboxBench
from wetgate.connectors.shotgrid import ShotGrid
from wetgate.schema.errors import TrackerRejected

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


def test_a_wrong_key_is_named_without_being_shown(bench: SandboxBench) -> None:
    """The error says whose key is wrong and where to change it."""
    tracker = bench.kind(bench.url, "wetgate", "wrong-secret")
    with pytest.raises(TrackerRejected, match="script 'wetgate'") as caught:
        tracker.tasks_for_us(PROJECT)
    assert "wrong-secret" not in str(caught.value)
    assert "does not accept" in tracker.check(PROJECT, [])[0].what
    tracker.close()


def test_the_doctor_on_a_bare_site(bench: SandboxBench, site: Practice) -> None:
    """Missing key fields, group and statuses are each named with their mend."""
    sg = site.script()
    sg.schema_field_delete("Version", "sg_wetgate_key")
    tracker = bench.connector(group="Nobody")
    problems = tracker.check(PROJECT, ["rdy", "zzz"])
    assert len(problems) == 3
    assert "Version has no field 'sg_wetgate_key'" in " ".join(problem.what for problem in problems)
    assert "Add a text field 'Wetgate Key' to Version" in " ".join(problem.mend for problem in problems)


@pytest.mark.parametrize("kind", ["Version", "Note", "PublishedFile", "Playlist"])
def test_the_doctor_tries_what_may_be_created(site: Practice, tracker: ShotGrid, kind: str) -> None:
    """A right that is missing is named with its mend, and the trial leaves nothing on the site."""
    assert list(tracker.check(PROJECT, ["rdy"])) == []
    site.sandbox.deny("wetgate", f"create {kind}")
    (problem,) = tracker.check(PROJECT, ["rdy"])
    assert kind in problem.what
    assert f"may create {kind}" in problem.mend
    site.sandbox.deny("wetgate")
    assert site.coordinator().find(kind, []) == []
    assert site.coordinator().find("EventLogEntry", [["event_type", "is", f"Shotgun_{kind}_New"]]) == []


def test_the_doctor_knows_what_else_goes_wrong(site: Practice, tracker: ShotGrid, tmp_path: Path) -> None:
    """Storages that are not mounted here, fields that were removed, and a project that the script may not see."""
    sg = site.script()
    storage = sg.create("LocalStorage", {"code": "primary", "linux_path": str(tmp_path / "nowhere")})
    sg.schema_field_delete("Version", "sg_path_to_frames")
    problems = tracker.check(PROJECT, ["rdy"])
    assert any("None of the site's storages" in problem.what for problem in problems)
    assert any("Version has no field 'sg_path_to_frames'" in problem.what for problem in problems)
    assert len(problems) == 2
    sg.update("LocalStorage", storage["id"], {"linux_path": str(tmp_path)})
    other = site.sandbox.seed("OAK", "SQ01", ["SH010"])["project"]
    limited = sg.create("ApiUser", {"firstname": "limited", "salted_password": "limited-key", "projects": [other]})
    assert limited
    blind = ShotGrid(site.sandbox.url, "limited", "limited-key", timeout_seconds=5)
    assert any(f"no project '{PROJECT}'" in problem.what for problem in blind.check(PROJECT, []))
    assert not any("no project" in problem.what for problem in blind.check("OAK", []))
    blind.close()
