"""Many shows on one site: their open tasks are read together, for few requests however many shows there are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import practice
import practice_ftrack
import pytest
from benches import FaultBench, new_project
from wetgate.daemon.sandbox import Fault

MOST_REQUESTS = 4


@pytest.fixture(params=["shotgrid", "ftrack", pytest.param("kitsu", marks=pytest.mark.services)])
def shows(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[FaultBench[Any]]]:
    """Three shows on one site."""
    made: list[FaultBench[Any]]
    if request.param == "kitsu":
        from kitsu_site import KitsuBench

        studio, gateway = (request.getfixturevalue(name) for name in ("studio", "gateway"))
        made = [KitsuBench(studio, gateway, Fault(), new_project()) for _ in range(3)]
        yield made
    elif request.param == "ftrack":
        with practice_ftrack.practice(tmp_path / "site") as ftrack:
            made = [practice_ftrack.FtrackBench(ftrack, Fault(), new_project()) for _ in range(3)]
            yield made
    else:
        with practice.practice(tmp_path / "site") as shotgrid:
            made = [practice.SandboxBench(shotgrid, Fault(), new_project()) for _ in range(3)]
            yield made
    for bench in made:
        bench.close()


def test_shows_are_read_at_once(shows: list[FaultBench[Any]]) -> None:
    """Each task says its project as it was asked for; what other shows have does not come."""
    tracker, asked = shows[0].tracker, [bench.project for bench in shows[:2]]
    tasks = [bench.make_task(f"cleanup {number}") for bench in shows for number in range(2)]
    found = tracker.tasks_for_us(*asked)
    assert {(task.ref.id, task.project) for task in found} == {
        (task.id, asked[number // 2]) for number, task in enumerate(tasks[:4])
    }
    shows[0].faults.forget()
    assert len(tracker.tasks_for_us(*asked)) == 4
    assert len(shows[0].faults.calls) <= MOST_REQUESTS


def test_some_tasks_are_read_by_their_ids(shows: list[FaultBench[Any]]) -> None:
    """Of the named ones those come that are ours, open and of the shows that were asked for."""
    tracker, asked = shows[0].tracker, [bench.project for bench in shows[:2]]
    first, second, foreign = (bench.make_task("cleanup") for bench in shows)
    shows[0].make_task("not named")
    others = shows[0].make_task("of another", ours=False)
    done = shows[0].make_task("done")
    shows[0].set_task_status(done, shows[0].final)
    named = [one.id for one in (first, second, foreign, others, done)]
    assert {one.ref.id for one in tracker.tasks_for_us(*asked, only=named)} == {first.id, second.id}
    assert list(tracker.tasks_for_us(*asked, only=[])) == []
