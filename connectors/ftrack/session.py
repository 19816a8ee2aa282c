"""The vendor's session, kept to what it does well: logging in, the schema, one HTTP connection.

Its entities are not used. They are cached for the life of the session, and what was recorded for a
commit that failed is sent again by the next one; answers are taken as plain mappings instead, and
writes are handed over as operations, which are sent once.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import requests
from ftrack_api.session import Session

Row = dict[str, Any]


class PlainSession(Session):  # type: ignore[misc]  # the vendor's client carries no annotations
    """A session whose answers are plain, and that tells how each of them came."""

    def __init__(
        self, url: str, user: str, key: str, timeout_seconds: float, hear: Callable[[requests.Response | None], None]
    ) -> None:
        """Log in and read the schema: two requests. *hear* is called with each response, and None before it."""
        self._hear = hear
        super().__init__(
            server_url=url,
            api_key=key,
            api_user=user,
            plugin_paths=[],
            schema_cache_path=False,
            timeout=timeout_seconds,
            strict_api=True,
        )

    @property
    def http(self) -> requests.Session:
        """The connection, which adds our credentials to what is sent to the site."""
        connection: requests.Session = self._request
        return connection

    def call(self, data: list[Row]) -> list[Any]:
        """Send operations."""
        self._hear(None)
        if self._note not in self.http.hooks["response"]:
            self.http.hooks["response"].append(self._note)
        answer: list[Any] = super().call(data)
        return answer

    def decode(self, string: str) -> Any:
        """JSON with times, and without entities."""
        return json.loads(string, object_hook=_plain)

    def _note(self, response: requests.Response, *_: object, **__: object) -> None:
        self._hear(response)


def _plain(item: Row) -> Any:
    kind = item.get("__type__")
    if kind in {"datetime", "date"} and isinstance(item.get("value"), str):
        moment = datetime.fromisoformat(item["value"].replace("Z", "+00:00"))
        return moment.replace(tzinfo=moment.tzinfo or UTC)
    return item.get("value") if kind == "url" else item


def stamp(value: object) -> float:
    """A time as seconds since 1970; 0 for none."""
    return value.timestamp() if isinstance(value, datetime) else 0.0


def metadata(row: Row) -> dict[str, str]:
    """A row's metadata as a mapping."""
    return {str(one["key"]): str(one["value"]) for one in row.get("metadata") or []}
