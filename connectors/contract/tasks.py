"""What a tracker says of tasks, and has done to them."""

from __future__ import annotations

import pytest

from ...schema.errors import EntityNotFound, TrackerRejected
from ...schema.tracker import Ability
from .bench import Bench
from .calls import about, read_all, start


class TaskContract:
    """Tasks, their status and their time."""

    def test_only_our_open_tasks_are_ours(self, bench: Bench) -> None:
        """Tasks of others and finished ones are not in the sweep."""
        mine = bench.make_task("cleanup")
        bench.make_task("cleanup of another", ours=False)
        done = bench.make_task("cleanup done")
        bench.set_task_status(done, bench.final)
        tracker = bench.tracker
        assert [task.ref.id for task in tracker.tasks_for_us(bench.project)] == [mine.id]
        assert [task.ref.id for task in tracker.tasks_for_us(bench.project, only=[done.id, mine.id])] == [mine.id]
        assert list(tracker.tasks_for_us(bench.project, only=[done.id])) == []

    def test_a_task_says_what_it_is(self, bench: Bench) -> None:
        """Name, project, shot, status and assignment come with the task."""
        task = bench.tracker.task(bench.make_task("cleanup"))
        assert (task.name, task.project, task.status) == ("cleanup", bench.project, bench.ready)
        assert task.assigned_to_us
        assert task.entity is not None
        assert task.entity.name
        assert not bench.tracker.task(bench.make_task("x", ours=False)).assigned_to_us

    def test_a_missing_task_is_not_found(self, bench: Bench) -> None:
        """A task that was never there is told apart from a site that is down."""
        task = bench.make_task("cleanup")
        with pytest.raises(EntityNotFound):
            bench.tracker.task(task.model_copy(update={"id": "999999"}))

    def test_time_is_logged_once(self, bench: Bench) -> None:
        """Minutes of one key count once."""
        task = bench.make_task("cleanup")
        for tracker in (bench.tracker, bench.another()):
            tracker.log_time(task, f"{bench.project}-time-1", "2026-11-25", 12)
        assert bench.minutes(task) == (12 if Ability.TIME_LOGS in bench.tracker.abilities else 0)

    def test_a_status_is_set(self, bench: Bench) -> None:
        """A known status is set; setting it again changes nothing."""
        task = bench.make_task("cleanup")
        bench.tracker.set_status(task, bench.busy)
        cursor = start(bench.tracker)
        bench.tracker.set_status(task, bench.busy)
        assert bench.tracker.task(task).status == bench.busy
        assert about(read_all(bench.tracker, cursor)[0], task) == []

    def test_an_unknown_status_is_refused(self, bench: Bench) -> None:
        """A code that the site does not have is refused by name, and nothing is changed."""
        task = bench.make_task("cleanup")
        with pytest.raises(TrackerRejected, match="nonsense"):
            bench.tracker.set_status(task, "nonsense")
        assert bench.tracker.task(task).status == bench.ready
