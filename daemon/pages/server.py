"""Serves the status page from a thread of the daemon."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from pathlib import Path

import structlog
import uvicorn

from ...schema.errors import ConfigError
from ...schema.settings import PagesSettings
from ..store import Database
from ..store.board import BoardReader
from .app import Health, StatusApp
from .glance import Glance
from .guard import Guard, check_exposure
from .pictures import Pictures

log = structlog.get_logger()
_LONGEST_STOP = 10.0


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
        self._thread: threading.Thread | None = None
        self._server: uvicorn.Server | None = None
        self.url = ""

    def start(self) -> None:
        """Listen. Raises ConfigError when the port is taken or the address is not this machine's."""
        listener = self._listen()
        config = uvicorn.Config(
            Guard(self._app, self._token),
            log_config=None,
            log_level="warning",
            # The address of a first visit holds the token: it must not be logged.
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=2,
            timeout_keep_alive=30,
        )
        self._stopping.clear()
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="pages", daemon=True
        )
        self._thread.start()
        host, port = listener.getsockname()[:2]
        self.url = f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
        log.info("status page", url=self.url)

    def stop(self) -> None:
        """Send every listener home and stop listening; safe to call twice."""
        self._stopping.set()
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(_LONGEST_STOP)
        if self._thread.is_alive():
            log.warning("status page did not stop in time")
        self._server = self._thread = None

    def _listen(self) -> socket.socket:
        host, port = self._settings.host, self._settings.port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host.strip("[]"), port))
        except OSError as error:
            listener.close()
            raise ConfigError(
                f"The status page cannot listen on {host}:{port}: {error.strerror or error}. "
                "Choose another [pages] host or port (0 takes a free one)."
            ) from error
        return listener


def _token(settings: PagesSettings) -> str | None:
    if settings.token is not None:
        return settings.token.get_secret_value()
    if settings.token_file is None:
        return None
    try:
        return settings.token_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"[pages] token_file {settings.token_file} cannot be read: {error}") from error
