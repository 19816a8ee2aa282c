"""Connections to the trackers that the settings name; the sandbox is started where it is asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from ..schema.errors import ConfigError
from ..schema.ports import Tracker
from ..schema.settings import TrackerSettings
from . import plugins
from .sandbox import Sandbox

Connect = Callable[[], Tracker]


class Trackers:
    """One connection a thread and tracker: the vendors' clients are not thread-safe."""

    def __init__(self, settings: dict[str, TrackerSettings], folder: Path) -> None:
        """*folder* is the workspace; the sandbox lives in it."""
        self._settings = settings
        self.sandboxes = {
            name: Sandbox(folder / "sandbox", port=tracker.port)
            for name, tracker in settings.items()
            if tracker.kind == "sandbox"
        }
        if len(self.sandboxes) > 1:
            raise ConfigError(f"Only one tracker may be a sandbox, not {', '.join(sorted(self.sandboxes))}.")
        self._connections = threading.local()

    def connect(self, name: str, *, url: str | None = None) -> Tracker:
        """A new connection, to another *url* where one stands between. Raises ConfigError for an unknown name."""
        settings = self._settings.get(name)
        if settings is None:
            raise ConfigError(f"There is no [trackers.{name}] in the settings.")
        sandbox = self.sandboxes.get(name)
        key = sandbox.script_key if sandbox else settings.api_key.get_secret_value() if settings.api_key else ""
        if not key:
            raise ConfigError(f"trackers.{name}.api_key is not set; give it as api_key_file or by the environment.")
        made = plugins.connector("shotgrid" if sandbox else settings.kind)
        try:
            return made(
                url=url or (sandbox.url if sandbox else settings.url),
                script_name=sandbox.script_name if sandbox else settings.script_name,
                api_key=key,
                group=settings.group,
                key_field=settings.key_field,
                overlap_seconds=settings.overlap_seconds,
                timeout_seconds=settings.timeout_seconds,
                **settings.options,
            )
        except TypeError as error:
            raise ConfigError(f"trackers.{name}.options: the connector {settings.kind!r} says: {error}.") from error

    def for_thread(self, name: str) -> Tracker:
        """The calling thread's own connection, made at first use."""
        held: dict[str, Tracker] = self._connections.__dict__.setdefault("held", {})
        if name not in held:
            held[name] = self.connect(name)
        return held[name]


def connector_faults(settings: Mapping[str, TrackerSettings]) -> dict[str, ConfigError]:
    """The trackers whose connector does not load, each with why."""
    found = {}
    for name, tracker in settings.items():
        if tracker.kind != "sandbox":
            try:
                plugins.connector(tracker.kind)
            except ConfigError as error:
                found[name] = error
    return found
