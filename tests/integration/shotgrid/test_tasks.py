"""What a task and its brief say on ShotGrid, and whose it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from practice import LEAVES_FILES_OPEN, PROJECT, Practice, SandboxBench
from wetgate.connectors.contract import draft
from wetgate.connectors.shotgrid import ShotGrid
from wetgate.schema.errors import TrackerRejected
from wetgate.schema.tracker import EntityRef

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


def test_a_person_may_be_the_trigger(bench: SandboxBench, site: Practice) -> None:
    """Instead of a group a person's name or login may be ours."""
    sg = site.coordinator()
    artist = sg.find_one("HumanUser", [["login", "is", "artist"]])
    made = site.task(sg, task_assignees=[artist])
    for name in ("artist", "Arto Artist"):
        tracker = bench.connector(group=name)
        assert [one.ref.id for one in tracker.tasks_for_us(PROJECT)] == [str(made["id"])]
    nobody = bench.connector(group="Nobody")
    with pytest.raises(TrackerRejected, match="Nobody"):
        nobody.tasks_for_us(PROJECT)
    nobody.close()


def test_what_people_drew(bench: SandboxBench, site: Practice, tracker: ShotGrid, tmp_path: Path) -> None:
    """Annotations of the web player and of RV come with their version and frame; other pictures are pictures."""
    made = bench.make_task("cleanup")
    version = tracker.publish(draft(bench, made))
    sg = site.coordinator()
    link = {"type": "Version", "id": int(version.id)}
    note = sg.create("Note", {"project": site.project, "content": "here", "note_links": [link, site.shot]})
    names = [f"annot_version_{version.id}.12.png", f"annot_version_{version.id}_v2.1015.jpg", "frame.png"]
    for name in names:
        (tmp_path / name).write_bytes(b"picture")
        sg.upload("Note", note["id"], str(tmp_path / name))
    found = {one.name: one for one in tracker.brief(made).attachments}
    assert [(found[name].drawn, found[name].frame) for name in names] == [(True, 11), (True, 14), (False, None)]
    assert {one.version.id for one in found.values() if one.version} == {version.id}
    assert all(one.version and one.at > 0 for one in found.values())


def test_a_task_has_what_its_site_gives_it(bench: SandboxBench, site: Practice, tracker: ShotGrid) -> None:
    """Step, tags, due date and priority come along; a site's own task type goes before the step."""
    sg = site.coordinator()
    step = sg.find_one("Step", [["code", "is", "Cleanup"]])
    tag = sg.create("Tag", {"name": "rush"})
    made = site.task(sg, step=step, tags=[tag], due_date="2026-12-01", sg_priority_1="1_Tier")
    ref = EntityRef(type="Task", id=str(made["id"]))
    found = tracker.task(ref)
    assert (found.step, found.kind, found.tags, found.due) == ("Cleanup", "Cleanup", ("rush",), "2026-12-01")
    assert found.priority == 100
    site.script().schema_field_create("Task", "list", "Task Type", {"valid_values": ["paint", "roto"]})
    sg.update("Task", made["id"], {"sg_task_type": "paint"})
    again = bench.connector()
    assert (again.task(ref).kind, again.task(ref).step) == ("paint", "Cleanup")
    again.close()
