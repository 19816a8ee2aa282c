"""Briefs as people write them."""

from __future__ import annotations

from wetgate.schema.brief import parse_brief


def test_keys_are_tolerant_of_case_and_spelling() -> None:
    """Case, blanks, dashes and bullets do not matter."""
    brief = parse_brief(["- Plate: A001C003\n  FRAME range : 1012-1040\n* min-score = 0.5"])
    assert brief.values == {"plate": "A001C003", "frame_range": "1012-1040", "min_score": "0.5"}


def test_a_later_line_wins() -> None:
    """A reply corrects the description."""
    assert parse_brief(["plate: A001", "plate: A002"]).get("plate") == "A002"


def test_prose_is_left_alone() -> None:
    """Sentences and links are no lines of a brief."""
    brief = parse_brief(["Please remove the woman in front.\nhttps://example.com/x\nplate: A001"])
    assert brief.values == {"plate": "A001"}


def test_a_line_keeps_its_own_words() -> None:
    """An answer can quote what was written."""
    assert parse_brief(["  Plate :  A001  "]).lines[0].text == "Plate :  A001"
