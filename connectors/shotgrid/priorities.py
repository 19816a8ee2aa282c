"""A site's own priority field as 0..100, higher first. Sites name it and fill it as they like."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

MIDDLE = 50
PREFIX = "sg_priority"
_WORDS = {
    "critical": 100, "showstopper": 100, "urgent": 95, "highest": 95, "asap": 95, "rush": 95, "high": 80,
    "medium": 50, "normal": 50, "standard": 50, "low": 20, "lowest": 5, "none": 0,
}  # fmt: skip


def find(fields: Mapping[str, Any]) -> str | None:
    """The field of Task that holds a priority: the first of its name that holds a list, a number or a text."""
    known = [
        name
        for name, one in fields.items()
        if name.startswith(PREFIX) and one["data_type"]["value"] in {"list", "status_list", "number", "text"}
    ]
    return min(known, key=lambda name: (len(name), name), default=None)


def read(value: object, listed: Sequence[str]) -> int:
    """A value as 0..100. Words speak for themselves; a 1 (or an A) is the most urgent, as in the trade."""
    if isinstance(value, int) and not isinstance(value, bool):
        return 100 - (value - 1) * 10 if 1 <= value <= 10 else max(0, min(100, value))
    text = str(value or "").strip().lower()
    if not text:
        return MIDDLE
    for word in re.findall(r"[a-z]+", text):
        if word in _WORDS:
            return _WORDS[word]
    number = re.search(r"\d+", text)
    if number:
        return max(0, 100 - (min(int(number[0]), 10) - 1) * 10)
    if re.fullmatch(r"a+|[b-e]", text):
        return 100 - (ord(text[0]) - ord("a")) * 20
    places = [one.strip().lower() for one in listed]
    # What says nothing by itself stands by its place in the site's list, whose first is the first.
    return round(100 - 100 * places.index(text) / max(len(places) - 1, 1)) if text in places else MIDDLE
