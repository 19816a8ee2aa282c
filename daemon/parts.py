"""Parts of the daemon's service that need a word more than start and stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from .ingest.ingest import Ingest
from .lock import DaemonLock
from .pages import Pages
from .sandbox import Sandbox


class LockPart:
    """Holds the daemon's lock; no second daemon works on the same database."""

    name = "lock"

    def __init__(self, lock: DaemonLock) -> None:
        """The lock is taken at start."""
        self._lock = lock

    def start(self) -> None:
        """Take the lock."""
        self._lock.take()

    def stop(self) -> None:
        """Give it back."""
        self._lock.release()

    @property
    def alive(self) -> bool:
        """Whether the lock is still ours."""
        return self._lock.held


class SandboxPart:
    """The practice tracker, with a project for every show that lives in it."""

    name = "sandbox"

    def __init__(self, sandbox: Sandbox, projects: Sequence[str]) -> None:
        """*projects* are made at start where they are missing."""
        self._sandbox, self._projects = sandbox, projects

    def start(self) -> None:
        """Start and seed."""
        self._sandbox.start()
        for project in self._projects:
            self._sandbox.seed(project, "SQ01", ("SH010", "SH020"))

    def stop(self) -> None:
        """Stop."""
        self._sandbox.stop()


class PagesPart:
    """The status page."""

    name = "pages"

    def __init__(self, pages: Pages) -> None:
        """Listens from start to stop."""
        self.start, self.stop = pages.start, pages.stop


class IngestPart:
    """One show's ingest."""

    def __init__(self, show: str, ingest: Ingest) -> None:
        """Watches from start to stop."""
        self.name = f"ingest {show}"
        self.start, self.stop = ingest.start, ingest.stop


class Addresses:
    """Tells other programs of this machine where the daemon listens: `work_root/run/*.url`."""

    def __init__(self, folder: Path, pages: Pages, sandboxes: Mapping[str, Sandbox]) -> None:
        """Files are written below *folder*."""
        self._folder, self._pages, self._sandboxes = folder, pages, sandboxes

    def write(self) -> None:
        """Write the addresses; called when everything listens."""
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / "pages.url").write_text(self._pages.url + "\n", encoding="ascii")
        for sandbox in self._sandboxes.values():
            (self._folder / "sandbox.url").write_text(sandbox.url + "\n", encoding="ascii")
