"""Versions on Kitsu: a publish is several writes, and there is one version in the end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from gazu import client as raw
from kitsu_site import KitsuBench, Studio
from waiting import wait_for
from wetgate.connectors.contract import draft, retried
from wetgate.daemon.sandbox.faults import Fault
from wetgate.schema.errors import AmbiguousResult, EntityNotFound
from wetgate.schema.tracker import EntityRef, MediaKind

pytestmark = pytest.mark.services


STEPS = ("comment", "comments", "add-preview", "preview-files")


def written(bench: KitsuBench) -> tuple[str, ...]:
    """The writes that passed."""
    return tuple(call.method for call in bench.faults.calls if call.verb in ("POST", "PUT", "DELETE"))


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_publish_cut_off_anywhere_makes_one_version(bench: KitsuBench, task: EntityRef, step: str, when: Any) -> None:
    """Whichever write of a publish is lost, on its way there or back, there is one comment with one version."""
    version = draft(bench, task)
    bench.faults.set(Fault(action="drop", method=step, when=when))
    with pytest.raises(AmbiguousResult):
        bench.tracker.publish(version)
    made = bench.another().publish(version)
    assert bench.versions(version.key) == 1
    assert [one["previews"] for one in bench.comments()] == [[made.id]]
    assert bench.preview(made)["revision"] == 1


def test_the_bench_spoils_what_it_names(bench: KitsuBench, task: EntityRef) -> None:
    """A publish is these writes: none more, none less."""
    bench.faults.forget()
    bench.tracker.publish(draft(bench, task))
    # A call is noted once its answer has gone out.
    wait_for(lambda: written(bench) == STEPS)


def test_two_that_publish_at_once_leave_one(bench: KitsuBench, task: EntityRef) -> None:
    """Two daemons, started by mistake, that both saw nothing: of their versions the older one is left."""
    version = draft(bench, task)
    bench.faults.set(Fault(action="hold", method="comment", seconds=30, times=2))
    with ThreadPoolExecutor(2) as daemons:
        both = [daemons.submit(retried, one.publish, version) for one in (bench.tracker, bench.another())]
        for daemon in both:
            daemon.result()
    left = bench.another().publish(version)
    assert bench.versions(version.key) == 1
    assert [one["previews"] for one in bench.comments()] == [[left.id]]


def test_revisions_of_people_are_left_alone(studio: Studio, bench: KitsuBench, task: EntityRef) -> None:
    """A person who published by hand meanwhile took a revision; ours is the next, never refused as taken."""
    theirs = studio.comment(task.id, "by hand")
    path = f"actions/tasks/{task.id}/comments/{theirs['id']}/add-preview"
    raw.post(path, {"revision": 7}, client=studio.person)
    first = bench.tracker.publish(draft(bench, task, "1"))
    second = bench.tracker.publish(draft(bench, task, "2"))
    assert [bench.preview(one)["revision"] for one in (first, second)] == [8, 9]


def test_a_version_that_a_person_deleted(studio: Studio, bench: KitsuBench, task: EntityRef, movie: Path) -> None:
    """It is not found any more; sending to it says so; publishing its key again makes it anew, on the same comment."""
    version = draft(bench, task)
    made = bench.tracker.publish(version)
    raw.delete(f"data/preview-files/{made.id}?force=true", client=studio.admin)
    assert bench.tracker.find_version(version.key) is None
    assert list(bench.tracker.reviews(task)) == []
    with pytest.raises(EntityNotFound):
        bench.tracker.upload(made, MediaKind.MOVIE, movie)
    again = bench.tracker.publish(version)
    assert again.id != made.id
    assert [one["previews"] for one in bench.comments()] == [[again.id]]
