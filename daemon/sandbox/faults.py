"""Faults on order: what networks and sites do to a client, at exactly the call that a test names."""

from __future__ import annotations

import asyncio
import fnmatch
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Fault(BaseModel):
    """One rule: the *nth* call (and *times* - 1 more) that fits *path* and *method* meets *action*.

    `path` and `method` are globs; `method` is the API method (`create`), for what has none the last
    part of the path. `action`: `status` answers with *status*, *headers* and *body*, `drop` ends the
    connection without an answer, `slow` waits *seconds*, `hold` keeps each call until all *times* are there or
    other rules are set, *seconds* at most, `strip` passes on without the answer's *headers*, `close` answers as
    always and closes the connection then, unannounced, as a server does with one that rests. `when` says whether
    the request has been carried out by then; a held one never has.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = "*"
    method: str = "*"
    contains: str = ""
    """A text that the request's body must hold."""
    nth: int = 1
    times: int = 1
    action: Literal["status", "drop", "slow", "hold", "strip", "close"] = "status"
    when: Literal["before", "after"] = "before"
    status: int = 503
    seconds: float = 0.0
    headers: dict[str, str] = {}
    body: str = "<html><body>ordered by a test</body></html>"


class Call(BaseModel):
    """One request in the log. `method` as in `Fault`; `status` is what went out, 0 for a dropped one.

    `at` is when it came, in seconds of the server's monotonic clock.
    """

    verb: str
    path: str
    method: str
    status: int
    fault: bool = False
    at: float = Field(default_factory=time.monotonic)


class FaultPlan:
    """The rules and the log of calls; shared by the server's thread and a test's."""

    def __init__(self) -> None:
        """No faults."""
        self._lock = threading.Lock()
        self._rules: list[tuple[Fault, list[int]]] = []
        self._calls: list[Call] = []
        self._met = 0

    def set(self, *faults: Fault) -> None:
        """Replace all rules; counting begins anew."""
        with self._lock:
            self._rules = [(fault, [0]) for fault in faults]
            self._met = 0

    @property
    def met(self) -> int:
        """How many calls met a fault since the rules were set, those that wait for their answer among them."""
        with self._lock:
            return self._met

    def holds(self, held: Fault) -> bool:
        """Whether a call that met that fault has to wait on."""
        with self._lock:
            return any(fault is held and count[0] < fault.nth + fault.times - 1 for fault, count in self._rules)

    @property
    def calls(self) -> list[Call]:
        """What was asked so far."""
        with self._lock:
            return list(self._calls)

    def forget(self) -> None:
        """Empty the log."""
        with self._lock:
            self._calls.clear()

    def log(self, call: Call) -> None:
        """Add a call."""
        with self._lock:
            self._calls.append(call)

    def meet(self, path: str, method: str, body: bytes) -> Fault | None:
        """The fault that this call meets, if any; counts it."""
        met = None
        with self._lock:
            for fault, count in self._rules:
                fits = fnmatch.fnmatch(path, fault.path) and fnmatch.fnmatch(method, fault.method)
                if not fits or (fault.contains and fault.contains.encode() not in body):
                    continue
                count[0] += 1
                if met is None and fault.nth <= count[0] < fault.nth + fault.times:
                    met = fault
            self._met += met is not None
        return met


class FaultMiddleware:
    """The outermost layer of the server: logs every call and carries out the plan."""

    def __init__(self, app: App, plan: FaultPlan, method_of: Callable[[str, bytes], str]) -> None:
        """Wrap *app*; *method_of* tells the API method of a path and body."""
        self._app = app
        self._plan = plan
        self._method_of = method_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or spoil it."""
        if scope["type"] != "http" or scope["path"].startswith("/_control"):
            await self._app(scope, receive, send)
            return
        body = await _whole(receive)
        method = self._method_of(scope["path"], body)
        fault = self._plan.meet(scope["path"], method, body)
        call = Call(verb=scope["method"], path=scope["path"], method=method, status=0, fault=bool(fault))
        logged = False

        def log() -> None:
            nonlocal logged
            if not logged:
                logged = True
                self._plan.log(call)

        async def noted(message: Message) -> None:
            nonlocal call
            if message["type"] == "http.response.start":
                call = call.model_copy(update={"status": message["status"]})
                log()  # before the client has its answer, so that it finds the call in the log
            await send(message)

        try:
            if fault is None:
                await self._app(scope, _again(body), noted)
            else:
                await self._spoil(fault, scope, body, noted, send)
        finally:
            log()

    async def _wait(self, fault: Fault) -> None:
        end = time.monotonic() + fault.seconds
        while time.monotonic() < end and (fault.action == "slow" or self._plan.holds(fault)):
            await asyncio.sleep(0.01)

    async def _spoil(self, fault: Fault, scope: Scope, body: bytes, noted: Send, send: Send) -> None:
        if fault.action == "hold" or (fault.action == "slow" and fault.when == "before"):
            await self._wait(fault)
            await self._app(scope, _again(body), noted)
            return
        if fault.action == "strip":
            await self._app(scope, _again(body), _without(noted, set(fault.headers)))
            return
        if fault.action == "close":
            await self._app(scope, _again(body), noted)
            _transport(send).close()
            return
        if fault.when == "after":
            held: list[Message] = []

            async def hold(message: Message) -> None:
                held.append(message)

            await self._app(scope, _again(body), hold)
            if fault.action == "slow":
                await asyncio.sleep(fault.seconds)
                for message in held:
                    await noted(message)
                return
        if fault.action == "drop":
            _transport(send).abort()
            return
        told = {"content-type": "text/html"} | {name.lower(): value for name, value in fault.headers.items()}
        headers = [(name.encode(), value.encode()) for name, value in told.items()]
        await noted({"type": "http.response.start", "status": fault.status, "headers": headers})
        await noted({"type": "http.response.body", "body": fault.body.encode()})


def _without(send: Send, names: set[str]) -> Send:
    unwanted = {name.lower().encode() for name in names}

    async def stripped(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message["headers"] if pair[0].lower() not in unwanted]
            message = {**message, "headers": kept}
        await send(message)

    return stripped


def _transport(send: Send) -> asyncio.Transport:
    # uvicorn gives no public way to cut a connection off; its `send` is a method of the object that holds it.
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if not isinstance(transport, asyncio.Transport):
        raise TypeError("this server shows no connection that could be ended")
    return transport


async def _whole(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            break
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    return b"".join(parts)


def _again(body: bytes) -> Receive:
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            await asyncio.Event().wait()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
