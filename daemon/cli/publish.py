"""`wetgate publish SHOW CODE`: send a version to the tracker again."""

from __future__ import annotations

from typing import Annotated

import typer

from ...schema.errors import ConfigError
from ..publish.version import publish_order
from ..store.jobs import Jobs
from ..store.results import Results
from .clips import Show
from .screen import AsJson, Screen


def publish(
    context: typer.Context,
    show: Show,
    code: Annotated[str, typer.Argument(help="The version's name.")],
    as_json: AsJson = False,
) -> None:
    """Queue a version's way to the tracker again, for one that failed there; nothing is sent twice."""
    screen: Screen = context.obj
    database = screen.database()
    version = Results(database).version_by_code(show, code)
    if version is None:
        raise ConfigError(f"{show} has no version {code!r}.")
    if version.state not in {"made", "unpublished", "published"}:
        raise ConfigError(f"{code} is {version.state}; only a version that passed the gate can be published.")
    with database.write() as session:
        job = Jobs(database).enqueue_or_find(session, publish_order(version))
    database.close()
    screen.answer({"version": code, "job": job}, as_json=as_json, text=f"{code} is queued as job {job}.")
