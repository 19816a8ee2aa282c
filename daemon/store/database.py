"""The database: SQLite in WAL mode by default, PostgreSQL by a URL; the same tables on both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Connection, Engine
from sqlmodel import Session

from ...schema.errors import ConfigError

_WRITE = "wetgate_write"


class Database:
    """Sessions on the one database. Readers never block; writers on SQLite take turns from the first statement."""

    def __init__(self, url: str) -> None:
        """Open *url* (`sqlite:///path` or `postgresql+psycopg://...`); nothing is created but the folder."""
        self.url = sa.make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if not self.is_sqlite and self.url.get_backend_name() != "postgresql":
            raise ConfigError(f"The database must be SQLite or PostgreSQL, not {self.url.get_backend_name()}.")
        if self.is_sqlite:
            Path(self.url.database or "").parent.mkdir(parents=True, exist_ok=True)
        self.engine = _sqlite(self.url) if self.is_sqlite else sa.create_engine(self.url, pool_pre_ping=True)
        self._writer = self.engine.execution_options(**{_WRITE: True})

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session on one consistent state; nothing is written back."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction: committed on leaving, rolled back on an error."""
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    def migrate(self) -> None:
        """Bring the tables to this release's state; safe to call at every start."""
        folder = resources.files("wetgate.schema.tables") / "migrations"
        config = Config()
        config.set_main_option("script_location", str(folder))
        with self.engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()

    def close(self) -> None:
        """Give up every connection."""
        self.engine.dispose()


def afterwards(session: Session, call: Callable[[], object]) -> None:
    """Have *call* made once the transaction of *session* is committed, and never where it is rolled back."""
    sa.event.listen(session, "after_commit", lambda _session: call(), once=True)


def _sqlite(url: sa.URL) -> Engine:
    engine = sa.create_engine(url, connect_args={"timeout": 30.0, "check_same_thread": False})

    @sa.event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        # The driver must not begin transactions by itself: BEGIN IMMEDIATE below decides who writes.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
