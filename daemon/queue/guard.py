"""The guard: a small process that outlives the daemon by a moment, to end what its workers started.

The kernel kills the workers with the daemon (see `limits.die_with`), but not the programs that a
worker may have started. Each worker leads a process group of its own; the guard knows the groups and
kills them when its input ends, which happens however the daemon ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys


class Guard:
    """The daemon's end of the guard."""

    def __init__(self) -> None:
        """Start the guard's process."""
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def watch(self, group: int) -> None:
        """Kill process group *group* when the daemon ends."""
        self._tell(f"+{group}\n")

    def forget(self, group: int) -> None:
        """Process group *group* is gone."""
        self._tell(f"-{group}\n")

    def close(self) -> None:
        """End the guard, and the groups that it still watches."""
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        assert self._process.stdin
        # A guard that somebody killed is no reason to stop working: the kernel still ends the workers.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()


def _watch() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line[0] == "+":
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    _watch()
