"""Signs of life: named beats for the health pages, and what systemd wants to hear."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Check:
    """One part's sign of life: its last beat, `age` seconds ago, and how old that may get."""

    name: str
    age: float | None
    limit: float

    @property
    def good(self) -> bool:
        """Whether the part is alive; one that has not begun yet is not."""
        return self.age is not None and self.age <= self.limit


class Health:
    """What /healthz and /readyz tell. Any thread may call anything."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is watched yet, and nothing is ready."""
        self._clock = clock
        self._lock = threading.Lock()
        self._limits: dict[str, float] = {}
        self._beats: dict[str, float] = {}
        self._ready = False

    def watch(self, name: str, limit: float) -> Callable[[], None]:
        """Watch a part that gives a beat at least every *limit* seconds; returns the function to call for one."""
        with self._lock:
            self._limits[name] = limit

        def beat() -> None:
            with self._lock:
                self._beats[name] = self._clock()

        return beat

    def forget(self, name: str) -> None:
        """The part ended as it should."""
        with self._lock:
            self._limits.pop(name, None)
            self._beats.pop(name, None)

    def set_ready(self, ready: bool) -> None:
        """Whether everything has started and nothing is stopping."""
        self._ready = ready

    def checks(self) -> list[Check]:
        """Every watched part."""
        with self._lock:
            now = self._clock()
            return [
                Check(name, now - self._beats[name] if name in self._beats else None, limit)
                for name, limit in sorted(self._limits.items())
            ]

    def live(self) -> bool:
        """Whether no part that has begun is overdue."""
        return all(check.good for check in self.checks() if check.age is not None)

    def ready(self) -> bool:
        """Whether the daemon does its work: started, not stopping, every part alive."""
        return self._ready and all(check.good for check in self.checks())


class Systemd:
    """The notification protocol of systemd (sd_notify(3)); silent where nobody listens."""

    def __init__(self, environment: os._Environ[str] | dict[str, str] = os.environ) -> None:
        """Read the socket and the watchdog's time from *environment*."""
        self._address = environment.get("NOTIFY_SOCKET", "")
        meant_for = environment.get("WATCHDOG_PID", str(os.getpid()))
        microseconds = environment.get("WATCHDOG_USEC", "") if meant_for == str(os.getpid()) else ""
        self.watchdog_every: float | None = int(microseconds) / 2e6 if microseconds else None
        """Seconds between two watchdog signs: half of what the unit allows."""

    def tell(self, state: str) -> None:
        """Send `READY=1`, `WATCHDOG=1`, `STOPPING=1` or `STATUS=...`."""
        if not self._address:
            return
        # An abstract socket is written with @ for the zero byte.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.connect(address)
                out.sendall(state.encode())
        except OSError as error:
            log.warning("systemd could not be told", state=state, why=str(error))
