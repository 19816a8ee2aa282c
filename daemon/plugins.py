"""Finds connectors and processors by their entry points, built-in and third-party alike.

A plugin may need packages that its distribution brings only with an extra. The extra then has the
plugin's own name, so that whoever asks for the plugin can be told how to install it.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

import structlog

from ..schema.errors import ConfigError, WetgateError
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
    install: str | None = None
    """The command that brings what it needs, where that is all that is wrong."""


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
            fault = install = None
            try:
                _load(group, point.name)
            except ConfigError as error:
                fault, install = str(error), install_command(error)
            origin = f"{point.dist.name} {point.dist.version}" if point.dist else ""
            rows.append(Plugin(group=group, name=point.name, origin=origin, fault=fault, install=install))
    return rows


def install_command(error: WetgateError) -> str | None:
    """The command that mends *error*, where a package is missing that an extra brings."""
    command = error.data.get("install")
    return str(command) if command else None


def _load(group: str, name: str) -> Any:
    points: list[EntryPoint] = list(entry_points(group=group, name=name))
    if not points:
        known = ", ".join(sorted(point.name for point in entry_points(group=group)))
        raise ConfigError(f"There is no {_word(group)} {name!r}. Installed: {known or 'none'}.")
    point = points[0]
    try:
        return point.load()
    except Exception as error:  # a plugin's import may raise anything; it is isolated here and told by name
        install = _extra(point, error)
        if install is None:
            raise ConfigError(f"The plugin {name!r} ({point.value}) does not load: {error!r}") from error
        raise ConfigError(
            f"The {_word(group)} {name!r} needs the package {_package(error)!r}, which is not installed: {install}",
            install=install,
        ) from error


def _word(group: str) -> str:
    return group.rpartition(".")[2][:-1]


def _package(error: Exception) -> str:
    """The package that an import did not find; empty for any other error."""
    name = error.name if isinstance(error, ModuleNotFoundError) else None
    return (name or "").partition(".")[0]


def _extra(point: EntryPoint, error: Exception) -> str | None:
    """What installs the package that *point* lacks, where its distribution has an extra for it."""
    missing = _package(error)
    if not missing or missing == point.module.partition(".")[0] or point.dist is None:
        return None
    if point.name not in (point.dist.metadata.get_all("Provides-Extra") or ()):
        return None
    return f'pip install "{point.dist.name}[{point.name}]"'
