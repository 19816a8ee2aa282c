"""Runs migrations on the connection that `Database.migrate` hands over."""

from __future__ import annotations

from typing import Any

import wetgate.schema.tables  # noqa: F401  (registers every table)
from alembic import context
from sqlmodel import SQLModel


def _ours(_object: Any, name: str | None, type_: str, _reflected: bool, _compare: Any) -> bool:
    # Full-text shadow tables and the tsvector index are made by hand in 0001; autogenerate must not drop them.
    return not (type_ in {"table", "index"} and name is not None and "_fts" in name)


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    include_object=_ours,
)
with context.begin_transaction():
    context.run_migrations()
