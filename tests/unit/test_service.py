"""Parts start in order and stop in reverse, whatever one of them does."""

from __future__ import annotations

import threading

from wetgate.daemon.health import Health
from wetgate.daemon.service import Service
from wetgate.schema.errors import ConfigError


class Part:
    """A part that writes down what is done to it."""

    def __init__(self, name: str, diary: list[str], **faults: Exception) -> None:
        self.name = name
        self.diary = diary
        self.faults = faults
        self.alive = True

    def start(self) -> None:
        self.diary.append(f"start {self.name}")
        if fault := self.faults.get("start"):
            raise fault

    def stop(self) -> None:
        self.diary.append(f"stop {self.name}")
        if fault := self.faults.get("stop"):
            raise fault


class Busy(Part):
    """A part with work that ends by itself a moment after it is asked to drain."""

    drained = False

    def drain(self) -> None:
        self.diary.append(f"drain {self.name}")
        threading.Timer(0.3, self._end).start()

    def _end(self) -> None:
        self.diary.append(f"drained {self.name}")
        self.drained = True


def test_parts_start_in_order_drain_and_stop_in_reverse() -> None:
    """A clean end: everything is drained before anything stops, the status is 0, readiness comes and goes."""
    diary: list[str] = []
    health = Health()

    def ready() -> None:
        diary.append(f"ready {health.ready()}")
        service.end()

    service = Service(
        [Part("a", diary), Busy("b", diary), Part("c", diary)],
        10,
        health=health,
        on_ready=ready,
    )
    assert service.run() == 0
    assert diary == [
        "start a", "start b", "start c", "ready True", "drain b", "drained b", "stop c", "stop b", "stop a",
    ]  # fmt: skip
    assert not health.ready()


def test_part_that_does_not_start_ends_the_others() -> None:
    """The parts before it and it itself are stopped, those after it never start; the status is 1."""
    for fault in (ConfigError("The port is taken."), ZeroDivisionError()):
        diary: list[str] = []
        service = Service([Part("a", diary), Part("b", diary, start=fault), Part("c", diary)], 1)
        assert service.run() == 1
        assert diary == ["start a", "start b", "stop b", "stop a"]


def test_part_that_does_not_stop_leaves_no_other_running() -> None:
    """An error in one stop is told by the status; the others are stopped."""
    diary: list[str] = []

    def end() -> None:
        service.end()

    service = Service([Part("a", diary), Part("b", diary, stop=ZeroDivisionError())], 1, on_ready=end)
    assert service.run() == 1
    assert diary[-2:] == ["stop b", "stop a"]


def test_part_that_breaks_ends_the_daemon() -> None:
    """A part that is not alive any more ends all, with status 1, so that the supervisor starts anew."""
    diary: list[str] = []
    part = Part("a", diary)
    service = Service([part], 1, on_ready=lambda: setattr(part, "alive", False))
    assert service.run() == 1
    assert diary == ["start a", "stop a"]
