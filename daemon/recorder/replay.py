"""Plays a recording to a client: each question gets the answer that the real site gave."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..serving import Served, Serving
from .cleaning import Cleaner
from .passing import VERBS
from .recording import Body, Exchange, read_recording

_CREDENTIALS = frozenset({"script_name", "script_key", "session_uuid", "user_login", "user_password", "session_token"})


class Replay(Served):
    """A site that only knows what was recorded. `strange` are the questions that nobody had asked there.

    A question fits by verb, path and content, whoever asks; asked more often than it was recorded,
    it gets the last answer again.
    """

    def __init__(self, path: Path, *, port: int = 0) -> None:
        """Raises ConfigError for a file that is no recording."""
        self.head, exchanges = read_recording(path)
        self._cleaner = Cleaner(())
        self._answers: dict[str, deque[Exchange]] = defaultdict(deque)
        for one in exchanges:
            if one.status:
                self._answers[_key(one.verb, one.path, one.query, one.asked)].append(one)
        self.strange: list[str] = []
        self._serving = Serving("replay", "127.0.0.1", port)

    def start(self) -> None:
        """Listen."""
        self._serving.open()
        self._serving.serve(Starlette(routes=[Route("/{path:path}", self._answer, methods=VERBS)]))

    def stop(self) -> None:
        """Stop listening."""
        self._serving.close()

    async def _answer(self, request: Request) -> Response:
        clean = self._cleaner
        asked = clean.body(await request.body(), request.headers.get("content-type", ""))
        key = _key(request.method, clean.path(request.url.path), clean.query(request.url.query), asked)
        waiting = self._answers.get(key)
        if not waiting:
            self.strange.append(key)
            return JSONResponse({"error": f"never asked when this was recorded: {key[:500]}"}, status_code=404)
        one = waiting.popleft() if len(waiting) > 1 else waiting[0]
        kind = one.headers.get("content-type", "application/json")
        return Response(_content(one.answered), status_code=one.status, headers={**one.headers, "content-type": kind})


def _key(verb: str, path: str, query: dict[str, str], asked: Body) -> str:
    content = {
        "query": _anonymous(query),
        "json": _anonymous(asked.json_value),
        "fields": _anonymous(asked.fields),
        "text": asked.text,
        "sha256": asked.sha256,
    }
    return f"{verb} {path} {json.dumps(content, sort_keys=True)}"


def _anonymous(value: Any) -> Any:
    """Without who asks: the credentials of a replay are not those of the recording."""
    if isinstance(value, dict):
        return {key: _anonymous(one) for key, one in value.items() if key not in _CREDENTIALS}
    return [_anonymous(one) for one in value] if isinstance(value, list) else value


def _content(body: Body) -> bytes:
    if body.json_value is not None:
        return json.dumps(body.json_value, ensure_ascii=False).encode()
    if body.text is not None:
        return body.text.encode()
    return bytes(body.omitted_bytes)
