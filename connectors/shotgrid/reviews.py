"""What stands on our versions of a task, and which person said so."""

from __future__ import annotations

from typing import Any

from ...schema.tracker import EntityRef, Review
from .client import Client, Json
from .refs import link, ref, stamp

_BY_ID = [{"field_name": "id", "direction": "asc"}]
_LOGIN = "user.HumanUser.login"


def read_reviews(client: Client, task: EntityRef, key_field: str) -> tuple[Review, ...]:
    """Our versions' statuses, oldest first; who set them is what the event log says, where it says a person."""
    mine: list[Any] = [["sg_task", "is", link(task)], [key_field, "is_not", None]]
    fields = ["code", "sg_status_list", key_field]
    rows = client.read("our versions", lambda sg: sg.find("Version", mine, fields, order=_BY_ID))
    if not rows:
        return ()
    changes: list[Any] = [
        ["event_type", "is", "Shotgun_Version_Change"],
        ["attribute_name", "is", "sg_status_list"],
        ["entity", "in", [{"type": "Version", "id": row["id"]} for row in rows]],
    ]
    asked = ["entity", "created_at", "meta", _LOGIN]
    entries = client.read("reviews", lambda sg: sg.find("EventLogEntry", changes, asked, order=_BY_ID))
    last: dict[int, Json] = {entry["entity"]["id"]: entry for entry in entries if entry["entity"]}
    return tuple(_review(row, row[key_field], last.get(row["id"], {})) for row in rows)


def _review(row: Json, key: str, change: Json) -> Review:
    # Where the log does not tell of the status that stands (a script without events), nobody is named.
    told = (change.get("meta") or {}).get("new_value") == row["sg_status_list"]
    return Review(
        version=ref({**row, "name": row["code"]}),
        key=key,
        status=row["sg_status_list"] or "",
        by=(change[_LOGIN] or "") if told else "",
        at=stamp(change["created_at"]) if told else 0.0,
    )
