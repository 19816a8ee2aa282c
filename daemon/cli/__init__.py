"""The command line: one file per verb."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from typer._click import Command  # typer carries its own click and does not hand these two on
from typer._click.exceptions import ClickException
from typer.core import TyperGroup
from typer.main import get_command

from ...schema.errors import BriefIncomplete, NotConfident, WetgateError
from .screen import Screen

_VERBS = {
    "run": "run",
    "demo": "demo",
    "verify": "verify",
    "ingest": "ingest",
    "clips": "clips",
    "search": "search",
    "process": "process",
    "jobs": "jobs",
    "retry": "jobs",
    "cancel": "jobs",
    "pause": "jobs",
    "resume": "jobs",
    "publish": "publish",
    "config": "config",
    "plugins": "plugins",
    "migrate": "migrate",
    "doctor": "doctor",
    "record": "record",
    "sandbox": "sandbox",
}
"""Each verb and the file that has it."""

EXIT_ERROR, EXIT_REFUSED, EXIT_BRIEF, EXIT_STOPPED = 1, 3, 4, 130


class _Verbs(Mapping[str, Command]):
    """The commands, each loaded when it is asked for: `wetgate jobs` need not wait for what makes pictures."""

    def __getitem__(self, verb: str) -> Command:
        room = import_module(f".{_VERBS[verb]}", __package__)
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(verb)(getattr(room, verb))
        return get_command(alone)

    def __iter__(self) -> Iterator[str]:
        return iter(_VERBS)

    def __len__(self) -> int:
        return len(_VERBS)


class _Wetgate(TyperGroup):
    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.commands = cast("MutableMapping[str, Command]", _Verbs())  # nothing is ever added


app = typer.Typer(
    cls=_Wetgate,
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
