"""How fast the queue is, on both databases side by side.

    python benchmarks/queue_rates.py [--jobs 2000] [--postgres URL] [--json]

single: one transaction per order. burst: all orders in one. claim + finish: one claimer, a
transaction each. whole: from the queue through one warm worker and back, by the real dispatcher.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table
from sqlmodel import Session
from wetgate.daemon.logging import LogForm
from wetgate.daemon.queue.dispatcher import Dispatcher
from wetgate.daemon.queue.kinds import JobKind
from wetgate.daemon.queue.lanes import LanePlan
from wetgate.daemon.store import Database
from wetgate.daemon.store.jobs import Jobs
from wetgate.schema.job import Failure, Job, Lane, Order


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--postgres", default="postgresql+psycopg://root@127.0.0.1/postgres")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    LogForm(level="warning").configure()
    rates: dict[str, dict[str, float | None]] = {}
    with tempfile.TemporaryDirectory() as folder:
        rates["SQLite"] = measure(Database(f"sqlite:///{Path(folder) / 'queue.db'}"), given.jobs)
    with postgres(given.postgres) as database:
        rates["PostgreSQL"] = measure(database, given.jobs) if database else {}
    if given.json:
        print(json.dumps({"jobs": given.jobs, "per_second": rates}))
        return
    table = Table("per second", *rates)
    for name in rates["SQLite"]:
        figures = (rates[database].get(name) for database in rates)
        table.add_row(name, *("-" if figure is None else f"{figure:,.0f}" for figure in figures))
    Console().print(table)


@contextmanager
def postgres(url: str) -> Iterator[Database | None]:
    """A fresh database on the server at *url*, or None where nobody answers."""
    server, name = sa.make_url(url), f"wetgate_{uuid.uuid4().hex[:12]}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
    except sa.exc.OperationalError:
        yield None
        return
    database = Database(server.set(database=name).render_as_string(hide_password=False))
    try:
        yield database
    finally:
        database.close()
        with admin.connect() as connection:
            connection.execute(sa.text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        admin.dispose()


def measure(database: Database, count: int) -> dict[str, float | None]:
    """The rates on one database."""
    database.migrate()
    jobs = Jobs(database)
    single = max(count // 5, 1)

    def one_by_one() -> None:
        for order in orders("one", single):
            with database.write() as session:
                jobs.enqueue(session, order)

    def at_once() -> None:
        with database.write() as session:
            jobs.enqueue_many(session, orders("many", count))

    def claim_and_finish() -> None:
        for _ in range(single):
            job = jobs.claim({Lane.INDEX: 1}, 60.0)[0]
            with database.write() as session:
                jobs.finish(session, job, {})

    found = {
        "single enqueues": single / seconds(one_by_one),
        "enqueues in a burst": count / seconds(at_once),
        f"claim + finish, {count} waiting": single / seconds(claim_and_finish),
        "whole way through one worker": count / seconds(lambda: whole(database, jobs)),
    }
    database.close()
    return dict(found)


def echo(payload: dict[str, Any], _progress: Callable[[float, str], None]) -> dict[str, Any]:
    """What the worker does: nothing, so that the queue is what is measured."""
    return payload


def whole(database: Database, jobs: Jobs) -> None:
    """Do everything that is queued."""

    def nothing(_session: Session, _job: Job, _end: dict[str, Any] | Failure) -> None:
        return None

    kind = JobKind("note", Lane.INDEX, f"{Path(__file__).stem}:echo", nothing, nothing)
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)  # for the worker, which imports this file
    dispatcher = Dispatcher(database, jobs, [kind], {Lane.INDEX: LanePlan(1)})
    dispatcher.start()
    while jobs.count_open():
        time.sleep(0.05)
    dispatcher.stop()


def orders(prefix: str, count: int) -> list[Order]:
    """Small orders with keys."""
    payload = {"path": "/dailies/A001C001_230101_R1AB.mov"}
    return [
        Order(show="PINE", kind="note", lane=Lane.INDEX, dedupe_key=f"{prefix}{number}", payload=payload)
        for number in range(count)
    ]


def seconds(work: Callable[[], None]) -> float:
    """How long *work* takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
