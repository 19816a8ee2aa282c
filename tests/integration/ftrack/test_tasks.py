"""What a task and its brief say on ftrack, and whose it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from practice_ftrack import LEAVES_FILES_OPEN, FtrackBench
from wetgate.connectors.contract import draft

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


def test_a_task_says_how_urgent_and_what_kind_it_is(bench: FtrackBench) -> None:
    """Priority, due date, task type and scopes come with the task."""
    task = bench.make_task("cleanup")
    assert bench.tracker.task(task).priority == 50
    entity = bench.person.get("Task", task.id)
    entity["priority"] = bench.person.query("Priority where name is Urgent").one()
    entity["type"] = bench.person.query("Type where name is Cleanup").one()
    entity["end_date"] = "2026-12-24T00:00:00"
    entity["scopes"].append(bench.person.ensure("Scope", {"name": "wires"}))
    bench.person.commit()
    found = bench.tracker.task(task)
    assert (found.priority, found.due, found.kind, found.tags) == (90, "2026-12-24", "Cleanup", ("wires",))


def test_what_is_drawn_over_a_version_is_marked(bench: FtrackBench, tmp_path: Path) -> None:
    """A picture on a note about a frame of a version is a drawing on that frame; others are plain files."""
    task = bench.make_task("cleanup")
    version = bench.tracker.publish(draft(bench, task))
    picture, plain = tmp_path / "annotated.png", tmp_path / "matte.png"
    for path in (picture, plain):
        path.write_bytes(b"\x89PNG\r\n" + path.name.encode())
    bench.note(version, "this wire", [picture], frame_number=17)
    old = {"key": "reviewFrame", "value": json.dumps({"number": 3})}
    older = bench.note(version, "and this", [picture])
    bench.person.create("Metadata", {"parent_id": older, "parent_type": "Note", **old})
    bench.person.commit()
    bench.note(task, "a matte", [plain], frame_number=17)
    found = bench.tracker.brief(task).attachments
    assert [(one.name, one.drawn, one.frame) for one in found] == [
        ("annotated.png", True, 17),
        ("annotated.png", True, 3),
        ("matte.png", False, None),
    ]
    assert found[0].version is not None
    assert found[0].version.id == version.id
    assert bench.tracker.download(found[0], tmp_path / "got").read_bytes() == picture.read_bytes()


def test_files_put_on_the_task_itself_are_attachments(bench: FtrackBench, tmp_path: Path) -> None:
    """What people upload to a task, which the site keeps as a version, is read; versions of others are not."""
    task = bench.make_task("cleanup")
    path = tmp_path / "plate_matte.mov"
    path.write_bytes(b"matte")
    person = bench.person
    location = person.query("Location where name is ftrack.server").one()
    shot = bench.tracker.task(task).entity
    assert shot is not None
    for short in ("upload", "comp"):
        asset = person.create(
            "Asset",
            {
                "name": short,
                "context_id": shot.id,
                "type": person.query(f"AssetType where short is {short}").one(),
            },
        )
        version = person.create("AssetVersion", {"asset": asset, "task_id": task.id})
        person.commit()
        version.create_component(str(path), {"name": path.stem}, location)
        version.create_component(str(path), {"name": "ftrackreview-mp4"}, location)
    person.commit()
    (found,) = bench.tracker.brief(task).attachments
    assert found.name == path.name
    assert bench.tracker.download(found, tmp_path / "got").read_bytes() == b"matte"


def test_a_person_or_our_own_user_may_be_the_trigger(bench: FtrackBench) -> None:
    """The group's setting may name a person; tasks of the API user itself are always ours."""
    theirs = bench.make_task("of the artist", ours=False)
    direct = bench.make_task("of the robot", ours=False)
    robot = bench.person.query("User where username is wetgate").one()
    bench.person.create("Appointment", {"context_id": direct.id, "resource": robot, "type": "assignment"})
    bench.person.commit()
    tracker = bench.connector(group="artist")
    assert {task.ref.id for task in tracker.tasks_for_us("PINE")} == {theirs.id, direct.id}
    assert [task.ref.id for task in bench.tracker.tasks_for_us("PINE")] == [direct.id]


def test_a_task_assigned_twice_is_one(bench: FtrackBench) -> None:
    """A task of the group and of our user is in the sweep once."""
    task = bench.make_task("cleanup")
    robot = bench.person.query("User where username is wetgate").one()
    bench.person.create("Appointment", {"context_id": task.id, "resource": robot, "type": "assignment"})
    bench.person.commit()
    assert [one.ref.id for one in bench.tracker.tasks_for_us("PINE")] == [task.id]
