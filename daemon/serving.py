"""A web application on the network, served from a thread of this process."""

from __future__ import annotations

import fcntl
import socket
import threading
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import uvicorn

from ..schema.errors import ConfigError

START_SECONDS = 30.0


class Serving:
    """Listens on one address and serves one application there."""

    def __init__(
        self,
        what: str,
        host: str,
        port: int,
        *,
        folder: Path | None = None,
        keep_alive_seconds: int = 75,
        setting: str = "port",
    ) -> None:
        """*what* is served and which *setting* says where, for errors. Nothing is opened before `open`; port 0 is any.

        Of several that serve from one *folder* only the first may.
        """
        self._what, self._folder, self._host, self._port = what, folder, host.strip("[]"), port
        self._setting = setting
        self._keep_alive_seconds = keep_alive_seconds
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._listener: socket.socket | None = None
        self._bound: tuple[str, int] | None = None
        self._lock: IO[str] | None = None

    @property
    def url(self) -> str:
        """Where it answers, once it is open."""
        if self._bound is None:
            raise RuntimeError(f"the {self._what} is not started")
        host, port = self._bound
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def open(self) -> None:
        """Take the folder and the address. Raises ConfigError where either is taken."""
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock = self._take_lock(self._folder)
        try:
            self._listener = self._listen()
        except ConfigError:
            self.close()
            raise

    def serve(self, app: Any, **options: Any) -> None:
        """Answer with *app*; returns once requests are answered. *options* are uvicorn's."""
        config = uvicorn.Config(
            app,
            http="h11",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_keep_alive=self._keep_alive_seconds,
            timeout_graceful_shutdown=2,
            **options,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._listener]}, name=self._what, daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise ConfigError(f"The {self._what} did not start on {self.url}.")
            time.sleep(0.01)

    def close(self) -> None:
        """Answer what is under way, then give up address and folder."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(timeout=10)
        elif self._listener is not None:
            self._listener.close()
        self._server = self._thread = self._listener = self._bound = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _take_lock(self, folder: Path) -> IO[str]:
        """One server per folder: each keeps its entities in memory. The lock ends with the process."""
        lock = (folder / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise ConfigError(f"Another {self._what} runs in {folder}: stop it, or choose another folder.") from error
        return lock

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
                f"The {self._what} cannot listen on {self._host}:{self._port}: {error.strerror or error}. "
                f"Set another {self._setting} (port 0 takes a free one)."
            ) from error
        self._bound = listener.getsockname()[:2]
        return listener


class Served(ABC):
    """What answers on an address from `start` to `stop`, or as long as a `with` block lasts."""

    _serving: Serving

    @property
    def url(self) -> str:
        """Where it answers, once it is started."""
        return self._serving.url

    @abstractmethod
    def start(self) -> None:
        """Answer. Raises ConfigError where the address or folder is taken."""

    @abstractmethod
    def stop(self) -> None:
        """Answer what is under way, then close."""

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()
