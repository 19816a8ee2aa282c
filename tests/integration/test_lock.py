"""One daemon per database."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import sqlalchemy as sa
from wetgate.daemon.lock import DaemonLock
from wetgate.daemon.store import Database
from wetgate.schema.errors import ConfigError


def test_lock_is_held_by_one_and_names_its_holder(database: Database, tmp_path: Path) -> None:
    """A second taker is refused with the holder's process; after the release it gets the lock."""
    first, second = DaemonLock(tmp_path, database), DaemonLock(tmp_path, database)
    with first:
        assert first.alive
        with pytest.raises(ConfigError, match=f"process {os.getpid()},") as refused:
            second.take()
        assert refused.value.data["pid"] == str(os.getpid())
        assert not second.held
    with second:
        assert second.held


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_postgres_is_locked_against_other_workspaces(database: Database, tmp_path: Path) -> None:
    """The same PostgreSQL database is refused from another work_root, and after the release it is free again."""
    first, elsewhere = DaemonLock(tmp_path / "a", database), DaemonLock(tmp_path / "b", database)
    with first, pytest.raises(ConfigError, match="another workspace or machine"):
        elsewhere.take()
    with elsewhere:
        assert elsewhere.held


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_lost_connection_loses_the_lock(database: Database, tmp_path: Path) -> None:
    """Where PostgreSQL ends the session, the lock knows that it is held no more."""
    with DaemonLock(tmp_path, database) as lock:
        with database.engine.connect() as connection:
            connection.execute(
                sa.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks"
                    " WHERE locktype = 'advisory' AND database ="
                    " (SELECT oid FROM pg_database WHERE datname = current_database())"
                )
            )
        assert not lock.alive
