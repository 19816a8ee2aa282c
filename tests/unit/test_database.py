"""Transactions: what follows from one follows once it is committed, and only then."""

from __future__ import annotations

import pytest
from wetgate.daemon.store import Database
from wetgate.daemon.store.database import afterwards
from wetgate.schema.tables import ControlRow


def test_what_comes_afterwards_sees_what_was_written(database: Database) -> None:
    """It is called once, when others can read the rows; the session's next transaction calls it no more."""
    seen: list[bool] = []

    def look() -> None:
        with database.read() as session:
            seen.append(session.get(ControlRow, "switch") is not None)

    with database.write() as session:
        session.add(ControlRow(name="switch", value="1", changed_at=0.0))
        afterwards(session, look)
        assert seen == []
    assert seen == [True]


def test_nothing_comes_after_what_was_rolled_back(database: Database) -> None:
    """An error inside the block undoes it all."""
    seen: list[bool] = []
    with pytest.raises(KeyError), database.write() as session:
        afterwards(session, lambda: seen.append(True))
        raise KeyError("a hole")
    assert seen == []
