"""The sandbox read by the vendor's client: filters, pages, sorts, dotted fields, summaries, schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from practice import Practice, practice
from shotgun_api3.shotgun import Fault

CODES = {"AA_010": (1001, "ip"), "AA_020": (1009, "fin"), "BB_010": (None, "wtg"), "bb_020": (0, "ip")}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """A sandbox with four shots that the filters tell apart."""
    with practice(tmp_path_factory.mktemp("reading")) as made:
        sg = made.script()
        for code, (cut_in, status) in CODES.items():
            data = {"project": made.project, "code": code, "sg_cut_in": cut_in, "sg_status_list": status}
            sg.create("Shot", data)
        yield made


def codes(sg: Any, *filters: Any, **options: Any) -> list[str]:
    """The codes of the four shots that pass the filters, sorted."""
    mine = ["code", "in", list(CODES)]
    return sorted(row["code"] for row in sg.find("Shot", [mine, *filters], ["code"], **options))


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (["code", "is", "aa_010"], ["AA_010"]),
        (["code", "is_not", "AA_010"], ["AA_020", "BB_010", "bb_020"]),
        (["code", "contains", "a_0"], ["AA_010", "AA_020"]),
        (["code", "not_contains", "AA"], ["BB_010", "bb_020"]),
        (["code", "starts_with", "BB"], ["BB_010", "bb_020"]),
        (["code", "ends_with", "_020"], ["AA_020", "bb_020"]),
        (["code", "in", ["AA_010", "BB_010"]], ["AA_010", "BB_010"]),
        (["code", "in", "AA_010", "BB_010"], ["AA_010", "BB_010"]),
        (["code", "not_in", ["AA_010", "BB_010"]], ["AA_020", "bb_020"]),
        (["sg_cut_in", "is", None], ["BB_010"]),
        (["sg_cut_in", "is_not", None], ["AA_010", "AA_020", "bb_020"]),
        (["sg_cut_in", "is", 0], ["bb_020"]),
        (["sg_cut_in", "less_than", 1001], ["bb_020"]),
        (["sg_cut_in", "greater_than", 1001], ["AA_020"]),
        (["sg_cut_in", "between", [1001, 1009]], ["AA_010", "AA_020"]),
        (["sg_cut_in", "between", 1001, 1009], ["AA_010", "AA_020"]),
        (["sg_cut_in", "not_between", [1001, 1009]], ["BB_010", "bb_020"]),
        (["sg_status_list", "in", ["ip", "fin"]], ["AA_010", "AA_020", "bb_020"]),
        (["sg_status_list", "is_not", "ip"], ["AA_020", "BB_010"]),
        (["project.Project.name", "is", "pine"], ["AA_010", "AA_020", "BB_010", "bb_020"]),
        (["project.Project.name", "is", "oak"], []),
        (["project", "name_contains", "in"], ["AA_010", "AA_020", "BB_010", "bb_020"]),
        (["project", "name_not_contains", "in"], []),
        (["project", "name_starts_with", "x"], []),
        (["project", "name_ends_with", "ne"], ["AA_010", "AA_020", "BB_010", "bb_020"]),
        (["project", "type_is", "Project"], ["AA_010", "AA_020", "BB_010", "bb_020"]),
        (["project", "type_is_not", "Project"], []),
        (["created_at", "in_last", 1, "DAY"], ["AA_010", "AA_020", "BB_010", "bb_020"]),
        (["created_at", "not_in_last", 1, "HOUR"], []),
        (["created_at", "in_next", 1, "WEEK"], []),
        (["created_at", "in_calendar_year", 0], ["AA_010", "AA_020", "BB_010", "bb_020"]),
        (["created_at", "in_calendar_month", -1], []),
        (["created_at", "in_calendar_day", 3], []),
    ],
)
def test_relations(sg: Any, condition: list[Any], found: list[str]) -> None:
    """Each relation finds what the vendor's documents say it finds."""
    assert codes(sg, condition) == found


