"""`summarize`: counts, sums and the like over the records that match, also in groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from ..storage import Record
from .permissions import Permissions
from .reading import Reading
from .records import FieldPath, Records
from .refusal import Refusal

Figure = Callable[[list[Any], dict[str, Any]], Any]


class Summaries:
    """Answers `summarize`."""

    def __init__(self, records: Records, reading: Reading) -> None:
        """Sum over what *reading* finds."""
        self._records = records
        self._reading = reading

    def summarize(self, args: dict[str, Any], may: Permissions) -> dict[str, Any]:
        """The summaries of all matching records, and of each group."""
        kind = self._records.schema.entity(args.get("type"), "summarize").name
        archived = args.get("include_archived_projects", True) is not False
        found = self._reading.matching(
            kind, args.get("filters"), retired=False, archived=archived, call="summarize", may=may
        )
        wanted = args.get("summaries") or []
        grouping = args.get("grouping") or []
        return {"summaries": self._figures(kind, found, wanted), "groups": self._groups(kind, found, wanted, grouping)}

    def _figures(self, kind: str, found: list[Record], wanted: list[dict[str, Any]]) -> dict[str, Any]:
        figures = {}
        for one in wanted:
            path = self._records.path(kind, str(one.get("field")), "summarize")
            figure = _FIGURES.get(str(one.get("type")))
            if figure is None:
                raise Refusal(
                    f"API summarize() summary type '{one.get('type')}' is not valid. Valid: {', '.join(_FIGURES)}"
                )
            values = [value for record in found for value in self._records.values(record, path)]
            figures[path.text] = figure(values, one)
        return figures

    def _groups(
        self, kind: str, found: list[Record], wanted: list[dict[str, Any]], grouping: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        if not grouping:
            return []
        first, rest = grouping[0], grouping[1:]
        path = self._records.path(kind, str(first.get("field")), "summarize")
        members: dict[str, list[Record]] = {}
        shown: dict[str, Any] = {}
        for record in found:
            for name, value in self._group_of(record, path, str(first.get("type", "exact"))):
                members.setdefault(name, []).append(record)
                shown[name] = value
        groups = []
        for name in sorted(members, key=str.lower, reverse=first.get("direction") == "desc"):
            group = {
                "group_name": name,
                "group_value": shown[name],
                "summaries": self._figures(kind, members[name], wanted),
            }
            if rest:
                group["groups"] = self._groups(kind, members[name], wanted, rest)
            groups.append(group)
        return groups

    def _group_of(self, record: Record, path: FieldPath, how: str) -> list[tuple[str, Any]]:
        value = self._records.values(record, path)[0]
        values = value if isinstance(value, list) else [value]
        named = []
        for one in values or [None]:
            if isinstance(one, dict) and "type" in one:
                link = self._records.link(one)
                text, kept = (link["type"], link["type"]) if how == "entitytype" else (link["name"], link)
            else:
                text, kept = ("" if one is None else str(one)), one
            text = _cut(text, how)
            named.append((text, kept if how in {"exact", "entitytype"} else text))
        return named


def _cut(text: str, how: str) -> str:
    if how == "firstletter":
        return text[:1].upper()
    lengths = {"day": 10, "month": 7, "year": 4}
    return text[: lengths[how]] if how in lengths else text


def _numbers(values: list[Any]) -> list[float]:
    return [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]


def _given(values: list[Any]) -> list[Any]:
    return [value for value in values if value not in (None, "", [])]


def _percentage(values: list[Any], one: dict[str, Any]) -> float:
    wanted = one.get("value")
    hits = [value for value in values if (value == wanted if wanted is not None else bool(value))]
    return len(hits) * 100 / len(values) if values else 0


def _status_list(values: list[Any], _: dict[str, Any]) -> Any:
    counted = Counter(_given(values))
    return counted.most_common(1)[0][0] if counted else None


_FIGURES: dict[str, Figure] = {
    "record_count": lambda values, _: len(values),
    "count": lambda values, _: len(_given(values)),
    "sum": lambda values, _: sum(_numbers(values)),
    "maximum": lambda values, _: max(_given(values), default=None),
    "minimum": lambda values, _: min(_given(values), default=None),
    "average": lambda values, _: sum(_numbers(values)) / len(_numbers(values)) if _numbers(values) else None,
    "earliest": lambda values, _: min(_given(values), default=None),
    "latest": lambda values, _: max(_given(values), default=None),
    "percentage": _percentage,
    "status_percentage": _percentage,
    "status_percentage_as_float": lambda values, one: _percentage(values, one) / 100,
    "status_list": _status_list,
    "checked": lambda values, _: sum(value is True for value in values),
    "unchecked": lambda values, _: sum(value is not True for value in values),
}
