"""What a piece of work costs, all its own: it runs in a process of its own."""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

SPAWN = multiprocessing.get_context("spawn")
Figures = dict[str, float]


def measured(work: Callable[..., Figures], *arguments: object) -> Figures:
    """What *work* gives back, with its seconds, CPU seconds and the memory it took at its peak, all its own."""
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=_measure, args=(there, work, arguments))
    process.start()
    there.close()
    figures: Figures = here.recv()
    process.join()
    return figures


def _measure(pipe: Connection, work: Callable[..., Figures], arguments: tuple[object, ...]) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.monotonic()
    found = work(*arguments)
    seconds = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    pipe.send({"seconds": seconds, "CPU s": cpu, "MB more": (after.ru_maxrss - before.ru_maxrss) / 1024, **found})
