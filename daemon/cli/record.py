"""`wetgate record`: a real site's traffic as a file, to prove or correct our practice trackers with."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import typer

from ...schema.errors import ConfigError, WetgateError
from ...schema.ports import Tracker
from ..recorder import Recorder
from ..recorder.recording import Head
from ..trackers import Trackers
from .screen import AsJson, Screen

_CLIENTS = {"shotgrid": "shotgun-api3", "ftrack": "ftrack-python-api", "kitsu": "gazu"}
_MOST_TASKS = 20


def record(
    context: typer.Context,
    out: Annotated[Path, typer.Argument(help="The file to write, as site.jsonl; an existing one is refused.")],
    tracker: Annotated[str, typer.Option(help="Which [trackers.NAME] of the settings.")] = "main",
    listen: Annotated[
        bool, typer.Option(help="Stay and keep what other clients send through the printed address, until stopped.")
    ] = False,
    port: Annotated[int, typer.Option(help="TCP port on 127.0.0.1; 0 takes a free one.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Read a site once through the connector and keep the traffic, secrets, pictures and addresses removed.

    Nothing is written on the site: settings are checked, and our tasks, their briefs and the newest
    events are read. Look through the file before you give it away: titles and texts stay in it.
    """
    screen: Screen = context.obj
    trackers = Trackers(screen.settings.trackers, screen.settings.work_root)
    if tracker in trackers.sandboxes:
        raise ConfigError(f"[trackers.{tracker}] is the practice tracker: there is nothing to learn from it.")
    settings = screen.settings.trackers.get(tracker)
    if settings is None:
        raise ConfigError(f"There is no [trackers.{tracker}] in the settings.")
    head = Head(kind=settings.kind, wetgate=_version("wetgate"), client=_client(settings.kind))
    faults: list[str] = []
    with Recorder(settings.url, out, head, screen.configuration.secrets(), port=port) as recorder:
        screen.notes.print(f"Recording {settings.url} at {recorder.url}")
        connection = trackers.connect(tracker, url=recorder.url)
        projects = [show.project_of(name) for name, show in screen.settings.shows.items() if show.tracker == tracker]
        with screen.progress("reading the site") as told:
            for place, project in enumerate(projects):
                told(place / len(projects), project)
                faults += _read(connection, project)
        connection.close()
        if listen:
            ended = threading.Event()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: ended.set())
            screen.notes.print(f"Point other clients at {recorder.url}; stop with Ctrl-C.")
            ended.wait()
        count = recorder.count
    words = f"{out}: {count} exchanges.{''.join(f' {fault}' for fault in faults)}"
    screen.answer({"file": str(out), "exchanges": count, "faults": faults}, as_json=as_json, text=words)


def _read(tracker: Tracker, project: str) -> list[str]:
    """Everything that a day's reading asks; what fails is part of what we want to know."""
    faults = []

    def tried(what: str, call: Callable[..., Any], *arguments: object) -> Any:
        try:
            return call(*arguments)
        except WetgateError as error:
            faults.append(f"{project}: {what}: {error}")
            return None

    tried("doctor", tracker.check, project, ())
    page = tried("events", tracker.events, None)
    if page is not None:
        tried("events", tracker.events, page.cursor)
    for task in (tried("tasks", tracker.tasks_for_us, project) or ())[:_MOST_TASKS]:
        tried("brief", tracker.brief, task.ref)
        tried("reviews", tracker.reviews, task.ref)
    return faults


def _client(kind: str) -> str:
    name = _CLIENTS.get(kind, "")
    return f"{name} {_version(name)}".strip() if name else kind


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"
