"""The command line: one file per verb."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from typer._click.exceptions import ClickException  # typer carries its own click and does not hand this on

from ...schema.errors import BriefIncomplete, NotConfident, WetgateError
from . import (
    clips,
    config,
    demo,
    doctor,
    ingest,
    jobs,
    migrate,
    plugins,
    process,
    publish,
    record,
    run,
    sandbox,
    search,
    verify,
)
from .screen import Screen

EXIT_ERROR, EXIT_REFUSED, EXIT_BRIEF, EXIT_STOPPED = 1, 3, 4, 130


app = typer.Typer(
    name="wetgate",
    help="Restores a production's shots from its own footage, inside its tracker, and proves what it touched.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _all(
    context: typer.Context,
    config_file: Annotated[
        Path | None, typer.Option("--config", help="The settings file; ./wetgate.toml when not given.")
    ] = None,
) -> None:
    context.obj = Screen(config_file)


for verb in (
    run,
    demo,
    verify,
    ingest,
    clips,
    search,
    process,
    jobs,
    publish,
    config,
    plugins,
    migrate,
    doctor,
    record,
    sandbox,
):
    verb.register(app)


def main() -> None:
    """Run a command; an error is one sentence on stderr and an exit status, never a traceback."""
    try:
        status = app(standalone_mode=False)
    except NotConfident as error:
        _leave(str(error), EXIT_REFUSED)
    except BriefIncomplete as error:
        _leave(str(error), EXIT_BRIEF)
    except WetgateError as error:
        _leave(str(error), EXIT_ERROR)
    except ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        _leave("stopped", EXIT_STOPPED)
    sys.exit(status if isinstance(status, int) else 0)


def _leave(message: str, status: int) -> None:
    print(f"wetgate: {message}", file=sys.stderr)
    sys.exit(status)
