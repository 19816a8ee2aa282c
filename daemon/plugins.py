"""Finds connectors and processors by their entry points, built-in and third-party alike."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

import structlog

from ..schema.errors import ConfigError
from ..schema.model import Value
from ..schema.ports import Processor, Tracker

CONNECTORS = "wetgate.connectors"
PROCESSORS = "wetgate.processors"

log = structlog.get_logger()


class Plugin(Value):
    """One installed plugin, and why it does not load where it does not."""

    group: str
    name: str
    origin: str
    fault: str | None = None


def processor(name: str) -> Processor:
    """The processor of that name. Raises ConfigError where it is missing or broken."""
    made = _load(PROCESSORS, name)()
    if not isinstance(made, Processor):
        raise ConfigError(f"The processor {name!r} does not follow the Processor port.")
    return made


def processors() -> dict[str, Processor]:
    """Every processor that loads; a broken one is logged by name and left out."""
    found: dict[str, Processor] = {}
    for point in entry_points(group=PROCESSORS):
        try:
            found[point.name] = processor(point.name)
        except ConfigError as error:
            log.error("plugin left out", plugin=point.name, fault=str(error))
    return found


def connector(name: str) -> Callable[..., Tracker]:
    """What makes a connection of that name. Raises ConfigError where it is missing or broken."""
    return cast("Callable[..., Tracker]", _load(CONNECTORS, name))


def installed() -> list[Plugin]:
    """Every plugin of both kinds, broken ones with their fault."""
    rows = []
    for group in (CONNECTORS, PROCESSORS):
        for point in sorted(entry_points(group=group), key=lambda p: p.name):
            fault = None
            try:
                _load(group, point.name)
            except ConfigError as error:
                fault = str(error)
            origin = f"{point.dist.name} {point.dist.version}" if point.dist else ""
            rows.append(Plugin(group=group, name=point.name, origin=origin, fault=fault))
    return rows


def _load(group: str, name: str) -> Any:
    points: list[EntryPoint] = list(entry_points(group=group, name=name))
    if not points:
        known = ", ".join(sorted(point.name for point in entry_points(group=group)))
        raise ConfigError(f"There is no {group.rpartition('.')[2][:-1]} {name!r}. Installed: {known or 'none'}.")
    try:
        return points[0].load()
    except Exception as error:  # a plugin's import may raise anything; it is isolated here and told by name
        raise ConfigError(f"The plugin {name!r} ({points[0].value}) does not load: {error!r}") from error
