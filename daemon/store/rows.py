"""What every row has once it was read."""

from __future__ import annotations

from typing import Protocol


class Row(Protocol):
    """A row with a number of its own."""

    id: int | None


def id_of(row: Row) -> int:
    """The row's number, which the database gave it."""
    if row.id is None:
        raise ValueError(f"a {type(row).__name__} that was read has an id")
    return row.id
