"""What a task says on Kitsu, whose it is, and what people answer to it."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from gazu import client as raw
from kitsu_site import KitsuBench, Studio
from wetgate.connectors.contract import draft
from wetgate.schema.errors import TrackerRejected
from wetgate.schema.tracker import Ability, EntityRef

pytestmark = pytest.mark.services


def test_a_task_in_full(studio: Studio, bench: KitsuBench) -> None:
    """Priority, due date, type, department and the shot with its sequence, in words of every tracker."""
    made = studio.task(
        bench.shot, "main", "ready", [studio.bot], priority=3, due_date="2026-12-01T00:00:00", description="source: B"
    )
    task = bench.tracker.task(EntityRef(type="Task", id=made["id"]))
    # Nobody named it, so that its type does.
    assert (task.name, task.kind, task.step) == ("Compositing", "Compositing", "Compositing")
    assert (task.priority, task.due) == (100, "2026-12-01")
    assert task.entity is not None
    assert (task.entity.type, task.entity.name) == ("Shot", "SQ01_SH010")
    normal = bench.tracker.task(bench.make_task("normal"))
    assert (normal.priority, normal.due) == (50, None)


def test_more_tasks_than_an_address_holds(studio: Studio, bench: KitsuBench) -> None:
    """Their ids, and those of their shots, are asked for in questions that the site's server still reads."""
    shots = [studio.shot({"id": bench.shot["project_id"]}, name=f"SH{number:04d}") for number in range(120)]
    made = {studio.task(shot, "cleanup", "ready", [studio.bot])["id"] for shot in shots}
    found = bench.connector().tasks_for_us(bench.project)
    assert {task.ref.id for task in found} == made
    assert {task.entity.name for task in found if task.entity} == {f"SQ01_SH{number:04d}" for number in range(120)}
    assert {task.ref.id for task in bench.connector().tasks_for_us(bench.project, only=made)} == made


def test_a_department_or_a_person_may_be_the_trigger(studio: Studio, bench: KitsuBench, task: EntityRef) -> None:
    """Kitsu has no groups: a name, an e-mail or a department of the team says whose tasks are ours."""
    department = raw.post(
        "data/departments", {"name": f"Restoration {bench.project}", "color": "#00FF00"}, client=studio.admin
    )
    raw.post(
        f"actions/persons/{studio.artist['id']}/departments/add",
        {"department_id": department["id"]},
        client=studio.admin,
    )
    other = bench.make_task("by department", ours=False)
    expected = {studio.bot["email"]: task.id, "Wetgate": task.id, "Arto Artist": other.id, department["name"]: other.id}
    for group, number in expected.items():
        found = bench.connector(group=group).tasks_for_us(bench.project)
        assert [one.ref.id for one in found] == [number], group
    with pytest.raises(TrackerRejected, match="Nobody here"):
        bench.connector(group="Nobody here").tasks_for_us(bench.project)
    assert Ability.GROUPS not in bench.tracker.abilities


def test_people_answer_in_every_way(studio: Studio, bench: KitsuBench, task: EntityRef, tmp_path: Path) -> None:
    """Checklists, replies to us, files in replies and what others publish are read; each about its own version."""
    version = bench.tracker.publish(draft(bench, task))
    home = bench.preview(version)["comments"][0]
    comment = studio.comment(task.id, "see list", "retake")
    ticks = [{"text": "edge: softer", "checked": False}, {"text": "matte: wider", "checked": True}]
    raw.put(f"data/comments/{comment['id']}", {"checklist": ticks}, client=studio.admin)
    sketch = tmp_path / "sketch.png"
    cv2.imwrite(str(sketch), cv2.UMat(20, 20, cv2.CV_8UC3).get())
    path = f"data/tasks/{task.id}/comments/{home}/reply"
    raw.upload(path, str(sketch), data={"text": "use take 3"}, client=studio.person)
    theirs = studio.comment(task.id, "my own try")
    made = raw.post(f"actions/tasks/{task.id}/comments/{theirs['id']}/add-preview", {}, client=studio.person)
    raw.upload(f"pictures/preview-files/{made['id']}", str(sketch), client=studio.person)
    studio.comment(task.id, "about mine")
    brief = bench.tracker.brief(task)
    people = {note.text: note for note in brief.notes if not note.by_us}
    assert set(people) == {"see list\nedge: softer\nmatte: wider", "use take 3", "my own try", "about mine"}
    assert people["use take 3"].version == version
    assert people["see list\nedge: softer\nmatte: wider"].version == version
    assert people["about mine"].version is None
    assert [one.name for one in brief.attachments] == ["sketch.png", "sketch.png"]
    for place, attachment in enumerate(brief.attachments):
        got = bench.tracker.download(attachment, tmp_path / str(place))
        assert cv2.imread(str(got)) is not None
