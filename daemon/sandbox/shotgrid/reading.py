"""`read`: filters, sorts, pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..storage import Record
from .auth import Caller
from .events import EventLog
from .filters import Filters
from .media import Media
from .permissions import Permissions
from .records import FieldPath, Records
from .refusal import Refusal

PAGE = 500
MAX_PAGE = 5000


class Reading:
    """Answers queries."""

    def __init__(self, records: Records, filters: Filters, events: EventLog, media: Media) -> None:
        """Read *records*; entries that *events* holds back stay unseen."""
        self._records = records
        self._filters = filters
        self._events = events
        self._media = media

    def read(self, args: dict[str, Any], caller: Caller) -> dict[str, Any]:
        """One page of the records that match."""
        kind = self._records.schema.entity(args.get("type"), "read").name
        paths = self._records.paths(kind, args.get("return_fields") or [], "read")
        found = self.matching(
            kind,
            args.get("filters"),
            retired=args.get("return_only") == "retired",
            archived=args.get("include_archived_projects", True) is not False,
            call="read",
            may=caller.may,
        )
        found = _preset(found, args.get("additional_filter_presets"))
        found = self._sorted(kind, found, args.get("sorts") or [])
        paging = args.get("paging") or {}
        size = min(int(paging.get("entities_per_page") or PAGE), MAX_PAGE)
        page = int(paging.get("current_page") or 1)
        if page < 1 or size < 1:
            raise Refusal(f"API read() paging is not valid: {paging}")
        window = found[(page - 1) * size : page * size]
        reply: dict[str, Any] = {
            "entities": [self._records.show(record, paths, self._media, caller.base) for record in window]
        }
        info = {"current_page": page, "entities_per_page": size}
        if args.get("return_paging_info_without_counts"):
            reply["paging_info"] = {**info, "has_next_page": len(found) > page * size}
        elif args.get("return_paging_info"):
            reply["paging_info"] = {**info, "entity_count": len(found), "page_count": -(-len(found) // size)}
        return reply

    def matching(
        self, kind: str, group: dict[str, Any] | None, *, retired: bool, archived: bool, call: str, may: Permissions
    ) -> list[Record]:
        """All records of the type that pass the filters and can be seen, in the order of their ids."""
        test = self._filters.test(kind, group, call)
        hidden = set() if archived else self._archived_projects()
        found = []
        for record in self._candidates(kind, group):
            if bool(record.get("_retired")) != retired or not may.sees(record):
                continue
            if kind == "EventLogEntry" and not self._events.visible(record):
                continue
            project = record.get("project")
            if hidden and project and project["id"] in hidden:
                continue
            if test(record):
                found.append(record)
        return found

    def _candidates(self, kind: str, group: dict[str, Any] | None) -> Iterable[Record]:
        """Everything, or less where a plain condition on `id` says so: the event log grows long."""
        records = self._records.storage.all(kind)
        if group and group.get("logical_operator", "and") == "and":
            for one in group.get("conditions", ()):
                values = one.get("values") or []
                if one.get("path") != "id" or not all(isinstance(value, int) for value in values) or not values:
                    continue
                if one["relation"] in {"is", "in"}:
                    return [records[number] for number in sorted(set(values)) if number in records]
                if one["relation"] == "greater_than":
                    last = self._records.storage.last_id(kind)
                    numbers = range(max(values[0], 0) + 1, last + 1)
                    return [records[number] for number in numbers if number in records]
        return list(records.values())

    def _archived_projects(self) -> set[int]:
        projects = self._records.storage.all("Project").values()
        return {project["id"] for project in projects if project.get("archived")}

    def _sorted(self, kind: str, found: list[Record], sorts: list[dict[str, Any]]) -> list[Record]:
        ordered = list(found)
        for one in reversed(sorts):
            path = self._records.path(kind, str(one.get("field_name") or one.get("column") or "id"), "read")
            down = str(one.get("direction", "asc")).lower() == "desc"
            ordered = self._sorted_by(ordered, path, down=down)
        return ordered

    def _sorted_by(self, found: list[Record], path: FieldPath, *, down: bool) -> list[Record]:
        return sorted(found, key=lambda record: self._sort_key(record, path), reverse=down)

    def _sort_key(self, record: Record, path: FieldPath) -> tuple[int, float, str]:
        value = self._records.values(record, path)[0]
        if isinstance(value, list):
            value = value[0] if value else None
        if value is None:
            return (0, 0.0, "")
        if isinstance(value, dict) and "type" in value:
            value = self._records.link(value)["name"]
        if isinstance(value, bool | int | float):
            return (1, float(value), "")
        if path.last.type in {"status_list", "list"} and value in path.last.values:
            return (1, float(path.last.values.index(value)), "")
        return (1, 0.0, str(value).lower())


def _preset(found: list[Record], presets: Any) -> list[Record]:
    """Narrow by `additional_filter_presets`: the one preset there is keeps each entity's newest record."""
    if presets is None:
        return found
    known = [{"preset_name": "LATEST", "latest_by": "ENTITIES_CREATED_AT"}]
    if presets != known:
        raise Refusal(f"API read() additional_filter_presets must be {known}, got {presets!r}")
    latest: dict[Any, Record] = {}
    for record in sorted(found, key=lambda one: (str(one.get("created_at")), one["id"])):
        entity = record.get("entity") or {}
        latest[entity.get("type"), entity.get("id")] = record
    return sorted(latest.values(), key=lambda one: int(one["id"]))