def test_groups_of_filters(sg: Any) -> None:
    """And-groups and or-groups nest."""
    either = {"filter_operator": "any", "filters": [["code", "is", "AA_010"], ["sg_cut_in", "is", 0]]}
    assert codes(sg, either) == ["AA_010", "bb_020"]
    both = {"filter_operator": "all", "filters": [either, ["sg_status_list", "is", "ip"], ["code", "contains", "bb"]]}
    assert codes(sg, both) == ["bb_020"]
    rows = sg.find("Shot", [["code", "is", "AA_010"], ["code", "is", "BB_010"]], ["code"], filter_operator="any")
    assert sorted(row["code"] for row in rows) == ["AA_010", "BB_010"]


def test_links_of_many(site: Practice, sg: Any) -> None:
    """A list of links is matched by any of its members, through their fields too."""
    shots = {row["code"]: row for row in sg.find("Shot", [["code", "in", list(CODES)]], ["code"])}
    group = sg.find_one("Group", [["code", "is", "Wetgate"]])
    artist = sg.find_one("HumanUser", [["login", "is", "artist"]])
    data = {"project": site.project, "content": "many", "entity": shots["AA_010"], "task_assignees": [group, artist]}
    task = sg.create("Task", data)
    link = {"type": "Task", "id": task["id"]}
    here = ["id", "is", task["id"]]
    assert sg.find_one("Task", [here, ["task_assignees", "is", group]])
    assert sg.find_one("Task", [here, ["task_assignees", "in", [artist]]])
    assert sg.find_one("Task", [here, ["task_assignees", "not_in", [artist]]]) is None
    assert sg.find_one("Task", [here, ["task_assignees", "name_contains", "wetg"]])
    assert sg.find_one("Task", [here, ["task_assignees.HumanUser.login", "is", "artist"]])
    assert sg.find_one("Task", [here, ["task_assignees", "is", None]]) is None
    assert sg.find_one("Shot", [["tasks", "is", link]], ["code"])["code"] == "AA_010"
    assert sg.find_one("Shot", [["tasks.Task.content", "is", "many"]], ["code"])["code"] == "AA_010"


def test_dotted_fields_come_flat(site: Practice, sg: Any) -> None:
    """Fields behind links are given under their dotted name, empty links as None."""
    sequence = sg.create("Sequence", {"project": site.project, "code": "AA"})
    shot = sg.find_one("Shot", [["code", "is", "AA_010"]])
    sg.update("Shot", shot["id"], {"sg_sequence": sequence})
    task = sg.create("Task", {"project": site.project, "content": "dotted", "entity": shot})
    fields = ["entity.Shot.sg_cut_in", "entity.Shot.sg_sequence.Sequence.code", "step.Step.code", "entity.Asset.code"]
    row = sg.find_one("Task", [["id", "is", task["id"]]], fields)
    assert row == {
        "type": "Task",
        "id": task["id"],
        "entity.Shot.sg_cut_in": 1001,
        "entity.Shot.sg_sequence.Sequence.code": "AA",
        "step.Step.code": None,
        "entity.Asset.code": None,
    }


def test_pages_and_limits(site: Practice, sg: Any) -> None:
    """A long result comes whole, in one page, or cut, without a gap or a repeat."""
    code = "page"
    made = sg.batch(
        [
            {"request_type": "create", "entity_type": "Version", "data": {"project": site.project, "code": code}}
            for _ in range(25)
        ]
    )
    ids = [row["id"] for row in made]
    sg.server_info["api_max_entities_per_page"] = 10
    mine = [["code", "is", code]]
    assert [row["id"] for row in sg.find("Version", mine)] == ids
    assert [row["id"] for row in sg.find("Version", mine, limit=7)] == ids[:7]
    assert [row["id"] for row in sg.find("Version", mine, limit=13)] == ids[:13]
    assert [row["id"] for row in sg.find("Version", mine, limit=10, page=3)] == ids[20:]
    down = [{"field_name": "id", "direction": "desc"}]
    assert [row["id"] for row in sg.find("Version", mine, order=down)] == ids[::-1]


