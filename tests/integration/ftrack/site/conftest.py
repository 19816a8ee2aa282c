"""One ftrack practice site for the tests of a file, with a show of six tasks, and the vendor's client there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from practice_ftrack import Practice, practice


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """One site with a show of six tasks."""
    with practice(tmp_path_factory.mktemp("site")) as made:
        seeded = made.sandbox.seed("PINE", "SQ01", ("SH010", "SH020"))
        session = made.session()
        for number, shot in enumerate(seeded["shots"].values()):
            for step in ("cleanup", "grade", "track 100%"):
                task = session.create("Task", {"name": f"{step} {number}", "parent_id": shot, "bid": number * 3600.0})
                session.create("Metadata", {"parent_id": task["id"], "parent_type": "Task", "key": "n", "value": step})
        session.commit()
        artist = session.query("User where username is artist").one()
        first = session.query('Task where name is "cleanup 0"').one()
        session.create("Appointment", {"context": first, "resource": artist, "type": "assignment"})
        session.create("Timelog", {"context": first, "user": artist, "start": "2026-03-01T10:00:00", "duration": 600})
        session.commit()
        yield made


@pytest.fixture
def session(site: Practice) -> Any:
    """The coordinator's session."""
    return site.session()
