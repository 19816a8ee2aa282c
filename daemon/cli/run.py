"""`wetgate run`: the daemon."""

from __future__ import annotations

from dataclasses import replace

import typer

from .screen import AsJson, Screen


def run(context: typer.Context, as_json: AsJson = False) -> None:
    """Run the daemon: watch the shows' folders and trackers until it is told to stop (SIGTERM, Ctrl-C).

    With --json the log is JSON lines, whatever the settings say.
    """
    from ..composition import compose  # every room of the house; commands that need none start faster

    screen: Screen = context.obj
    configuration = screen.configuration
    if as_json:
        configuration = replace(configuration, settings=configuration.settings.model_copy(update={"log": "json"}))
    with compose(configuration, quiet=False) as house:
        status = house.service().run()
    raise typer.Exit(status)
