"""The demo's stage: a workspace, a watched folder, and the daemon running on them."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from ...schema.errors import WetgateError

SHOW = "PINE"
SHOTS = {"cam01": "SH010", "cam02": "SH020"}
"""The shot that each camera's takes are of."""
_CHUNK = 64 * 1024


class Stage:
    """One folder with all that the demo makes, and the daemon as a process of its own."""

    def __init__(self, folder: Path, clips: Path) -> None:
        """Set up *folder*; the footage will be copied from *clips*."""
        self.folder, self._clips = folder.absolute(), clips
        self.dailies = self.folder / "dailies"
        self.work = self.folder / "work"
        self.log = self.folder / "daemon.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.dailies.mkdir(parents=True, exist_ok=True)
        self._write_settings()

    def __enter__(self) -> Self:
        """Start the daemon and wait until it is ready."""
        environ = {key: value for key, value in os.environ.items() if not key.startswith("WETGATE_")}
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "wetgate.daemon", "--config", str(self.settings), "run"],
                stdout=log,
                stderr=log,
                env=environ,
                start_new_session=True,
            )
        self._wait_ready()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the daemon as a service manager would."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self._process.kill()

    @property
    def settings(self) -> Path:
        """The settings file."""
        return self.folder / "wetgate.toml"

    def page(self) -> str:
        """Where the status page is."""
        return self._address("pages.url").rstrip("/")

    def tracker(self) -> str:
        """Where the practice tracker is."""
        return self._address("sandbox.url")

    def coordinator(self) -> tuple[str, str]:
        """Login and password of the practice tracker's coordinator."""
        return "coordinator", (self.work / "sandbox" / "coordinator_password").read_text(encoding="ascii").strip()

    def copy_in(self, name: str, seconds: float) -> Path:
        """Copy one clip into the watched folder the way a slow disk would: in pieces, growing."""
        target = self.dailies / name
        data = (self._clips / name).read_bytes()
        pieces = [data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK)]
        with target.open("wb") as file:
            for piece in pieces:
                file.write(piece)
                file.flush()
                time.sleep(seconds / len(pieces))
        return target

    def snapshot(self) -> dict[str, tuple[str, int]]:
        """Name, content's digest and time of every file in the watched folder."""
        return {
            str(path.relative_to(self.dailies)): (
                hashlib.sha256(path.read_bytes()).hexdigest(),
                path.stat().st_mtime_ns,
            )
            for path in sorted(self.dailies.rglob("*"))
            if path.is_file()
        }

    def alive(self) -> None:
        """Raise with the log's last words if the daemon has ended."""
        if self._process is None or self._process.poll() is not None:
            tail = self.log.read_text(encoding="utf-8", errors="replace")[-1500:]
            raise WetgateError(f"The daemon has ended. Its last words:\n{tail}")

    def board(self) -> dict[str, Any]:
        """What the status page knows."""
        answer: dict[str, Any] = httpx.get(f"{self.page()}/api/board", timeout=20).json()
        return answer

    def _address(self, name: str) -> str:
        return (self.work / "run" / name).read_text(encoding="utf-8").strip()

    def _wait_ready(self) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            self.alive()
            try:
                if httpx.get(f"{self.page()}/readyz", timeout=2).status_code == 200:
                    return
            except (OSError, httpx.HTTPError):
                pass
            time.sleep(0.2)
        raise WetgateError(f"The daemon was not ready within a minute; see {self.log}.")

    def _write_settings(self) -> None:
        self.settings.write_text(
            f"""# The demo's settings: the embedded defaults, free ports, and a short rest for small files.
work_root = "{self.work}"
[pages]
port = 0
[workers]
index = 2
process = 2
[ingest]
settle_seconds = 1.5
sweep_seconds = 10
[trackers.main]
kind = "sandbox"
port = 0
poll_seconds = 1
sweep_seconds = 10
""",
            encoding="utf-8",
        )
        show = self.folder / "shows" / f"{SHOW}.toml"
        show.parent.mkdir(exist_ok=True)
        show.write_text(f'title = "Pine"\nroots = ["{self.dailies}"]\n', encoding="utf-8")
