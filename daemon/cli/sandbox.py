"""`wetgate sandbox`: the practice tracker alone, for trying things out."""

from __future__ import annotations

import json
import signal
import threading
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ..sandbox import Sandbox
from ..sandbox.ftrack import FtrackSandbox
from .screen import AsJson, Screen


class Kind(StrEnum):
    """Whose API it speaks."""

    SHOTGRID = "shotgrid"
    FTRACK = "ftrack"


def sandbox(
    context: typer.Context,
    kind: Annotated[Kind, typer.Option(help="Whose API it speaks.")] = Kind.SHOTGRID,
    folder: Annotated[
        Path | None,
        typer.Option(help="Where it keeps its state; work_root/sandbox, or work_root/sandbox-KIND, if not given."),
    ] = None,
    port: Annotated[int, typer.Option(help="TCP port; 0 takes a free one.")] = 8781,
    direct_uploads: Annotated[
        bool, typer.Option(help="Take files in parts through a storage, as hosted sites do.")
    ] = False,
    transcode_seconds: Annotated[float, typer.Option(min=0.0, help="How long pictures and movies are digested.")] = 0.0,
    project: Annotated[list[str] | None, typer.Option(help="A project to have; may be given several times.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run a practice tracker, compatible with ShotGrid's or ftrack's API, on this machine until it is told to stop."""
    screen: Screen = context.obj
    home = folder or screen.settings.work_root / ("sandbox" if kind is Kind.SHOTGRID else f"sandbox-{kind}")
    server: Sandbox | FtrackSandbox = (
        FtrackSandbox(home, port=port)
        if kind is Kind.FTRACK
        else Sandbox(home, port=port, direct_uploads=direct_uploads, transcode_seconds=transcode_seconds)
    )
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    server.start()
    for name in project or ():
        server.seed(name, "SQ01", ("SH010", "SH020"))
    told = {"url": server.url, "folder": str(home)}
    if isinstance(server, FtrackSandbox):
        told |= {"user": server.user, "api_key_file": str(server.access.key_file)}
    print(json.dumps(told) if as_json else server.url, flush=True)
    screen.notes.print(f"The practice tracker answers at {server.url}; its keys are in {home}.")
    ended.wait()
    server.stop()
