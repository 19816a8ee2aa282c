"""The event hub as a wake-up call, watched: the vendor's hub may die without a word.

When the server closes its websocket properly, the hub's thread ends on what it takes for a broken
packet, still says that it is connected, and never connects again; when the connection breaks, it
tries for five minutes with all logging of the process switched off. So each connection here is a hub
of its own, that is looked after and replaced.
"""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable
from typing import Any

from ftrack_api.event.hub import EventHub
from ftrack_api.exception import EventHubConnectionError

from .client import Client

LOOK_SECONDS = 0.5
LONGEST_WAIT = 60.0


class HubPush:
    """Calls *wake* for every update that somebody else made, and after every gap."""

    def __init__(self, client: Client, wake: Callable[[], None]) -> None:
        """Connect in a thread of its own; nothing is raised where that fails, it is tried again."""
        self._client = client
        self._wake = wake
        self._ended = threading.Event()
        self._hub: Any = None
        self._thread = threading.Thread(target=self._run, name="ftrack push", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether changes would be told now."""
        return _alive(self._hub)

    def close(self) -> None:
        """End it."""
        self._ended.set()
        self._thread.join(10)

    def _run(self) -> None:
        failures = 0
        while not self._ended.is_set():
            hub = self._connect()
            if hub is None:
                failures += 1
                self._ended.wait(min(LONGEST_WAIT, 0.5 * 2 ** min(failures, 10)) * (0.5 + random.random()))
                continue
            failures = 0
            self._hub = hub
            self._wake()  # whatever happened before is only in the Event table
            while _alive(hub) and not self._ended.is_set():
                hub.wait(LOOK_SECONDS)
            self._hub = None
            _end(hub)

    def _connect(self) -> Any:
        hub = EventHub(self._client.url, self._client.user, self._client.key)
        name = self._client.user.replace('"', "")
        hub.subscribe(f'topic=ftrack.update and source.user.username!="{name}"', lambda _: self._wake())
        try:
            hub.connect()
        except EventHubConnectionError:
            return None
        # A broken connection ends this hub instead of its own long attempts to reconnect.
        hub._intentional_disconnect = True
        return hub


def _alive(hub: Any) -> bool:
    return hub is not None and hub.connected and hub._processor_thread.is_alive()


def _end(hub: Any) -> None:
    processor, connection = hub._processor_thread, hub._connection
    processor.cancel()
    if connection is not None:
        with contextlib.suppress(Exception):
            connection.shutdown()
    hub._connection = None
    processor.join(5)
