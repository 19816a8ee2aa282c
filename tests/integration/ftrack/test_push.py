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
    times: list[float] = []
    push = bench.tracker.push(lambda: times.append(time.monotonic()))
    assert push is not None
    wait_for(lambda: push.alive and bench.site.hub.subscriptions == 2)
    times.clear()
    yield times, push
    push.close()


def test_a_change_wakes_us_at_once(bench: FtrackBench, woken: tuple[list[float], Push]) -> None:
    """What a person does is told within two seconds; what we do ourselves does not wake us."""
    times, _ = woken
    began = time.monotonic()
    task = bench.make_task("cleanup")
    wait_for(lambda: times)
    assert times[0] - began < 2.0
    time.sleep(0.3)
    times.clear()
    bench.tracker.set_status(task, bench.busy)
    time.sleep(0.7)
    assert times == []


@pytest.mark.parametrize("clean", [True, False])
def test_a_dead_hub_is_replaced(bench: FtrackBench, woken: tuple[list[float], Push], *, clean: bool) -> None:
    """After a clean close, of which the vendor's hub dies, or a reset the channel is back by itself and wakes us."""
    times, push = woken
    bench.site.hub.close_all(clean=clean, seconds=1.0)
    wait_for(lambda: not push.alive)
    wait_for(lambda: push.alive and bench.site.hub.subscriptions == 2)
    wait_for(lambda: times)  # what happened in the gap is in the Event table
    times.clear()
    bench.make_task("cleanup")
    wait_for(lambda: times)


def test_a_site_without_a_hub_is_waited_for(bench: FtrackBench) -> None:
    """The channel is no error while the hub is shut, and opens with it; closing it ends its thread."""
    bench.site.hub.close_all(seconds=1.0)
    push = bench.tracker.push(lambda: None)
    assert push is not None
    assert not push.alive
    wait_for(lambda: push.alive)
    push.close()
    assert not push.alive
    assert not [one for one in threading.enumerate() if one.name == "ftrack push"]
