"""The practice site as one object: start it, point `ftrack_api` at its `url`, stop it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ....schema.errors import ConfigError
from ...serving import Serving
from ..faults import FaultPlan
from .app import make_app
from .seed import GROUP, USER, Access, seed_project, seed_site
from .site import Site


class FtrackSandbox:
    """A practice tracker that speaks ftrack's API and event hub.

    Everything lives in *folder*: database, components, and the file `api_key`, made at first start,
    which only its owner may read. With *faults* a test can order failures, through `faults` and
    `site.hub` here or over `/_control/faults`, `/_control/hub` and `/_control/events` on loopback.
    """

    user = USER
    group = GROUP

    def __init__(
        self,
        folder: Path,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        encode_seconds: float = 0.0,
        part_minimum: int = 5 << 20,
        heartbeat_seconds: float = 10.0,
        faults: bool = False,
        keep_alive_seconds: int = 75,
    ) -> None:
        """Nothing is opened before `start`; port 0 takes a free one."""
        self._folder = folder
        self._options: dict[str, Any] = {
            "encode_seconds": encode_seconds,
            "part_minimum": part_minimum,
            "heartbeat_seconds": heartbeat_seconds,
        }
        self.faults = FaultPlan() if faults else None
        self.access = Access(folder)
        self._site: Site | None = None
        self._serving = Serving("practice tracker", host, port, folder=folder, keep_alive_seconds=keep_alive_seconds)

    @property
    def url(self) -> str:
        """Where it answers, once it is started."""
        return self._serving.url

    @property
    def api_key(self) -> str:
        """The site's own key."""
        return self.access.api_key

    @property
    def site(self) -> Site:
        """The site behind the server; hold `site.storage.lock` around any use but the hub's."""
        if self._site is None:
            raise RuntimeError("the sandbox is not started")
        return self._site

    def start(self) -> None:
        """Open the storage, seed what is missing, listen; returns once requests are answered."""
        if self._site is not None:
            return
        if find_spec("wsproto") is None:
            raise ConfigError("The event hub needs wsproto: install Wetgate with its extra, as `wetgate[ftrack]`.")
        self._serving.open()
        try:
            self._site = self._open_site()
        except ConfigError:
            self._serving.close()
            raise
        self._site.base = self._serving.url
        self._serving.serve(make_app(self._site, self.faults), ws="wsproto")

    def _open_site(self) -> Site:
        try:
            site = Site(self._folder, **self._options)
            seed_site(site, self.access)
        except sqlite3.DatabaseError as error:
            raise ConfigError(
                f"The practice tracker's file {self._folder / 'sandbox.db'} cannot be used ({error}): "
                "move it away to begin anew."
            ) from error
        return site

    def seed(self, project: str, sequence: str, shots: Iterable[str]) -> dict[str, Any]:
        """Make sure that the show, its sequence and shots exist; gives ids `{project, sequence, shots}`."""
        return seed_project(self.site, project, sequence, shots)

    def stop(self) -> None:
        """Answer what is under way, then close."""
        if self._site is not None and self._site.hub.connected:
            self._site.hub.close_all()
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
