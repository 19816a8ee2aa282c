"""What every test may ask for."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

# As in the daemon's workers, and before anything imports NumPy: on small matrices and a busy machine
# OpenBLAS spends twenty times as long in handing work to its threads as in the work.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import settings
from services import require
from wetgate.daemon.store import Database

if TYPE_CHECKING:
    from gateway import Gateway
    from kitsu_site import Studio
    from zou import Zou

# How long an example takes is the machine's affair.
settings.register_profile("wetgate", settings.get_profile("default"), deadline=None)
settings.load_profile("wetgate")

POSTGRES_URL = os.environ.get("WETGATE_TEST_POSTGRES_URL", "postgresql+psycopg://root@127.0.0.1/postgres")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What asks Kitsu's server takes longest, so where files run side by side it begins."""
    items.sort(key=lambda item: isinstance(item, pytest.Function) and "zou" in item.fixturenames, reverse=True)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A fresh, migrated database of each kind."""
    url = f"sqlite:///{tmp_path / 'wetgate.db'}"
    yield from _opened(url if request.param == "sqlite" else request.getfixturevalue("postgres_url"))


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    """A fresh, migrated SQLite database, where the kind does not matter."""
    yield from _opened(f"sqlite:///{tmp_path / 'wetgate.db'}")


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """A fresh, empty database on the PostgreSQL server, dropped afterwards."""
    server = sa.make_url(POSTGRES_URL)
    dsn = server.set(drivername="postgresql").render_as_string(hide_password=False)
    name = f"wetgate_{uuid.uuid4().hex[:12]}"
    try:
        admin = psycopg.connect(dsn, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        require(f"PostgreSQL at {server.host}:{server.port or 5432} does not answer (.ci/run starts one): {error}")
    with admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    admin.close()


@pytest.fixture(scope="session")
def zou() -> Iterator[Zou]:
    """Kitsu's real server, started by the first test that asks for it."""
    from zou import running_zou

    with running_zou() as site:
        yield site


@pytest.fixture(scope="session")
def studio(zou: Zou) -> Studio:
    """People, statuses and task types on that server."""
    from kitsu_site import Studio

    return Studio(zou)


@pytest.fixture(scope="session")
def gateway(zou: Zou, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """What stands before that server, with faults on order."""
    from gateway import Gateway
    from zou import called

    # A site makes a movie playable before it answers.
    made = Gateway(zou.url, tmp_path_factory.mktemp("gateway"), called, timeout_seconds=600)
    yield made
    made.close()


def _opened(url: str) -> Iterator[Database]:
    store = Database(url)
    store.migrate()
    yield store
    store.close()
