"""Reading records: display names, field paths through links, and their form on the wire."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..storage import Record
from .refusal import Refusal
from .schema import SiteField, SiteSchema
from .storage import Storage

_NAMED_BY = ("code", "subject", "content", "name", "title", "display_name", "filename", "description")
_COMPUTED = {"id", "type", "cached_display_name"}


class Pictures(Protocol):
    """Turns kept attachments into what the wire shows."""

    def attachment_value(self, attachment: int, base: str) -> dict[str, Any] | None: ...

    def image_url(self, image: dict[str, Any], base: str, *, filmstrip: bool = False) -> str: ...


@dataclass(frozen=True)
class FieldPath:
    """A path such as `sg_task.Task.step`: links to go through, with the type behind each, and the last field."""

    text: str
    hops: tuple[tuple[SiteField, str], ...]
    last: SiteField


class Records:
    """Reads what `Storage` keeps as the site's users see it."""

    def __init__(self, storage: Storage, schema: SiteSchema) -> None:
        """Read from *storage* by *schema*."""
        self.storage = storage
        self.schema = schema

    def exists(self, kind: str, number: int) -> bool:
        """Whether there is such a record that is not retired."""
        record = self.storage.get(kind, number)
        return record is not None and not record.get("_retired")

    def name(self, record: Record) -> str:
        """What people call the record."""
        if record["type"] == "ApiUser":
            return str(record.get("firstname") or "")
        for field in _NAMED_BY:
            if record.get(field):
                return str(record[field])[:255]
        return f"{record['type']} {record['id']}"

    def link(self, link: dict[str, Any]) -> dict[str, Any]:
        """A link as shown: type, id and name."""
        record = self.storage.get(link["type"], link["id"])
        shown = {"id": link["id"], "name": self.name(record) if record else "", "type": link["type"]}
        if record and link["type"] == "Project" and record.get("_retired"):
            shown["name"] = f"{shown['name']} (retired)"
        return shown

    def value(self, record: Record, field: SiteField) -> Any:
        """A field's kept value; mirrored links are gathered, retired ones left out of lists."""
        if field.name in _COMPUTED:
            return record[field.name] if field.name == "id" else self.name(record)
        if field.name == "time_logs_sum":
            return self._logged(record)
        if field.reverse:
            return self._mirrored(record, field)
        value = record.get(field.name, field.default)
        if field.type == "checkbox":
            return bool(value)
        if field.type == "multi_entity":
            return [link for link in value or [] if self.exists(link["type"], link["id"])]
        return value if value is not None else None

    def _logged(self, task: Record) -> int:
        logs = self.storage.all("TimeLog").values()
        mine = [one for one in logs if (one.get("entity") or {}).get("id") == task["id"] and not one.get("_retired")]
        return sum(one.get("duration") or 0 for one in mine if one["entity"]["type"] == "Task")

    def _mirrored(self, record: Record, field: SiteField) -> list[dict[str, Any]]:
        kind, _, name = (field.reverse or "").partition(".")
        me = (record["type"], record["id"])
        found = []
        for other in self.storage.all(kind).values():
            value = other.get(name)
            links = value if isinstance(value, list) else [value] if value else []
            if any((link["type"], link["id"]) == me for link in links) and not other.get("_retired"):
                if field.name == "open_notes" and other.get("sg_status_list") == "clsd":
                    continue
                found.append({"type": kind, "id": other["id"]})
        return found

    def path(self, kind: str, text: str, call: str) -> FieldPath:
        """Understand a field path; raises Refusal where a part of it does not exist."""
        parts = text.split(".")
        if len(parts) % 2 == 0:
            raise Refusal(f"API {call}() {kind}.{text} doesn't exist.")
        hops = []
        for name, behind in zip(parts[::2], parts[1::2], strict=False):
            field = self.schema.field(kind, name, call)
            self.schema.entity(behind, call)
            hops.append((field, behind))
            kind = behind
        if parts[-1] == "type":
            return FieldPath(text, tuple(hops), SiteField(kind, "type", "text", "Type", read_only=True))
        return FieldPath(text, tuple(hops), self.schema.field(kind, parts[-1], call))

    def owners(self, record: Record, path: FieldPath) -> list[Record]:
        """The records behind the path's links, whose last field is meant."""
        current = [record]
        for field, kind in path.hops:
            behind = []
            for one in current:
                value = self.value(one, field)
                links = value if isinstance(value, list) else [value] if value else []
                for link in links:
                    found = self.storage.get(kind, link["id"]) if link.get("type") == kind else None
                    if found is not None:
                        behind.append(found)
            current = behind
        return current

    def values(self, record: Record, path: FieldPath) -> list[Any]:
        """The last field's values; [None] where a link on the way is empty."""
        if path.last.name == "type":
            return [owner["type"] for owner in self.owners(record, path)] or [None]
        return [self.value(owner, path.last) for owner in self.owners(record, path)] or [None]

    def show(self, record: Record, paths: Iterable[FieldPath], pictures: Pictures, base: str) -> dict[str, Any]:
        """The record with the asked fields, as sent to the client."""
        shown: dict[str, Any] = {"type": record["type"], "id": record["id"]}
        for path in paths:
            many = any(field.type == "multi_entity" for field, _ in path.hops)
            found = [
                owner["type"] if path.last.name == "type" else self._shown(owner, path.last, pictures, base)
                for owner in self.owners(record, path)
            ]
            shown[path.text] = found if many else found[0] if found else None
        return shown

    def _shown(self, record: Record, field: SiteField, pictures: Pictures, base: str) -> Any:
        value = self.value(record, field)
        match field.type:
            case "url" if (record["type"], field.name) == ("Attachment", "this_file"):
                shown: Any = pictures.attachment_value(record["id"], base)
            case "multi_entity":
                # A site keeps no order of links: it shows them by name.
                shown = sorted(
                    (self.link(one) for one in value or []), key=lambda one: (one["name"].lower(), one["id"])
                )
            case "tag_list":
                shown = list(value or [])
            case _ if value is None:
                shown = None
            case "password":
                shown = "*******"
            case "entity":
                shown = self.link(value)
            case "image":
                shown = pictures.image_url(value, base, filmstrip=field.name == "filmstrip_image")
            case "url":
                shown = pictures.attachment_value(value["attachment"], base)
            case _:
                shown = value
        return shown

    def paths(self, kind: str, fields: Sequence[str], call: str) -> list[FieldPath]:
        """Understand several paths, each once."""
        return [self.path(kind, text, call) for text in dict.fromkeys(fields) if text not in {"type", "id"}]
