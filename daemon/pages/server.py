"""Serves the status page from a thread of the daemon."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import structlog

from ...schema.errors import ConfigError
from ...schema.settings import PagesSettings
from ..serving import Serving
from ..store import Database
from ..store.board import BoardReader
from .app import Health, StatusApp
from .glance import Glance
from .guard import Guard, check_exposure
from .pictures import Pictures

log = structlog.get_logger()


class Pages:
    """The status page; `url` is where it is once started."""

    def __init__(
        self,
        database: Database,
        work_root: Path,
        settings: PagesSettings,
        health: Health,
        first_frames: Mapping[str, int] | None = None,
    ) -> None:
        """Nothing listens before `start`. *first_frames*: each show's first shot frame.

        Raises ConfigError for an address that others can reach without a token, and for a token
        file that cannot be read.
        """
        self._settings = settings
        self._token = _token(settings)
        check_exposure(settings.host, self._token)
        self._stopping = threading.Event()
        pictures = Pictures(database, work_root)
        glance = Glance(BoardReader(database, first_frames), pictures)
        self._app = StatusApp(glance, pictures, health, self._stopping).app
        self._serving = Serving(
            "status page", settings.host, settings.port, keep_alive_seconds=30, setting="[pages] host or port"
        )
        self.url = ""

    def start(self) -> None:
        """Listen. Raises ConfigError when the port is taken or the address is not this machine's."""
        self._stopping.clear()
        self._serving.open()
        self._serving.serve(Guard(self._app, self._token), log_level="warning", server_header=False)
        self.url = f"{self._serving.url}/"
        log.info("status page", url=self.url)

    def stop(self) -> None:
        """Send every listener home and stop listening; safe to call twice."""
        self._stopping.set()
        self._serving.close()


def _token(settings: PagesSettings) -> str | None:
    if settings.token is not None:
        return settings.token.get_secret_value()
    if settings.token_file is None:
        return None
    try:
        return settings.token_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"[pages] token_file {settings.token_file} cannot be read: {error}") from error