def test_sorts(sg: Any) -> None:
    """Several sorts apply in their order; nothing comes before something."""
    mine = [["code", "in", list(CODES)]]
    by_cut = [row["sg_cut_in"] for row in sg.find("Shot", mine, ["sg_cut_in"], order=[{"field_name": "sg_cut_in"}])]
    assert by_cut == [None, 0, 1001, 1009]
    order = [{"field_name": "sg_status_list", "direction": "desc"}, {"field_name": "code", "direction": "asc"}]
    rows = sg.find("Shot", mine, ["code"], order=order)
    statuses = [CODES[row["code"]][1] for row in rows]
    assert statuses == sorted(statuses, key=["wtg", "ip", "fin"].index, reverse=statuses[0] == "fin")
    assert [row["code"] for row in rows if CODES[row["code"]][1] == "ip"] == ["AA_010", "bb_020"]


def test_summaries(sg: Any) -> None:
    """Counts, sums and extremes, whole and by group."""
    mine = [["code", "in", list(CODES)]]
    fields = [{"field": "id", "type": "record_count"}, {"field": "sg_cut_in", "type": "sum"}]
    grouping = [{"field": "sg_status_list", "type": "exact", "direction": "asc"}]
    result = sg.summarize("Shot", mine, fields, grouping=grouping)
    assert result["summaries"] == {"id": 4, "sg_cut_in": 2010}
    assert [(one["group_name"], one["summaries"]["id"]) for one in result["groups"]] == [
        ("fin", 1),
        ("ip", 2),
        ("wtg", 1),
    ]
    for kind, value in (("maximum", 1009), ("minimum", 0), ("average", 670), ("count", 3)):
        assert sg.summarize("Shot", mine, [{"field": "sg_cut_in", "type": kind}])["summaries"]["sg_cut_in"] == value


@pytest.mark.parametrize(
    ("kind", "filters", "fields", "message"),
    [
        ("Shot", [["nonsense", "is", 1]], [], r"Shot\.nonsense doesn't exist"),
        ("Shot", [], ["nonsense"], r"Shot\.nonsense doesn't exist"),
        ("Shot", [], ["project.Project.nonsense"], r"Project\.nonsense doesn't exist"),
        ("Nonsense", [], [], "invalid/missing string entity 'type'"),
        ("Shot", [["code", "in_last", 1, "DAY"]], [], "doesn't support 'in_last'"),
        ("Shot", [["sg_cut_in", "less_than", "x"]], [], "less_than"),
        ("Shot", [["created_at", "in_last", 1, "FORTNIGHT"]], [], "HOUR|DAY"),
        ("Shot", [["image", "is", {"type": "Attachment", "id": 1}]], [], "None alone"),
    ],
)
def test_wrong_questions_are_faults(sg: Any, kind: str, filters: list[Any], fields: list[str], message: str) -> None:
    """What a site refuses is refused, and named."""
    with pytest.raises(Fault, match=message):
        sg.find(kind, filters, fields)


def test_schema(sg: Any) -> None:
    """Types, valid values and our key field can be read."""
    assert {"Version", "Task", "Note", "EventLogEntry"} <= set(sg.schema_entity_read())
    field = sg.schema_field_read("Task", "sg_status_list")["sg_status_list"]
    assert field["data_type"]["value"] == "status_list"
    assert {"wtg", "rdy", "ip", "hld", "rev", "fin"} <= set(field["properties"]["valid_values"]["value"])
    whole = sg.schema_read()
    assert whole["Version"]["sg_wetgate_key"]["data_type"]["value"] == "text"
    assert whole["Note"]["sg_wetgate_key"]["data_type"]["value"] == "text"
    assert "HumanUser" in whole["Task"]["task_assignees"]["properties"]["valid_types"]["value"]


def test_a_field_can_be_made_and_removed(site: Practice, sg: Any) -> None:
    """A person's own field takes values of its type, and is gone after its removal."""
    name = sg.schema_field_create("Shot", "number", "Wet Frames")
    assert name == "sg_wet_frames"
    shot = sg.create("Shot", {"project": site.project, "code": "wet", name: 3})
    assert sg.find_one("Shot", [["id", "is", shot["id"]], [name, "greater_than", 2]], [name])[name] == 3
    with pytest.raises(Fault, match="Fixnum"):
        sg.update("Shot", shot["id"], {name: "three"})
    assert sg.schema_field_delete("Shot", name)
    with pytest.raises(Fault, match="doesn't exist"):
        sg.find("Shot", [], [name])
