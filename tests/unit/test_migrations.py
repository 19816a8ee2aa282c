"""A database of an earlier release is brought up to date with its rows, and can go back."""

from __future__ import annotations

from importlib import resources

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from wetgate.daemon.store import Database
from wetgate.daemon.store.jobs import Jobs
from wetgate.schema.job import NO_DUE, Lane, Order


def to(database: Database, revision: str) -> None:
    """Bring the tables to a revision, up or down."""
    config = Config()
    config.set_main_option("script_location", str(resources.files("wetgate.schema.tables") / "migrations"))
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        move = command.downgrade if revision < "0003" else command.upgrade
        move(config, revision)
        connection.commit()


def test_what_was_queued_before_due_dates_is_claimed_after_them(database: Database) -> None:
    """Jobs and tasks of the release before get the new columns' defaults, and are worked on in the new order."""
    jobs = Jobs(database)
    with database.write() as session:
        old = jobs.enqueue(session, Order(show="PINE", kind="survey", lane=Lane.INDEX))
    to(database, "0002")
    with database.write() as session:
        columns = "show, tracker, tracker_ref, name, entity_name, processor, state, reason, brief, priority, changed_at"
        values = "'PINE', 'main', '1', 'cleanup', '', '', 'done', '', '{}', 50, 0"
        session.execute(sa.text(f"INSERT INTO task ({columns}) VALUES ({values})"))
    to(database, "head")
    with database.write() as session:
        assert session.execute(sa.text("SELECT due FROM job")).scalar_one() == NO_DUE
        assert session.execute(sa.text("SELECT asked, digest, settled_at FROM task")).one() == ("", "", 0)
        due = jobs.enqueue(session, Order(show="PINE", kind="survey", lane=Lane.INDEX, due="2026-11-25"))
    assert [job.id for job in jobs.claim({Lane.INDEX: 2}, 60.0)] == [due, old]


def test_the_claim_is_answered_from_its_index(sqlite: Database) -> None:
    """The next job is read off the partial index in its order: nothing is sorted however long the queue is."""
    look = (
        "EXPLAIN QUERY PLAN SELECT id FROM job WHERE state = 'queued' AND lane = 'process' AND run_after <= 1 "
        "ORDER BY priority DESC, due, id LIMIT 1"
    )
    with sqlite.read() as session:
        steps = [row.detail for row in session.execute(sa.text(look))]
    assert any("ix_job_claimable" in step for step in steps)
    assert not any("TEMP B-TREE" in step for step in steps)
