"""The `wetgate` command, as a person at the terminal runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from ...schema.errors import WetgateError

_RUNNING = "wetgate.daemon"


class Command:
    """Runs `wetgate` with one settings file."""

    def __init__(self, settings: Path) -> None:
        """*settings* is the demo's `wetgate.toml`."""
        self._settings = settings

    def ask(self, *words: str) -> list[dict[str, Any]]:
        """What a command answers as JSON. Raises WetgateError where it fails."""
        done = self._run(*words, "--json")
        if done.returncode:
            raise WetgateError(f"`wetgate {words[0]}` failed: {done.stderr.strip()[-400:]}")
        answer: list[dict[str, Any]] = json.loads(done.stdout)
        return answer

    def verify(self, report: Path) -> int:
        """The exit status of `wetgate verify`."""
        return self._run("verify", str(report), "--json").returncode

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", _RUNNING, "--config", str(self._settings), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)
