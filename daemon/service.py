"""The daemon's life: parts start in order, signals drain it, parts stop in reverse order."""

from __future__ import annotations

import select
import signal
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType
from typing import Protocol, runtime_checkable

import structlog

from ..schema.errors import WetgateError
from .health import Health, Systemd

log = structlog.get_logger(__name__)

_TICK = 0.2


class Part(Protocol):
    """A long-lived part of the daemon, with threads of its own."""

    @property
    def name(self) -> str:
        """What the log calls it."""

    def start(self) -> None:
        """Begin; returns when it works, raises when it cannot."""

    def stop(self) -> None:
        """End; also after a start that failed."""


@runtime_checkable
class Draining(Protocol):
    """A part that ends what it began before it is stopped."""

    @property
    def drained(self) -> bool:
        """Whether nothing is under way."""

    def drain(self) -> None:
        """Begin nothing more."""


@runtime_checkable
class Living(Protocol):
    """A part that can tell that it broke."""

    @property
    def alive(self) -> bool:
        """Whether it works as it should."""


class Service:
    """Runs parts until a signal comes. `run` belongs to the main thread."""

    def __init__(
        self,
        parts: Sequence[Part],
        drain_seconds: float,
        *,
        health: Health | None = None,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        """*drain_seconds* is how long work under way may take to end; *on_ready* is called when all parts run."""
        self._parts = parts
        self._drain_seconds = drain_seconds
        self._health = health or Health()
        self._systemd = Systemd()
        self._on_ready = on_ready
        self._signals = 0
        self._ears: tuple[socket.socket, socket.socket] | None = None

    def run(self) -> int:
        """Run until SIGTERM or SIGINT; returns the process's exit status: 0 after a clean end, 1 otherwise."""
        self._ears = socket.socketpair()
        self._ears[1].setblocking(False)
        before = {number: signal.signal(number, self._hear) for number in (signal.SIGTERM, signal.SIGINT)}
        started: list[Part] = []
        try:
            good = self._start(started) and self._serve()
            return 0 if self._stop(started, good) and good else 1
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            for ear in self._ears:
                ear.close()

    def end(self) -> None:
        """As if SIGTERM had come; any thread may call it."""
        self._hear(signal.SIGTERM, None)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        # Only a count and a byte: a signal may come between any two steps, even inside a lock.
        self._signals += 1
        if self._ears is not None:
            with suppress(OSError):  # full: it is awake anyway; closed: it has ended
                self._ears[1].send(b".")

    def _start(self, started: list[Part]) -> bool:
        for part in self._parts:
            if self._signals:
                return True
            started.append(part)
            try:
                part.start()
            except WetgateError as error:
                log.error("could not start", part=part.name, why=str(error))
                return False
            # The boundary where a part is isolated: what it raises ends the daemon in order, with a sentence.
            except Exception as error:
                log.exception("could not start", part=part.name, why=f"{type(error).__name__}: {error}")
                return False
            log.debug("started", part=part.name)
        self._health.set_ready(True)
        self._systemd.tell("READY=1")
        self._on_ready()
        return True

    def _serve(self) -> bool:
        watchdog = 0.0
        while not self._signals:
            self._wait(_TICK)
            for part in self._parts:
                if isinstance(part, Living) and not part.alive:
                    log.error("a part broke; the daemon ends", part=part.name)
                    return False
            every = self._systemd.watchdog_every
            if every is not None and time.monotonic() >= watchdog and self._health.live():
                watchdog = time.monotonic() + every
                self._systemd.tell("WATCHDOG=1")
        return True

    def _wait(self, seconds: float) -> None:
        assert self._ears
        if select.select([self._ears[0]], [], [], seconds)[0]:
            self._ears[0].recv(64)

    def _stop(self, started: list[Part], good: bool) -> bool:
        self._health.set_ready(False)
        self._systemd.tell("STOPPING=1")
        if good:
            self._drain(started)
        clean = True
        for part in reversed(started):
            try:
                part.stop()
            # The boundary where a part is isolated: the others must be stopped all the same.
            except Exception:
                log.exception("could not be stopped in order", part=part.name)
                clean = False
        log.info("stopped")
        return clean

    def _drain(self, started: list[Part]) -> None:
        draining = [part for part in started if isinstance(part, Draining)]
        log.info("draining", seconds=self._drain_seconds)
        for part in draining:
            part.drain()
        deadline = time.monotonic() + self._drain_seconds
        while not all(part.drained for part in draining):
            if time.monotonic() >= deadline or self._signals > 1:
                log.warning("work under way is broken off; it will be done at the next start")
                return
            self._wait(_TICK)
