"""Between the site's links and our references."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ...schema.tracker import EntityRef


def ref(link: dict[str, Any]) -> EntityRef:
    """A link `{type, id, name}` as a reference."""
    return EntityRef(type=str(link["type"]), id=str(link["id"]), name=str(link.get("name") or ""))


def link(entity: EntityRef) -> dict[str, Any]:
    """A reference as a link."""
    return {"type": entity.type, "id": int(entity.id)}


def stamp(value: object) -> float:
    """A time of the client's as seconds since 1970; 0 for none."""
    return value.timestamp() if isinstance(value, datetime) else 0.0
