"""The site's event stream as a bell.

What is told while nobody listens is lost, and gazu's event client gives a site one second to let it in, and
after a clean close does not come back. So a thread here holds a plain socket.io client, makes a new one
whenever that is not connected, and rings after each connection. The stream tells of a change before the
change is written: the bell is rung again a moment later.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import requests
import socketio

from ...schema.errors import ConnectorError
from .client import Client

NAMESPACE = "/events"
NAMES = ("task", "comment", "preview-file")
SETTLE_SECONDS = 0.15
"""What comes in a burst rings once."""
AGAIN_SECONDS = 1.0
"""By then the change is written."""
CONNECT_SECONDS = 10
LOOK_SECONDS = 1.0
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
_BROKEN = (socketio.exceptions.SocketIOError, requests.RequestException, OSError, ValueError)


class Listener:
    """Rings *wake* when something may have changed, until it is closed."""

    def __init__(self, client: Client, url: str, wake: Callable[[], None]) -> None:
        """Listen on *url*; returns at once."""
        self._client = client
        self._url = url
        self._wake = wake
        self._stop = threading.Event()
        self._heard = threading.Event()
        self._stream: Any = None
        self._threads = [
            threading.Thread(target=target, name=f"kitsu {target.__name__}", daemon=True)
            for target in (self._keep_connected, self._ring)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def alive(self) -> bool:
        """Whether changes would be told now."""
        stream = self._stream
        return bool(stream is not None and stream.connected and not self._stop.is_set())

    def close(self) -> None:
        """End it."""
        self._stop.set()
        self._heard.set()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout=10)

    def _keep_connected(self) -> None:
        wait = FIRST_WAIT_SECONDS
        while not self._stop.is_set():
            try:
                self._stream = self._connect()
            except (ConnectorError, *_BROKEN):
                # No reason to stop: the reader asks on its own meanwhile, more slowly.
                self._stop.wait(wait * random.uniform(0.5, 1.0))
                wait = min(wait * 2, LONGEST_WAIT_SECONDS)
                continue
            wait = FIRST_WAIT_SECONDS
            self._heard.set()
            while self._stream.connected and not self._stop.wait(LOOK_SECONDS):
                pass
            self._drop()
        self._client.close()

    def _connect(self) -> Any:
        # The token is asked for anew each time, with a login where it ran out.
        self._client.get("our login", "auth/authenticated")
        vendor = self._client.vendor()
        stream = socketio.Client(reconnection=False, handle_sigint=False, request_timeout=CONNECT_SECONDS)
        stream.on("*", self._hear, namespace=NAMESPACE)
        stream.connect(self._url, vendor.make_auth_header(), namespaces=[NAMESPACE], wait_timeout=CONNECT_SECONDS)
        return stream

    def _hear(self, name: str, *_: object) -> None:
        if name.partition(":")[0] in NAMES:
            self._heard.set()

    def _ring(self) -> None:
        while self._heard.wait() and not self._stop.is_set():
            time.sleep(SETTLE_SECONDS)
            self._heard.clear()
            self._wake()
            if not self._stop.wait(AGAIN_SECONDS):
                self._wake()

    def _drop(self) -> None:
        stream, self._stream = self._stream, None
        with contextlib.suppress(*_BROKEN):
            stream.disconnect()
