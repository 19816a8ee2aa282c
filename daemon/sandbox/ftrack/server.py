"""The practice site as one object: start it, point `ftrack_api` at its `url`, stop it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ....schema.errors import ConfigError
from ..server import PracticeServer
from .app import make_app
from .seed import GROUP, USER, Access, seed_project, seed_site
from .site import Site


class FtrackSandbox(PracticeServer[Site]):
    """A practice tracker that speaks ftrack's API and event hub.

    Everything lives in *folder*: database, components, and the file `api_key`, made at first start,
    which only its owner may read. With *faults* a test can order failures, through `faults` and
    `site.hub` here or over `/_control/faults`, `/_control/hub` and `/_control/events` on loopback.
    """

    answering = {"ws": "wsproto"}
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
        now: Callable[[], float] = time.time,
        faults: bool = False,
        keep_alive_seconds: int = 75,
    ) -> None:
        """Nothing is opened before `start`; port 0 takes a free one."""
        site = partial(
            Site,
            folder,
            encode_seconds=encode_seconds,
            part_minimum=part_minimum,
            heartbeat_seconds=heartbeat_seconds,
            now=now,
        )
        super().__init__(folder, host, port, site, faults=faults, keep_alive_seconds=keep_alive_seconds)
        self.access = Access(folder)

    @property
    def api_key(self) -> str:
        """The site's own key."""
        return self.access.api_key

    def start(self) -> None:
        """Open the storage, seed what is missing, listen; returns once requests are answered."""
        if find_spec("wsproto") is None:
            raise ConfigError(
                "The practice tracker's event hub needs the package 'wsproto', which is not installed: "
                'pip install "wetgate[ftrack]"'
            )
        super().start()

    def seed(self, project: str, sequence: str, shots: Iterable[str]) -> dict[str, Any]:
        """Make sure that the show, its sequence and shots exist; gives ids `{project, sequence, shots}`."""
        return seed_project(self.site, project, sequence, shots)

    def stop(self) -> None:
        """Answer what is under way, then close."""
        if self._site is not None and self._site.hub.connected:
            self._site.hub.close_all()
        super().stop()

    def _fill(self, site: Site) -> None:
        seed_site(site, self.access)

    def _app(self, site: Site) -> Any:
        site.base = self.url
        return make_app(site, self.faults)
