"""The sandbox as one object: start it, point `shotgun_api3` at its `url`, stop it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ....schema.errors import ConfigError
from ...serving import Serving
from ..faults import FaultPlan
from .app import make_app
from .seed import GROUP, SCRIPT, Access, deny, seed_project, seed_site
from .site import Site


class Sandbox:
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
        faults: bool = False,
        keep_alive_seconds: int = 75,
    ) -> None:
        """Nothing is opened before `start`; port 0 takes a free one."""
        self._folder = folder
        self._transcode_seconds = transcode_seconds
        self._direct_uploads = direct_uploads
        self.faults = FaultPlan() if faults else None
        self.access = Access(folder)
        self._site: Site | None = None
        self._serving = Serving("practice tracker", host, port, folder=folder, keep_alive_seconds=keep_alive_seconds)

    @property
    def url(self) -> str:
        """Where the sandbox answers, once it is started."""
        return self._serving.url

    @property
    def script_key(self) -> str:
        """The key of the script `wetgate`."""
        return self.access.script_key

    @property
    def site(self) -> Site:
        """The site behind the server; hold `site.storage.lock` around any use."""
        if self._site is None:
            raise RuntimeError("the sandbox is not started")
        return self._site

    def start(self) -> None:
        """Open the storage, seed what is missing, listen; returns once requests are answered."""
        if self._site is not None:
            return
        self._serving.open()
        try:
            self._site = self._open_site()
        except ConfigError:
            self._serving.close()
            raise
        self._serving.serve(make_app(self._site, self.faults))

    def _open_site(self) -> Site:
        try:
            site = Site(self._folder, transcode_seconds=self._transcode_seconds, direct_uploads=self._direct_uploads)
            seed_site(site, self.access)
        except sqlite3.DatabaseError as error:
            raise ConfigError(
                f"The practice tracker's file {self._folder / 'sandbox.db'} cannot be used ({error}): "
                "move it away to begin anew."
            ) from error
        return site

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

    def stop(self) -> None:
        """Answer what is under way, then close."""
        self._serving.close()
        if self._site is not None:
            self._site.close()
            self._site = None

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()
