"""A daemon with its settings in a folder, as its own process, and what it costs."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .sites import Site

_TICKS = os.sysconf("SC_CLK_TCK")


class House:
    """One daemon. No worker processes a plate: what is queued stays queued."""

    def __init__(
        self, folder: Path, site: Site, url: str, shows: list[str], *, push: bool, poll_seconds: float
    ) -> None:
        """Write settings for *shows* on *site* at *url*; without *push* its event stream cannot be reached."""
        self.folder, self.work = folder, folder / "work"
        self.dailies = folder / "dailies"
        for one in (self.dailies, self.work, folder / "shows"):
            one.mkdir(parents=True, exist_ok=True)
        (folder / "key").write_text(site.key, encoding="ascii")
        options = {name: value if push else "http://127.0.0.1:9" for name, value in site.options.items()}
        lines = [
            'work_root = "work"', "[pages]", "port = 0", "[workers]", "process = 0",
            "[trackers.main]", f"kind = {_said(site.kind)}", f"url = {_said(url)}", f"script_name = {_said(site.user)}",
            'api_key_file = "key"', f"poll_seconds = {poll_seconds}", "[trackers.main.options]",
            *(f"{name} = {_said(value)}" for name, value in options.items()),
        ]  # fmt: skip
        (folder / "wetgate.toml").write_text("\n".join(lines), encoding="utf-8")
        for show in shows:
            (folder / "shows" / f"{show}.toml").write_text("\n".join(_show(site.statuses)), encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        command = [sys.executable, "-m", "wetgate.daemon", "--config", str(self.folder / "wetgate.toml"), "run"]
        with (self.folder / "daemon.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What its database holds; nothing while there is none."""
        try:
            with contextlib.closing(sqlite3.connect(f"file:{self.work / 'wetgate.db'}?mode=ro", uri=True)) as database:
                return database.execute(statement).fetchall()
        except sqlite3.OperationalError:
            return []

    def until(self, look: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait; raises with *what* and the end of the log when it takes longer."""
        end = time.monotonic() + seconds
        while not look():
            if time.monotonic() > end:
                log = (self.folder / "daemon.log").read_text(errors="replace")[-2000:]
                raise TimeoutError(f"not within {seconds} s: {what}\n{log}")
            time.sleep(0.1)

    @property
    def cpu_seconds(self) -> float:
        """CPU time that the daemon's own process took so far."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    @property
    def megabytes(self) -> float:
        """Memory that the daemon's own process holds."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def _said(value: str) -> str:
    return json.dumps(value)


def _show(statuses: dict[str, str]) -> list[str]:
    """A show's settings as TOML."""
    said = {name: [code] if name == "ready" else code for name, code in statuses.items()}
    return [
        'roots = ["dailies"]',
        'rules = [{ task = "*", processor = "remove" }]',
        "[statuses]",
        *(f"{name} = {json.dumps(code)}" for name, code in said.items()),
    ]
