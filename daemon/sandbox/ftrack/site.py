"""The site as one: storage, schema, and what reads and writes them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..storage import Record
from .auth import Auth
from .graph import Graph
from .hub import Hub
from .journal import Journal
from .media import Media
from .reading import Reading
from .schema import Schema
from .storage import Storage
from .writes import Writes


class Site:
    """Hold `storage.lock` around any use of its parts but the hub."""

    def __init__(
        self,
        folder: Path,
        *,
        encode_seconds: float = 0.0,
        part_minimum: int = 5 << 20,
        heartbeat_seconds: float = 10.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Open the folder's database."""
        self.base = ""
        """The site's own address; known once it is served."""
        self.schema = Schema()
        self.storage = Storage(folder)
        self.auth = Auth(self.storage)
        self.graph = Graph(self.schema, self.storage, self.address)
        self.reading = Reading(self.graph)
        self.journal = Journal(self.graph)
        self.writes = Writes(self.graph, self.journal)
        self.media = Media(folder, self.graph, self.address, part_minimum, encode_seconds, now)
        self.hub = Hub(heartbeat_seconds)

    def address(self, what: str, key: str, part: int | None = None) -> str:
        """A signed URL for a component or a part of an upload."""
        path = f"/component/{what}/{key}" + (f"/{part}" if part is not None else "")
        return f"{self.base}{path}?sig={self.auth.sign(path)}"

    @contextmanager
    def batch(self, user: Record | None, *, quiet: bool = False) -> Iterator[None]:
        """A transaction; afterwards the hub tells of it, unless it is *quiet*."""
        event = None
        with self.storage.transaction():
            self.writes.begin()
            self.media.advance(self.writes)
            yield
            self.writes.settle()
            if not quiet:
                event = self.journal.close(user)
        if event is not None:
            self.hub.publish(event)

    def close(self) -> None:
        """Close the database."""
        self.storage.close()
