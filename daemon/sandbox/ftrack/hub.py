"""The event hub: socket.io 0.9 over a websocket. What is not delivered at once is lost."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
import uuid
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from .expressions import Match, parse
from .refusal import Refusal

EVENT = "ftrack.event"
HEARTBEAT_SECONDS = 10.0
TIMEOUT_SECONDS = 60


class Connection:
    """One client's websocket with its subscribers."""

    def __init__(self, socket: WebSocket) -> None:
        """Wrap an accepted websocket."""
        self.socket = socket
        self.subscribers: dict[str, tuple[dict[str, Any], Match]] = {}
        self.outgoing: asyncio.Queue[str | None] = asyncio.Queue()
        self.heard = time.monotonic()

    def wants(self, event: dict[str, Any], target: Match | None) -> bool:
        """Whether one of its subscribers is to have the event."""
        return any(
            (target is None or target(subscriber)) and fits(event) for subscriber, fits in self.subscribers.values()
        )


class Hub:
    """Routes events between the clients that are connected now."""

    def __init__(self, heartbeat_seconds: float = HEARTBEAT_SECONDS) -> None:
        """Nobody is connected."""
        self.heartbeat_seconds = heartbeat_seconds
        self.delay_seconds = 0.0
        """Events are delivered so much later: a slow hub."""
        self._connections: set[Connection] = set()
        self._sessions: dict[str, Any] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._shut_until = 0.0

    def open_session(self, user: Any) -> str:
        """A session's id, to be connected with once; the answer of the handshake."""
        if time.monotonic() < self._shut_until:
            raise Refusal("The event server restarts.", "ServerError", 503)
        session = secrets.token_hex(16)
        self._sessions[session] = user
        return f"{session}:{TIMEOUT_SECONDS}:{TIMEOUT_SECONDS}:websocket"

    @property
    def connected(self) -> int:
        """How many clients are connected."""
        return len(self._connections)

    @property
    def subscriptions(self) -> int:
        """How many subscribers there are."""
        return sum(len(one.subscribers) for one in self._connections)

    def publish(self, event: dict[str, Any]) -> None:
        """Send an event to whom it concerns; from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._spread, event)

    def close_all(self, *, clean: bool = True, seconds: float = 0.0) -> None:
        """Close every connection, with a proper closing handshake or without; refuse new ones for *seconds*."""
        self._shut_until = time.monotonic() + seconds
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._close_all(clean), self._loop).result(10)

    async def serve(self, socket: WebSocket, session: str) -> None:
        """One client, from its connection to its end."""
        self._loop = asyncio.get_running_loop()
        if self._sessions.pop(session, None) is None or time.monotonic() < self._shut_until:
            await socket.close(code=4401)
            return
        await socket.accept()
        connection = Connection(socket)
        self._connections.add(connection)
        writer = asyncio.create_task(self._write(connection))
        heart = asyncio.create_task(self._beat(connection))
        connection.outgoing.put_nowait("1::")
        try:
            while True:
                packet = await socket.receive_text()
                connection.heard = time.monotonic()
                if packet.startswith("0"):
                    break
                self._receive(connection, packet)
        except (WebSocketDisconnect, KeyError):
            pass
        finally:
            self._connections.discard(connection)
            heart.cancel()
            connection.outgoing.put_nowait(None)
            await asyncio.gather(writer, heart, return_exceptions=True)

    def _receive(self, connection: Connection, packet: str) -> None:
        code, number, _, data = (*packet.split(":", 3), "", "", "")[:4]
        if code != "5":
            return
        answer: dict[str, Any]
        try:
            self._take(connection, json.loads(data))
            answer = {"success": True}
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, Refusal) as error:
            answer = {"success": False, "message": str(error)}
        if number:
            suffix = f"+{json.dumps([answer])}" if number.endswith("+") else ""
            connection.outgoing.put_nowait(f"6:::{number.rstrip('+')}{suffix}")

    def _take(self, connection: Connection, payload: dict[str, Any]) -> None:
        event = payload["args"][0]
        if payload.get("name") != EVENT or not isinstance(event.get("topic"), str):
            raise Refusal("Not an event.")
        data = event.get("data") or {}
        match event["topic"]:
            case "ftrack.meta.subscribe":
                subscriber = dict(data.get("subscriber") or {})
                identifier = str(subscriber.setdefault("id", uuid.uuid4().hex))
                if identifier in connection.subscribers:
                    raise Refusal(f"Subscriber {identifier} is subscribed already.")
                connection.subscribers[identifier] = (subscriber, parse(str(data.get("subscription") or "")))
            case "ftrack.meta.unsubscribe":
                identifier = str((data.get("subscriber") or {}).get("id"))
                if connection.subscribers.pop(identifier, None) is None:
                    raise Refusal(f"There is no subscriber {identifier}.")
            case _:
                self._spread(event)

    def _spread(self, event: dict[str, Any]) -> None:
        event = {"id": uuid.uuid4().hex, "data": {}, "source": {}, **event}
        try:
            target = parse(str(event["target"])) if event.get("target") else None
        except Refusal:
            return
        packet = f"5:::{json.dumps({'name': EVENT, 'args': [event]})}"
        for connection in list(self._connections):
            if connection.wants(event, target):
                connection.outgoing.put_nowait(packet)

    async def _write(self, connection: Connection) -> None:
        while (packet := await connection.outgoing.get()) is not None:
            if self.delay_seconds and packet.startswith("5"):
                await asyncio.sleep(self.delay_seconds)
            if connection.socket.client_state is not WebSocketState.CONNECTED:
                return
            try:
                await connection.socket.send_text(packet)
            except (RuntimeError, WebSocketDisconnect, OSError):
                return

    async def _beat(self, connection: Connection) -> None:
        while time.monotonic() - connection.heard < TIMEOUT_SECONDS + self.heartbeat_seconds:
            await asyncio.sleep(self.heartbeat_seconds)
            connection.outgoing.put_nowait("2::")
        await connection.socket.close()

    async def _close_all(self, clean: bool) -> None:
        for connection in list(self._connections):
            self._connections.discard(connection)
            if clean:
                connection.outgoing.put_nowait(None)
                await connection.socket.close()
            else:
                _cut(connection.socket)


def _cut(socket: WebSocket) -> None:
    # uvicorn's protocol object, which the application leaves in the scope.
    socket.scope["protocol"].transport.abort()
