"""Timers."""

from __future__ import annotations

import threading

from wetgate.daemon.queue.clock import Clock


def test_timer_goes_on_after_an_error_and_ends_with_the_clock() -> None:
    """A timer that raises is called again; one that is soon rings at once; none rings after stop."""
    rings: list[str] = []
    thrice, soon = threading.Event(), threading.Event()

    def fails() -> None:
        rings.append("fails")
        if len(rings) >= 3:
            thrice.set()
        raise ZeroDivisionError

    clock = Clock()
    clock.every(0.05, "fails", fails)
    clock.every(3600, "soon", soon.set, soon=True)
    clock.every(3600, "late", lambda: rings.append("late"))
    clock.start()
    assert thrice.wait(30)
    assert soon.wait(30)
    clock.stop()
    counted = len(rings)
    assert not threading.Event().wait(0.2)
    assert len(rings) == counted
    assert "late" not in rings


def test_timer_is_never_called_twice_at_once() -> None:
    """A call that takes longer than its interval is not overtaken by the next."""
    at_once, most, called = 0, 0, threading.Event()
    calls = 0

    def slow() -> None:
        nonlocal at_once, most, calls
        at_once += 1
        most, calls = max(most, at_once), calls + 1
        threading.Event().wait(0.15)
        at_once -= 1
        if calls >= 3:
            called.set()

    clock = Clock()
    clock.every(0.05, "slow", slow)
    clock.start()
    assert called.wait(30)
    clock.stop()
    assert most == 1


def test_stop_without_start() -> None:
    """A clock that never ran can be stopped."""
    Clock().stop()
