"""The sandbox as one object: start it, point `shotgun_api3` at its `url`, stop it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from ..server import PracticeServer
from .app import make_app
from .seed import GROUP, SCRIPT, Access, deny, seed_project, seed_site
from .site import Site


class Sandbox(PracticeServer[Site]):
    """A practice tracker that speaks ShotGrid's API.

    Everything lives in *folder*: database, media, and the files `script_key` and
    `coordinator_password`, made at first start, which only their owner may read. With *faults* a
    test can order failures, through `faults` here or over `/_control/faults` on loopback.
    """

    script_name = SCRIPT
    group = GROUP

    def __init__(
        self,
        folder: Path,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        transcode_seconds: float = 0.0,
        direct_uploads: bool = False,
        now: Callable[[], float] = time.time,
        faults: bool = False,
        keep_alive_seconds: int = 75,
    ) -> None:
        """Nothing is opened before `start`; port 0 takes a free one."""
        site = partial(Site, folder, transcode_seconds=transcode_seconds, direct_uploads=direct_uploads, now=now)
        super().__init__(folder, host, port, site, faults=faults, keep_alive_seconds=keep_alive_seconds)
        self.access = Access(folder)

    @property
    def script_key(self) -> str:
        """The key of the script `wetgate`."""
        return self.access.script_key

    def seed(self, project: str, sequence: str, shots: Iterable[str], *, code: str = "") -> dict[str, Any]:
        """Make sure that the project, its sequence and shots exist; gives `{project, sequence, shots}`."""
        with self.site.storage.lock:
            return seed_project(self.site, project, sequence, shots, code=code)

    def deny(self, script: str, *rules: str) -> None:
        """Take from a script what *rules* name, as globs over `create Type` and `update Type.field`.

        No rules give it back.
        """
        with self.site.storage.lock, self.site.storage.transaction():
            deny(self.site, script, list(rules))

    def end_sessions(self) -> None:
        """Let every session token run out."""
        with self.site.storage.lock, self.site.storage.transaction():
            self.site.auth.end_sessions()

    def _fill(self, site: Site) -> None:
        seed_site(site, self.access)

    def _app(self, site: Site) -> Any:
        return make_app(site, self.faults)
