"""What sites call things: priorities as people write them, frames as review players count them."""

from __future__ import annotations

import pytest
from wetgate.connectors.shotgrid import priorities
from wetgate.connectors.shotgrid.annotations import drawn

LISTED = ["1_Tier", "2_Tier", "3_Tier", "AAA", "B", "Finals", "Trailer", "Later"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, 50), ("", 50), ("Urgent", 95), ("high", 80), ("2 - Normal", 50), ("Low priority", 20),
        ("1_Tier", 100), ("3_Tier", 80), ("1", 100), ("5", 60), ("AAA", 100), ("B", 80),
        ("Later", 0), ("Trailer", 14), ("unheard of", 50), (1, 100), (3, 80), (75, 75), (500, 100), (0, 0),
    ],
)  # fmt: skip
def test_priorities_are_read(value: object, expected: int) -> None:
    """Words, numbers, letters and places in a list become 0..100, the most urgent highest."""
    assert priorities.read(value, LISTED) == expected


def test_urgent_comes_before_low() -> None:
    """In each scale that people use the order is kept."""
    for scale in (["urgent", "high", "medium", "low"], ["1", "2", "3", "4"], ["A", "B", "C"], ["A1", "A2", "A3"]):
        found = [priorities.read(value, scale) for value in scale]
        assert found == sorted(found, reverse=True)
        assert len(set(found)) == len(found)


def test_the_priority_field_is_found() -> None:
    """A site's field is known by its name and by what it holds."""
    field = {"data_type": {"value": "list"}}
    assert priorities.find({"content": field, "sg_priority_1": field}) == "sg_priority_1"
    assert priorities.find({"sg_priority_1": field, "sg_priority": field}) == "sg_priority"
    assert priorities.find({"sg_priority_owner": {"data_type": {"value": "entity"}}}) is None


@pytest.mark.parametrize(
    ("name", "span", "expected"),
    [
        ("annot_version_7.1.png", (1001, 1024), (7, 0)),
        ("annot_version_7.24.png", (1001, 1024), (7, 23)),
        ("annot_version_7_v2.1001.jpg", (1001, 1024), (7, 0)),
        ("annot_version_7_v2.1024.JPG", (1001, 1024), (7, 23)),
        ("annot_version_7.12.png", (None, None), (7, 11)),
        ("annot_version_7.12.png", (10, 60), (7, 11)),
        ("annot_version_7.55.png", (10, 60), (7, 45)),
        ("annot_version_7.0.png", (1, 10), (7, 0)),
    ],
)
def test_frames_are_counted_from_0(name: str, span: tuple[int | None, int | None], expected: tuple[int, int]) -> None:
    """A movie's frames begin at 1, a sequence's at its first number."""
    found = drawn(name)
    assert found is not None
    assert (found.version, found.frame(*span)) == expected


@pytest.mark.parametrize(
    "name", ["frame_1001.png", "annot_version_7.png", "my_annot_version_7.1.png", "annot_version_7.1.exr"]
)
def test_other_pictures_are_no_drawings(name: str) -> None:
    """Only what the players write counts as drawn."""
    assert drawn(name) is None
