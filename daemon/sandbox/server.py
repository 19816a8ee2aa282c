"""What every practice site does as one object: open its folder, seed it, answer, close."""

from __future__ import annotations

import sqlite3
from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from ...schema.errors import ConfigError
from ..serving import Served, Serving
from .faults import FaultPlan
from .storage import FILE


class Closing(Protocol):
    """A site: what lies in its folder, held open."""

    def close(self) -> None:
        """Give it up."""


S = TypeVar("S", bound=Closing)


class PracticeServer(Served, Generic[S]):
    """A practice tracker on an address; what its site is, how it is seeded and what it answers is each kind's own."""

    answering: ClassVar[dict[str, str]] = {}
    """Options of the server that answers."""

    def __init__(
        self, folder: Path, host: str, port: int, site: Callable[[], S], *, faults: bool, keep_alive_seconds: int
    ) -> None:
        """*site* opens what lies in *folder*. Nothing is opened before `start`; port 0 takes a free one."""
        self._folder = folder
        self._make_site = site
        self.faults = FaultPlan() if faults else None
        self._site: S | None = None
        self._serving = Serving("practice tracker", host, port, folder=folder, keep_alive_seconds=keep_alive_seconds)

    @property
    def site(self) -> S:
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
        self._serving.serve(self._app(self._site), **self.answering)

    def stop(self) -> None:
        """Answer what is under way, then close."""
        self._serving.close()
        if self._site is not None:
            self._site.close()
            self._site = None

    @abstractmethod
    def _fill(self, site: S) -> None:
        """Give the site what every new one has."""

    @abstractmethod
    def _app(self, site: S) -> Any:
        """What answers for the site."""

    def _open_site(self) -> S:
        try:
            site = self._make_site()
            self._fill(site)
        except sqlite3.DatabaseError as error:
            raise ConfigError(
                f"The practice tracker's file {self._folder / FILE} cannot be used ({error}): "
                "move it away to begin anew."
            ) from error
        return site
