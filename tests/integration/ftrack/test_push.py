"""ftrack's event hub as the connector's bell."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from practice_ftrack import LEAVES_FILES_OPEN, FtrackBench
from waiting import wait_for
from wetgate.schema.ports import Push

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


@pytest.fixture
def woken(bench: FtrackBench) -> Iterator[tuple[list[float], Push]]:
    """The times at which the push channel woke us, after it said that it is there."""
    rings: list[float] = []
    push = bench.tracker.push(lambda: rings.append(time.monotonic()))
    assert push is not None
    wait_for(lambda: push.alive and bench.site.hub.subscriptions == 2)
    wait_for(lambda: rings)  # it rings for what was before
    rings.clear()
    yield rings, push
    push.close()


def test_a_change_wakes_us_at_once(bench: FtrackBench, woken: tuple[list[float], Push]) -> None:
    """What a person does is told, once, though nobody polls; what we do ourselves does not wake us."""
    rings, _ = woken
    task = bench.make_task("cleanup")
    wait_for(lambda: rings)
    bench.tracker.set_status(task, bench.busy)
    bench.set_task_status(task, bench.ready)
    wait_for(lambda: len(rings) >= 2)
    time.sleep(0.7)
    assert len(rings) == 2


@pytest.mark.parametrize("clean", [True, False])
def test_a_dead_hub_is_replaced(bench: FtrackBench, woken: tuple[list[float], Push], *, clean: bool) -> None:
    """After a clean close, of which the vendor's hub dies, or a reset the channel is back by itself and wakes us."""
    rings, push = woken
    bench.site.hub.close_all(clean=clean, seconds=600)
    wait_for(lambda: not push.alive)
    bench.site.hub.close_all()  # it is open again
    wait_for(lambda: push.alive and bench.site.hub.subscriptions == 2)
    wait_for(lambda: rings)  # what happened in the gap is in the Event table
    rings.clear()
    bench.make_task("cleanup")
    wait_for(lambda: rings)


def test_a_site_without_a_hub_is_waited_for(bench: FtrackBench) -> None:
    """The channel is no error while the hub is shut, and opens with it; closing it ends its thread."""
    bench.site.hub.close_all(seconds=600)
    push = bench.tracker.push(lambda: None)
    assert push is not None
    assert not push.alive
    bench.site.hub.close_all()  # it is open again
    wait_for(lambda: push.alive)
    push.close()
    assert not push.alive
    assert not [one for one in threading.enumerate() if one.name == "ftrack push"]
