"""A proxy between a connector and its site: faults at the very call that a test names, on any tracker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from wetgate.daemon.recorder.passing import Passing
from wetgate.daemon.sandbox.faults import FaultMiddleware, FaultPlan
from wetgate.daemon.serving import Serving


class Between:
    """Passes on to *site*. `plan` holds the faults; `at` has something happen around one call."""

    def __init__(self, site: str, folder: Path, *, keep_alive_seconds: int = 75) -> None:
        self.plan = FaultPlan()
        self._passing = Passing(site, timeout_seconds=30)
        self._serving = Serving("proxy", "127.0.0.1", 0, folder=folder, keep_alive_seconds=keep_alive_seconds)
        self._hook: tuple[int, str, Callable[[], object]] | None = None
        self.count = 0

    @property
    def url(self) -> str:
        return self._serving.url

    def start(self) -> None:
        self._serving.open()
        self._serving.serve(self)

    def close(self) -> None:
        self._serving.close()
        self._passing.close()

    def begin(self) -> None:
        """Forget faults, hooks and counts."""
        self.plan.set()
        self.plan.forget()
        self._hook, self.count = None, 0

    def at(self, nth: int, when: str, do: Callable[[], object]) -> None:
        """Do something `before` the nth call from here on reaches the site, or `after` it was carried out."""
        self._hook, self.count = (nth, when, do), 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        self.count += 1
        hook = self._hook if self._hook and self._hook[0] == self.count else None
        app: Any = FaultMiddleware(self._passing.app, self.plan, _method)
        if hook and hook[1] == "before":
            hook[2]()
        if hook and hook[1] == "after":
            held: list[Any] = []

            async def hold(message: Any) -> None:
                held.append(message)

            await app(scope, receive, hold)
            hook[2]()
            for message in held:
                await send(message)
            return
        await app(scope, receive, send)


def _method(path: str, body: bytes) -> str:  # the middleware's signature
    return path.rsplit("/", 1)[-1]
