"""The ftrack practice site's Event table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests
from practice_ftrack import LEAVES_FILES_OPEN, practice

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


TASK = "adb4ad6c-7679-11e2-8df2-f23c91df25eb"


def test_an_event_row_for_every_change(session: Any) -> None:
    """The Event table tells what was done by whom, in ascending numbers, and whom an assignment concerns."""
    last = session.query("select id from Event order by id desc").first()
    task = session.query(f"Task where id is {TASK}").one()
    user = session.query("User where username is supervisor").one()
    task["status"] = session.query('Status where name is "Awaiting approval"').one()
    task["description"] = "words"
    session.create("Appointment", {"context": task, "resource": user, "type": "assignment"})
    session.commit()
    asked = f"select action, insert, parent_id, user.username, data from Event where id > {last['id'] if last else 0}"
    rows = session.query(f"{asked} order by id").all()
    assert [(row["action"], row["insert"]) for row in rows] == [
        ("change.status.task", "update"),
        ("db.all.task", "update"),
        ("db.append.task:user", "insert"),
    ]
    assert {row["parent_id"] for row in rows} == {TASK}
    assert json.loads(rows[1]["data"]) == {"description": {"old": None, "new": "words"}}
    assert {row["user"]["username"] for row in rows} == {"coordinator"}
    feeds = f"feeds.owner_id is {user['id']} and feeds.relation is assigned"
    assert [row["id"] for row in session.query(f"Event where {feeds}")] == [rows[2]["id"]]


def test_late_and_missing_event_numbers(tmp_path: Path) -> None:
    """On order a row shows up after later ones, or numbers are left out."""
    with practice(tmp_path / "site") as site:
        session = site.session()

        def after(name: str, **order: int) -> list[int]:
            requests.post(f"{site.sandbox.url}/_control/events", json=order, timeout=10)
            session.create("Scope", {"name": name})
            session.commit()
            return [row["id"] for row in site.session().query("select id from Event order by id")]

        assert after("a", hold_back=1) == []
        assert after("b") == [1, 2]
        assert after("c", skip_ids=2) == [1, 2, 5]
