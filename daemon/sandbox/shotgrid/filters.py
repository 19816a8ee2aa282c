"""The filters of `read` and `summarize`: every documented relation, and/or groups, dotted paths."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from ..storage import Record
from .records import FieldPath, Records
from .refusal import Refusal

Test = Callable[[Record], bool]

_NUMERIC = {"number", "float", "currency", "percent", "duration", "timecode", "date", "date_time"}
_RELATIVE = {"in_last", "not_in_last", "in_next", "not_in_next"}
_CALENDAR = {"in_calendar_day", "in_calendar_week", "in_calendar_month", "in_calendar_year"}
_LINKED = {
    "type_is", "type_is_not", "name_contains", "name_not_contains", "name_starts_with", "name_ends_with",
    "name_is", "name_is_not", "name_id",
}  # fmt: skip
_TEXTUAL = {"contains", "not_contains", "starts_with", "ends_with"}
_LINKS = {"entity", "multi_entity", "tag_list"}
_UNFILTERED = {"calculated", "password", "pivot_column", "serializable", "summary", "url"}
_ALWAYS = {"is", "is_not", "in", "not_in"}
_ORDERED = {"less_than", "greater_than", "between", "not_between"}


class Filters:
    """Turns the wire's filter groups into tests of one record."""

    def __init__(self, records: Records, now: Callable[[], float]) -> None:
        """Compare by *records*; *now* gives the time for relative dates."""
        self._records = records
        self._now = now

    def test(self, kind: str, group: dict[str, Any] | None, call: str) -> Test:
        """One test for the whole group; raises Refusal for unknown fields and relations."""
        if not group:
            return lambda _: True
        if "conditions" not in group:
            return self._condition(kind, group, call)
        tests = [self.test(kind, one, call) for one in group["conditions"]]
        if not tests:
            return lambda _: True
        if group.get("logical_operator", "and") == "or":
            return lambda record: any(test(record) for test in tests)
        return lambda record: all(test(record) for test in tests)

    def _condition(self, kind: str, raw: dict[str, Any], call: str) -> Test:
        path = self._records.path(kind, str(raw.get("path", "")), call)
        relation, values = str(raw.get("relation", "")), list(raw.get("values", []))
        matches = self._matcher(path, relation, values, call)
        negative = relation.startswith("not_") or relation.endswith(("_not", "_not_contains"))
        meet = all if negative else any
        return lambda record: meet(matches(value) for value in self._records.values(record, path))

    def _matcher(self, path: FieldPath, relation: str, values: list[Any], call: str) -> Callable[[Any], bool]:
        kind = path.last.type
        linked = kind in _LINKS
        field = f"{path.last.entity}.{path.last.name}"
        if kind in _UNFILTERED:
            raise Refusal(f"API {call}() {field}'s '{kind}' data type cannot be used in a filter.")
        allowed = _allowed(kind)
        if relation not in allowed:
            raise Refusal(
                f"API {call}() {field}'s '{kind}' data type doesn't support '{relation}' 'relation'. "
                f"Value: {values} Valid relations: {sorted(allowed)}"
            )
        if kind == "checkbox" and None in values:
            raise Refusal(f"API {call}() {field} expected [String, FalseClass, TrueClass] data type(s) but got nil")
        if not values and relation not in {"in", "not_in"}:
            raise Refusal(f"API {call}() {path.text} relation '{relation}' needs a value.")
        if kind == "image" and values != [None]:
            raise Refusal(f"API {call}() {path.text} can be compared with None alone.")
        if relation in _RELATIVE | _CALENDAR:
            return self._dated(relation, values, kind, call)
        if linked:
            return self._linked(relation, values)
        return _plain(relation, [_comparable(value, kind) for value in values], kind)

    def _dated(self, relation: str, values: list[Any], kind: str, call: str) -> Callable[[Any], bool]:
        now = datetime.fromtimestamp(self._now(), UTC)
        if relation in _CALENDAR:
            first, end = _calendar(now, relation.removeprefix("in_calendar_"), int(values[0] or 0))
        else:
            span = _span(values, call)
            first, end = (now - span, now) if relation.endswith("last") else (now, now + span)
        form = "%Y-%m-%d" if kind == "date" else "%Y-%m-%dT%H:%M:%SZ"
        low, high = first.strftime(form), end.strftime(form)
        closed, future = relation not in _CALENDAR, relation.endswith("in_next")

        def inside(value: Any) -> bool:
            if value is None or value < low or value > high:
                return False
            # The present moment is the past's, not the future's; a calendar span ends before the next begins.
            return bool(value != low) if future else bool(value != high or closed)

        if relation.startswith("not_"):
            return lambda value: not inside(value)
        return inside

    def _linked(self, relation: str, values: list[Any]) -> Callable[[Any], bool]:
        name = relation.removeprefix("name_").replace("not_", "").removesuffix("_not")
        wanted = [_folded(value) for value in values]

        def named(text: str) -> bool:
            if name == "contains":
                return any(str(one) in text for one in wanted)
            if name == "starts_with":
                return any(text.startswith(str(one)) for one in wanted)
            if name == "ends_with":
                return any(text.endswith(str(one)) for one in wanted)
            return text in wanted

        def one(link: Any) -> bool:
            if relation.startswith("name_"):
                return named(_folded(self._text(link)))
            if relation.startswith("type_"):
                return isinstance(link, dict) and link.get("type") in values
            return any(_same(link, value) for value in values)

        def test(value: Any) -> bool:
            links = value if isinstance(value, list) else [value] if value is not None else []
            if not links:
                return None in values and relation in {"is", "in"}
            return any(one(link) for link in links)

        if relation.startswith("not_") or "_not" in relation:
            if relation in {"is_not", "not_in"} and None in values:
                return lambda value: bool(value) and not test(value)
            return lambda value: not test(value)
        return test

    def _text(self, link: Any) -> str:
        if isinstance(link, str):
            return link
        if "attachment" in link:
            link = {"type": "Attachment", "id": link["attachment"]}
        return str(self._records.link(link)["name"])


