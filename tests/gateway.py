"""What stands before a site: faults at the very call that a test names, on any tracker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from wetgate.daemon.recorder.passing import Passing
from wetgate.daemon.sandbox.faults import App, FaultMiddleware, FaultPlan, Message, Receive, Scope, Send
from wetgate.daemon.serving import Serving


def last_part(path: str, _body: bytes) -> str:
    """What a call is called where the path alone says it."""
    return path.rsplit("/", 1)[-1]


class Gateway:
    """Passes on to *site*. `plan` holds the faults; `at` has something happen around one call."""

    def __init__(
        self,
        site: str,
        folder: Path,
        method_of: Callable[[str, bytes], str] = last_part,
        *,
        timeout_seconds: float = 30.0,
    ) -> None:
        """Listen on a port of its own; *method_of* names a call for the plan."""
        self.plan = FaultPlan()
        self._passing = Passing(site, timeout_seconds=timeout_seconds)
        self._app: App = FaultMiddleware(self._passing.app, self.plan, method_of)
        self._hook: tuple[int, str, Callable[[], object]] | None = None
        self.count = 0
        self._serving = Serving("proxy", "127.0.0.1", 0, folder=folder)
        self._serving.open()
        self._serving.serve(self)

    @property
    def url(self) -> str:
        """Where the site seems to be."""
        return self._serving.url

    def close(self) -> None:
        """Stop listening."""
        self._serving.close()
        self._passing.close()

    def begin(self) -> None:
        """Forget faults, hooks and counts."""
        self.plan.set()
        self.plan.forget()
        self._hook, self.count = None, 0

    def leave(self) -> None:
        """Nothing happens any more; the count goes on."""
        self._hook = None

    def at(self, nth: int, when: str, do: Callable[[], object]) -> None:
        """Do something `before` the nth call from here on reaches the site, or `after` it was carried out."""
        self._hook, self.count = (nth, when, do), 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one call on."""
        self.count += 1
        if self._hook is None or self._hook[0] != self.count:
            await self._app(scope, receive, send)
            return
        _, when, do = self._hook
        if when == "before":
            do()
            await self._app(scope, receive, send)
            return
        held: list[Message] = []

        async def hold(message: Message) -> None:
            held.append(message)

        await self._app(scope, receive, hold)
        do()
        for message in held:
            await send(message)
