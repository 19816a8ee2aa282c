"""Whether a value fits a field, and the form in which it is kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from .refusal import Refusal
from .schema import SiteField

_DATE_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
_NUMBERS = {"number", "timecode", "duration", "percent"}
_TEXTS = {"text", "color", "entity_type", "uuid", "password", "url_template"}

Exists = Callable[[str, int], bool]


def fit(field: SiteField, value: Any, call: str, exists: Exists) -> Any:
    """The value as kept; a Refusal in the site's words where it does not fit."""
    if value is None:
        return [] if field.type in {"multi_entity", "tag_list"} else None
    kind = field.type
    if kind in {"list", "status_list"}:
        return _listed(field, value, call)
    if kind == "entity":
        return _link(field, value, call, exists)
    if kind == "multi_entity":
        if not isinstance(value, list):
            raise _wrong(field, value, call, "Array")
        return _unique([_link(field, one, call, exists) for one in value])
    check = _CHECKS.get(kind)
    if check is not None:
        ruby, fits = check
        if not fits(value):
            raise _wrong(field, value, call, ruby)
    return _kept(kind, value)


def _kept(kind: str, value: Any) -> Any:
    if kind in {"float", "currency"}:
        return float(value)
    if kind == "image":
        raise Refusal("API update() image fields take None, or an upload.")
    if kind == "text":
        return value.strip() or None
    return value


def _listed(field: SiteField, value: Any, call: str) -> str:
    if not isinstance(value, str):
        raise _wrong(field, value, call, "String")
    if field.values and value not in field.values:
        valid = ", ".join(field.values)
        what = "status" if field.type == "status_list" else "list"
        raise Refusal(
            f"API {call}() {field.entity}.{field.name} value '{value}' is not a valid {what} value. "
            f"Valid values: {valid}"
        )
    return value


def _link(field: SiteField, value: Any, call: str, exists: Exists) -> dict[str, Any]:
    if not isinstance(value, dict) or not isinstance(value.get("id"), int) or "type" not in value:
        raise _wrong(field, value, call, "Hash")
    kind, number = value["type"], value["id"]
    if field.valid_types and kind not in field.valid_types:
        valid = ", ".join(field.valid_types)
        raise Refusal(f"API {call}() {field.entity}.{field.name} type '{kind}' is not valid. Valid types: {valid}")
    if not exists(kind, number):
        raise Refusal(
            f"API {call}() {field.entity}.{field.name} Entity of type [{kind}] cannot be found with id={number}."
        )
    return {"type": kind, "id": number}


def _unique(links: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({(link["type"], link["id"]): link for link in links}.values())


def _wrong(field: SiteField, value: Any, call: str, ruby: str) -> Refusal:
    got = {str: "String", int: "Fixnum", float: "Float", bool: "TrueClass", dict: "Hash", list: "Array"}
    return Refusal(
        f"API {call}() {field.entity}.{field.name} expected [{ruby}, NilClass] data type(s) but got "
        f"[{got.get(type(value), type(value).__name__)}] value: {value!r}"
    )


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(date.fromisoformat(value[:10])) and len(value) == 10
    except ValueError:
        return False


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_CHECKS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    **dict.fromkeys(_NUMBERS, ("Fixnum", _is_whole)),
    **{kind: ("String", lambda value: isinstance(value, str)) for kind in _TEXTS},
    "float": ("Float", lambda value: isinstance(value, int | float) and not isinstance(value, bool)),
    "currency": ("Float", lambda value: isinstance(value, int | float) and not isinstance(value, bool)),
    "checkbox": ("TrueClass, FalseClass", lambda value: isinstance(value, bool)),
    "date": ("String", _is_date),
    "date_time": ("String", lambda value: isinstance(value, str) and bool(_DATE_TIME.match(value))),
    "url": ("Hash", lambda value: isinstance(value, dict)),
    "serializable": ("Hash", lambda value: isinstance(value, dict | list)),
    "tag_list": ("Array", lambda value: isinstance(value, list) and all(isinstance(x, str) for x in value)),
}
