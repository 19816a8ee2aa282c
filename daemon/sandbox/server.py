"""The sandbox as one object: start it, point `shotgun_api3` at its `url`, stop it."""

from __future__ import annotations

import fcntl
import socket
import sqlite3
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import uvicorn

from ...schema.errors import ConfigError
from .app import make_app
from .faults import FaultPlan
from .seed import GROUP, SCRIPT, Access, seed_project, seed_site
from .site import Site

START_SECONDS = 30.0


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
        self._host = host
        self._port = port
        self._transcode_seconds = transcode_seconds
        self._direct_uploads = direct_uploads
        self._keep_alive_seconds = keep_alive_seconds
        self.faults = FaultPlan() if faults else None
        self.access = Access(folder)
        self._site: Site | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._bound: tuple[str, int] | None = None
        self._lock: IO[str] | None = None

    @property
    def url(self) -> str:
        """Where the sandbox answers, once it is started."""
        if self._bound is None:
            raise RuntimeError("the sandbox is not started")
        host, port = self._bound
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

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
        if self._thread is not None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = self._take_lock()
        try:
            listener = self._listen()
        except ConfigError:
            self._release()
            raise
        try:
            self._site = self._open_site()
        except ConfigError:
            listener.close()
            self._release()
            raise
        self._serve(self._site, listener)

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

    def _serve(self, site: Site, listener: socket.socket) -> None:
        config = uvicorn.Config(
            make_app(site, self.faults),
            http="h11",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_keep_alive=self._keep_alive_seconds,
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise ConfigError(f"The practice tracker did not start on {self.url}.")
            time.sleep(0.01)

    def seed(self, project: str, sequence: str, shots: Iterable[str], *, code: str = "") -> dict[str, Any]:
        """Make sure that the project, its sequence and shots exist; gives `{project, sequence, shots}`."""
        with self.site.storage.lock:
            return seed_project(self.site, project, sequence, shots, code=code)

    def stop(self) -> None:
        """Answer what is under way, then close."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._server = self._thread = self._bound = None
        if self._site is not None:
            self._site.close()
            self._site = None
        self._release()

    def _take_lock(self) -> IO[str]:
        """One server per folder: each keeps its entities in memory. The lock ends with the process."""
        lock = (self._folder / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise ConfigError(
                f"Another practice tracker runs in {self._folder}: stop it, or choose another folder."
            ) from error
        return lock

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # The protocol is named since asyncio switches Nagle's delay (40 ms an answer) off for TCP alone.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self._host, self._port))
        except OSError as error:
            listener.close()
            raise ConfigError(
                f"The practice tracker cannot listen on {self._host}:{self._port}: {error.strerror}. "
                "Set another `port` for the tracker, or 0 for a free one."
            ) from error
        self._bound = listener.getsockname()[:2]
        return listener

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()
