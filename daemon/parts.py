"""Parts of the daemon's service that need a word more than start and stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from .ingest.ingest import Ingest
from .pages import Pages
from .sandbox import Sandbox


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
        """Nothing is looked at before `start`."""
        self.name = f"ingest {show}"
        self._ingest = ingest

    def start(self) -> None:
        """Look at everything once, then watch: what came while the daemon was down is known before any task is read."""
        self._ingest.sweep()
        self._ingest.start()

    def stop(self) -> None:
        """Stop watching."""
        self._ingest.stop()


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
