"""Values on their way in, out and into comparisons."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .refusal import Refusal
from .schema import Field


def now() -> str:
    """This moment, to the second, as the site keeps it: UTC without a mark."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def moment(text: str) -> datetime:
    """A time that somebody wrote; a time without a zone is UTC."""
    try:
        made = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        raise Refusal(f"{text!r} is not a valid date.", "ValidationError") from None
    return made.replace(tzinfo=made.tzinfo or UTC).astimezone(UTC)


def taken(field: Field, value: Any) -> Any:
    """A scalar value as it is kept; refuses what is not of the field's type."""
    if isinstance(value, dict) and "__type__" in value:
        value = value.get("value")
    if value is None:
        return None
    match field.type:
        case "date-time":
            return moment(str(value)).strftime("%Y-%m-%dT%H:%M:%S")
        case "integer" | "number":
            return _number(field, value)
        case "boolean":
            if not isinstance(value, (bool, int)):
                raise _wrong(field, value)
            return bool(value)
        case "string":
            if isinstance(value, (dict, list)):
                raise _wrong(field, value)
            return value if isinstance(value, str) else str(value)
        case _:
            return value


def told(field: Field, value: Any) -> Any:
    """A kept scalar as it goes out."""
    if field.type == "date-time" and isinstance(value, str):
        return {"__type__": "datetime", "value": value + "+00:00" if len(value) == 19 else value}
    return value


def comparable(field: Field, value: Any) -> Any:
    """A kept value, or the text of a criterion, in a form that compares as the site's database does.

    Texts compare without regard to case.
    """
    if value is None:
        return None
    match field.type:
        case "date-time":
            return moment(str(value))
        case "integer" | "number":
            return _number(field, value)
        case "boolean":
            return value if isinstance(value, bool) else str(value).lower() in {"true", "1", "yes"}
        case "variable" | "object":
            return str(value).lower() if isinstance(value, (str, bool)) else value
        case _:
            return str(value).lower()


def _number(field: Field, value: Any) -> int | float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise _wrong(field, value) from None
    return int(number) if field.type == "integer" or number == int(number) else number


def _wrong(field: Field, value: Any) -> Refusal:
    return Refusal(f"Value {value!r} for {field.name!r} must be of type {field.type}.", "ValidationError")