def _allowed(kind: str) -> set[str]:
    """The relations that a data type knows."""
    if kind in {"image", "checkbox"}:
        return {"is", "is_not"}
    if kind in {"list", "status_list", "entity_type", "uuid"}:
        return _ALWAYS
    if kind in _LINKS:
        return _ALWAYS | _LINKED
    if kind in {"date", "date_time"}:
        return _ALWAYS | _ORDERED | _RELATIVE | _CALENDAR
    return _ALWAYS | (_ORDERED if kind in _NUMERIC else _TEXTUAL)


def _same(link: Any, value: Any) -> bool:
    if isinstance(link, dict) and "attachment" in link:
        return isinstance(value, dict) and value.get("id") == link["attachment"]
    if isinstance(link, dict) and isinstance(value, dict):
        return (link.get("type"), link.get("id")) == (value.get("type"), value.get("id"))
    return bool(_folded(link) == _folded(value))


def _plain(relation: str, values: list[Any], kind: str) -> Callable[[Any], bool]:
    def kept(value: Any) -> Any:
        return _comparable(value, kind)

    def equal(value: Any) -> bool:
        return kept(value) in values or (None in values and value == "")

    if relation in {"is", "in"}:
        return equal
    if relation in {"is_not", "not_in"}:
        return lambda value: not equal(value)
    if relation in _TEXTUAL:
        return _textual(relation, [str(value or "") for value in values], kept)
    return _ordered(relation, values, kept)


def _textual(relation: str, texts: list[str], kept: Callable[[Any], Any]) -> Callable[[Any], bool]:
    meets: dict[str, Callable[[str, str], bool]] = {
        "contains": lambda whole, text: text in whole,
        "not_contains": lambda whole, text: text in whole,
        "starts_with": str.startswith,
        "ends_with": str.endswith,
    }
    meet = meets[relation]

    def test(value: Any) -> bool:
        whole = str(kept(value) or "")
        return any(meet(whole, text) for text in texts)

    return (lambda value: not test(value)) if relation == "not_contains" else test


def _ordered(relation: str, values: list[Any], kept: Callable[[Any], Any]) -> Callable[[Any], bool]:
    low, high = values[0], values[-1]

    def test(value: Any) -> bool:
        if value is None:
            return relation == "not_between"
        try:
            if relation == "less_than":
                return bool(kept(value) < low)
            if relation == "greater_than":
                return bool(kept(value) > low)
            return bool(low <= kept(value) <= high) == (relation == "between")
        except TypeError as error:
            raise Refusal(f"API read() relation '{relation}' with values {values}: {error}") from error

    return test


def _comparable(value: Any, kind: str) -> Any:
    if kind == "checkbox":
        return bool(value) if value is not None else None
    if isinstance(value, str):
        if kind in {"number", "float"} and value.lstrip("-").isdigit():
            return int(value)
        return value if kind in {"date", "date_time"} else value.lower()
    return value


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _span(values: list[Any], call: str) -> timedelta:
    days = {"DAY": 1, "WEEK": 7, "MONTH": 30, "YEAR": 365}
    try:
        number, unit = int(values[0]), str(values[1]).upper()
        return timedelta(hours=number) if unit == "HOUR" else timedelta(days=number * days[unit])
    except (IndexError, KeyError, ValueError) as error:
        raise Refusal(f"API {call}() expected [number, HOUR|DAY|WEEK|MONTH|YEAR], got {values}") from error


def _calendar(now: datetime, unit: str, offset: int) -> tuple[datetime, datetime]:
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "day":
        first = day + timedelta(days=offset)
        return first, first + timedelta(days=1)
    if unit == "week":
        first = day - timedelta(days=(day.weekday() + 1) % 7) + timedelta(weeks=offset)
        return first, first + timedelta(weeks=1)
    if unit == "year":
        return day.replace(month=1, day=1, year=day.year + offset), day.replace(
            month=1, day=1, year=day.year + offset + 1
        )
    return _month(day, offset), _month(day, offset + 1)


def _month(day: datetime, offset: int) -> datetime:
    months = day.year * 12 + day.month - 1 + offset
    return day.replace(year=months // 12, month=months % 12 + 1, day=1)
