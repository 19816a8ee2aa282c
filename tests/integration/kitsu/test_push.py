"""Kitsu's event stream as the connector's bell."""

from __future__ import annotations

import threading
import time

import pytest
from kitsu_site import KitsuBench, Studio
from waiting import wait_for
from wetgate.connectors.contract import read_all, start
from wetgate.schema.tracker import EntityRef
from zou import Zou

pytestmark = pytest.mark.services


class Bell:
    """Counts rings."""

    def __init__(self) -> None:
        self.rings = 0

    def __call__(self) -> None:
        self.rings += 1

    def quiet(self) -> None:
        """Wait for the last ring, and forget."""
        before = -1
        while before != self.rings:
            before = self.rings
            time.sleep(1.5)
        self.rings = 0


def test_a_change_wakes_us(studio: Studio, bench: KitsuBench, task: EntityRef) -> None:
    """From a person's comment to an event in hand, though nobody polls."""
    cursor = start(bench.tracker)
    found = threading.Event()
    reader = bench.another()

    def look() -> None:
        if any(one.kind == "comment:new" for one in read_all(reader, cursor)[0]):
            found.set()

    push = bench.tracker.push(look)
    assert push is not None
    try:
        wait_for(lambda: push.alive)
        time.sleep(2.0)
        studio.comment(task.id, "edge: softer")
        assert found.wait(30)
    finally:
        push.close()
    assert not push.alive


@pytest.mark.parametrize("clean", [True, False])
def test_the_bell_is_hung_again(zou: Zou, studio: Studio, bench: KitsuBench, task: EntityRef, clean: bool) -> None:
    """After the event stream went away, in good order or not, the bell rings for what was missed, and goes on."""
    bell = Bell()
    push = bench.tracker.push(bell)
    assert push is not None
    try:
        wait_for(lambda: push.alive)
        bell.quiet()
        zou.stop_events(clean=clean)
        wait_for(lambda: not push.alive)
        studio.comment(task.id, "nobody heard this")
        zou.start_events()
        wait_for(lambda: push.alive, 120)
        wait_for(lambda: bell.rings)
        bell.quiet()
        studio.comment(task.id, "but this")
        wait_for(lambda: bell.rings)
    finally:
        push.close()
        if "events" not in zou.running:
            zou.start_events()
        zou.until_up("events")
