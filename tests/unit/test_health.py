"""Signs of life, and what systemd hears."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from wetgate.daemon.health import Health, Systemd


def test_part_that_falls_silent_is_not_alive() -> None:
    """A beat older than its limit makes the daemon dead; a new one revives it; an ended part counts no more."""
    now = 0.0
    health = Health(clock=lambda: now)
    beat = health.watch("dispatcher", 5.0)
    health.watch("watcher", 60.0)()
    assert health.live()
    health.set_ready(True)
    assert not health.ready()
    beat()
    assert health.ready()
    now = 5.1
    assert not health.live()
    assert [check.name for check in health.checks() if not check.good] == ["dispatcher"]
    beat()
    assert health.live()
    now = 70
    health.forget("dispatcher")
    assert [(check.name, check.good) for check in health.checks()] == [("watcher", False)]


def test_ready_ends_with_the_daemon() -> None:
    """Before the start and while stopping nothing is ready, though all live."""
    health = Health()
    assert (health.live(), health.ready()) == (True, False)
    health.set_ready(True)
    assert health.ready()


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_is_told(tmp_path: Path, abstract: bool) -> None:
    """A state reaches the socket of NOTIFY_SOCKET, be it a path or an abstract one."""
    name = f"@wetgate-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unit:
        unit.bind("\0" + name[1:] if abstract else name)
        unit.settimeout(2)
        systemd = Systemd({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "30000000"})
        systemd.tell("READY=1")
        assert unit.recv(64) == b"READY=1"
    assert systemd.watchdog_every == 15.0


def test_nobody_listens() -> None:
    """Outside systemd nothing is sent; a watchdog meant for another process is not ours."""
    systemd = Systemd({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"})
    systemd.tell("READY=1")
    assert systemd.watchdog_every is None


def test_systemd_that_is_gone_does_no_harm(tmp_path: Path) -> None:
    """A socket that nobody reads any more ends nothing."""
    Systemd({"NOTIFY_SOCKET": str(tmp_path / "gone")}).tell("WATCHDOG=1")
