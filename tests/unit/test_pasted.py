"""A task as people paste it from their tracker."""

from __future__ import annotations

import time

import pytest
from wetgate.daemon.cli.pasted import pasted_task, task_id
from wetgate.daemon.store import Database
from wetgate.daemon.store.tasks import Tasks
from wetgate.schema.errors import ConfigError, EntityNotFound
from wetgate.schema.settings import TrackerSettings
from wetgate.schema.tables import TaskRow

ONE, OTHER = "3ab1e4d0-0d5c-4f0e-9d57-6a4be2c0a111", "77777777-aaaa-bbbb-cccc-6a4be2c0a222"
SHOTGRID, FTRACK, KITSU = "https://pine.shotgrid.autodesk.com", "https://pine.ftrackapp.com", "https://kitsu.example"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("5812", "5812"),
        (" #5812 ", "5812"),
        ("Task 5812", "5812"),
        ("Task_5812", "5812"),
        (f"{SHOTGRID}/detail/Task/5812", "5812"),
        (f"<{SHOTGRID}/detail/Task/5812>", "5812"),
        (f"{SHOTGRID}/detail/Task/5812/activity?entity_id=88", "5812"),
        (f"{SHOTGRID}/page/7412#Task_5812", "5812"),
        (f"{SHOTGRID}/page/7412?layout=Default#Task_5812_cleanup", "5812"),
        (ONE, ONE),
        (ONE.upper(), ONE),
        (f"{FTRACK}/#slideEntityId={ONE}&slideEntityType=task&view=tasks&itemId=projects&entityId={OTHER}"
         "&entityType=show", ONE),
        (f"{FTRACK}/#entityId={ONE}&entityType=task&itemId=projects&view=overview", ONE),
        (f"{FTRACK}/#type=task&id={ONE}", ONE),
        (f"{KITSU}/productions/{OTHER}/shots/tasks/{ONE}", ONE),
        (f"{KITSU}/productions/{OTHER}/episodes/{OTHER}/shots/tasks/{ONE}/comments/{OTHER}", ONE),
        (f"{KITSU}/productions/{OTHER}/assets/tasks/{ONE}?section=infos", ONE),
    ],
)  # fmt: skip
def test_each_trackers_address_names_its_task(text: str, wanted: str) -> None:
    """Numbers and addresses of all three, with what else a browser's line holds."""
    assert task_id(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cleanup",
        f"{SHOTGRID}/detail/Shot/5812",
        f"{SHOTGRID}/page/7412",
        f"{FTRACK}/#entityId={ONE}&entityType=show",
        f"{KITSU}/productions/{OTHER}/shots/{ONE}",
    ],
)
def test_an_address_of_something_else_is_no_task(text: str) -> None:
    """It is said, with what to paste."""
    with pytest.raises(ConfigError, match=r"names no task\. Give the task's number, or its address"):
        task_id(text)


def test_the_address_tells_two_trackers_tasks_apart(database: Database) -> None:
    """One number in two trackers: the number alone is asked about, the address is not."""
    trackers = {
        "main": TrackerSettings(kind="shotgrid", url=SHOTGRID),
        "second": TrackerSettings(kind="shotgrid", url="https://oak.example"),
    }
    tasks = Tasks(database)
    with database.write() as session:
        for tracker, show in (("main", "PINE"), ("second", "OAK")):
            session.add(TaskRow(show=show, tracker=tracker, tracker_ref="5812", name="cleanup", changed_at=time.time()))
    assert pasted_task(tasks, trackers, f"{SHOTGRID}/detail/Task/5812").show == "PINE"
    assert pasted_task(tasks, trackers, "https://oak.example/page/3#Task_5812").show == "OAK"
    with pytest.raises(ConfigError, match=r"Several tasks are called 5812: .*PINE.*OAK.*Give the task's address"):
        pasted_task(tasks, trackers, "5812")
    with pytest.raises(EntityNotFound, match="knows no task 5813"):
        pasted_task(tasks, trackers, "5813")
