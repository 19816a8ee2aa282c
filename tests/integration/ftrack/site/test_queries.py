"""The ftrack practice site asked by the vendor's own client: criteria, orders, projections, sums."""

from __future__ import annotations

from typing import Any

import ftrack_api
import ftrack_api.exception
import pytest
from practice_ftrack import LEAVES_FILES_OPEN, Practice

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        ('name is "cleanup 0"', ["cleanup 0"]),
        ('name = "CLEANUP 0"', ["cleanup 0"]),
        ('name is_not "cleanup 0" and name like "cleanup%"', ["cleanup 1"]),
        ("name like 'track 100\\%%'", ["track 100% 0", "track 100% 1"]),
        ('name like "clean_p 1"', ["cleanup 1"]),
        ('name not_like "%0" and name != "grade 1"', ["cleanup 1", "track 100% 1"]),
        ('name in ("grade 0", "grade 1")', ["grade 0", "grade 1"]),
        ('name not_in ("grade 0", "grade 1") and bid < 1', ["cleanup 0", "track 100% 0"]),
        ("bid > 0 and bid <= 3600", ["cleanup 1", "grade 1", "track 100% 1"]),
        ("bid greater_than 0 and not name like 'g%'", ["cleanup 1", "track 100% 1"]),
        ('(name is "grade 0" or name is "grade 1") and parent.name is SH020', ["grade 1"]),
        ('name is "grade 0" or name is "grade 1" and parent.name is SH010', ["grade 0"]),
        ("assignments any (resource.username is artist)", ["cleanup 0"]),
        ("not assignments any () and name like cleanup%", ["cleanup 1"]),
        ("timelogs.start after 2026-02-28 and timelogs.start before 2026-03-02", ["cleanup 0"]),
        ('timelogs.start >= "2026-03-01T12:00:00+02:00"', ["cleanup 0"]),
        ('parent has (name is SH010 and parent.name is SQ01) and name like "g%"', ["grade 0"]),
        ("metadata any (key is n and value is grade)", ["grade 0", "grade 1"]),
        ("description is none and name like '%grade 0%'", ["grade 0"]),
        ("thumbnail_id is_not None", []),
        ("thumbnail is none and name is 'grade 1'", ["grade 1"]),
        ("id in (select context_id from Appointment where resource.username is artist)", ["cleanup 0"]),
        ("status.state.short is NOT_STARTED and type.name is Generic and name is 'grade 0'", ["grade 0"]),
    ],
)
def test_criteria(session: Any, criteria: str, found: list[str]) -> None:
    """Each operator, and how they are joined."""
    rows = session.query(f"select name from Task where project.name is PINE and ({criteria}) order by name")
    assert [row["name"] for row in rows] == found


def test_order_offset_and_limit(session: Any) -> None:
    """Rows come sorted by several attributes, in pages, and all of them once."""
    asked = "select name, bid from Task where project.name is PINE order by bid descending, name"
    names = [row["name"] for row in session.query(asked, page_size=4)]
    assert names == ["cleanup 1", "grade 1", "track 100% 1", "cleanup 0", "grade 0", "track 100% 0"]
    assert [row["name"] for row in session.query(f"{asked} offset 2 limit 3")] == names[2:5]


def test_types_are_of_many_kinds(session: Any) -> None:
    """A query for a common ancestor answers each entity as what it is, with what only some of them have."""
    below = session.query("select name, context_type from Context where project.name is PINE").all()
    assert {one.entity_type for one in below} == {"Project", "Sequence", "Shot", "Task"}
    people = session.query("select username, resource_type from Resource").all()
    assert {one.entity_type for one in people} == {"User", "Group"}


def test_projections_nest(session: Any) -> None:
    """What was asked for along relations is there without another request."""
    shot = session.query(
        "select name, parent.project.name, children.assignments.resource.username, link from Shot where name is SH010 "
        "and project.name is PINE"
    ).one()
    with session.auto_populating(False):
        assert shot["parent"]["project"]["name"] == "PINE"
        users = [one["resource"]["username"] for child in shot["children"] for one in child["assignments"]]
        assert users == ["artist"]
        assert [one["name"] for one in shot["link"]] == ["PINE", "SQ01", "SH010"]


def test_totals_by_group(site: Practice) -> None:
    """Rows are counted and summed by attributes."""
    expression = "select count(id), sum(bid) from Task where project.name is PINE group by parent_id"
    (answer,) = site.session(strict_api=True).call([{"action": "query", "expression": expression}])
    assert sorted((row["count_id"], row["sum_bid"]) for row in answer["data"]) == [(3, 0), (3, 10800)]


def test_a_search_by_terms(session: Any) -> None:
    """The vendor's other client searches by parts of names."""
    asked = {
        "action": "search",
        "expression": "select name from Task where project.name is PINE",
        "entity_type": "Task",
    }
    (answer,) = session.call([{**asked, "terms": ["TRACK", "1"]}])
    assert sorted(row["name"] for row in answer["data"]) == ["track 100% 0", "track 100% 1"]


ServerError = ftrack_api.exception.ServerError


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("Task where nonsense is 3", "'nonsense' does not exist on 'Task'"),
        ("select nonsense from Task", "'nonsense' does not exist on 'Task'"),
        ("select name from Nonsense", "'Nonsense' is not known"),
        ("Task where name", "is no operator"),
        ("Task where name is x y", "unexpected 'y'|Unexpected 'y'"),
        ("Task where (name is x", r"[Ee]xpected '\)'"),
        ("Task where bid > many", "must be of type number"),
        ("Task where start_date after someday", "not a valid date"),
        ("Task where name.x is y", "no relation"),
        ("Task where status > 3", "does not apply"),
    ],
)
def test_wrong_questions_are_refused(session: Any, expression: str, message: str) -> None:
    """What is no query gets the server's words, not an empty answer."""
    with pytest.raises(ServerError, match=message):
        session.query(expression).all()
