"""Waits for what another thread or process does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")


class Clock:
    """The time, for what takes it from a test: it goes on by itself, and a test lets more of it pass at once."""

    def __init__(self) -> None:
        self._skipped = 0.0

    def __call__(self) -> float:
        return time.time() + self._skipped

    def skip(self, seconds: float) -> None:
        """So many seconds have passed."""
        self._skipped += seconds


def wait_for(look: Callable[[], Answer], seconds: float = 30.0, what: str = "") -> Answer:
    """The first true answer of *look*; fails, and names *what* was waited for, where it takes longer."""
    end, pause = time.monotonic() + seconds, 0.02
    while not (answer := look()):
        assert time.monotonic() < end, f"not within {seconds:g} s: {what or look}"
        time.sleep(pause)
        pause = min(0.2, 1.2 * pause)  # a look at a tracker costs it something
    return answer
