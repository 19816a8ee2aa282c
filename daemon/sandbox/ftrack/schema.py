"""The entity types of a site, read from `schema.json`, and as a site tells them to its clients.

A field is one line: what it is, whose it is, and its marks. `key Status` is the id of a Status,
`Status by status_id` the entity behind it, `[Note] by parent_id` all notes that point back,
`{Metadata} by parent_id` the same as a mapping, `[Scope] through LINK mine theirs` goes over rows of
LINK. Marks: `!` required, `#` given by the server and fixed, `~` worked out when asked for,
`@name` the old name that events use, `= value` the default.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from .refusal import Refusal

Kind = Literal["scalar", "reference", "array", "mapped"]
UID = "{uid}"
_LINE = re.compile(
    r"(?P<shape>\[(?P<array>\w+)\]|\{(?P<mapped>\w+)\}|key (?P<key>\w+)|(?P<word>[\w-]+))"
    r"(?: by (?P<by>\w+))?(?: where (?P<name>\w+)=(?P<value>\w+))?"
    r"(?: through (?P<link>\w+) (?P<mine>\w+) (?P<theirs>\w+))?(?P<marks>.*)"
)
_SCALARS = {"string", "integer", "number", "boolean", "date-time", "variable", "object"}


@dataclass(frozen=True)
class Field:
    """One attribute. `type` is a scalar's type or the entity type behind a relation."""

    name: str
    kind: Kind
    type: str
    points_at: str = ""
    """For a scalar that holds an id: whose."""
    by: str = ""
    """For relations: the field that holds the id, here (reference) or over there (array, mapped)."""
    where: tuple[str, str] | None = None
    through: tuple[str, str, str] | None = None
    default: Any = None
    legacy: str = ""
    required: bool = False
    fixed: bool = False
    computed: bool = False


@dataclass(frozen=True)
class Type:
    """One entity type with all its fields, inherited ones included."""

    name: str
    base: str
    table: str
    """Where its entities are kept: the name of its oldest ancestor."""
    key: tuple[str, ...]
    fields: dict[str, Field]
    projections: tuple[str, ...]
    system: tuple[str, ...]
    legacy: str
    """What events and old tables call it."""
    object_type: str = ""
    heirs: tuple[str, ...] = ()
    """Itself and every type below it."""
    hidden: bool = field(default=False)


class Schema:
    """All types of a site."""

    def __init__(self) -> None:
        """Read `schema.json`."""
        raw = json.loads((Path(__file__).parent / "schema.json").read_text(encoding="utf-8"))
        self.types: dict[str, Type] = {}
        for name in raw:
            self._add(name, raw)
        for name, made in self.types.items():
            heirs = tuple(other for other in self.types if name in self._line(other))
            self.types[name] = replace(made, heirs=heirs)

    def type(self, name: str) -> Type:
        """A type by its name; refuses an unknown one."""
        found = self.types.get(name)
        if found is None or found.hidden:
            raise Refusal(f"Entity type {name!r} is not known.", "KeyError")
        return found

    def field(self, kind: str, name: str) -> Field:
        """A field of a type or, where only heirs have it, of an heir; refuses an unknown one."""
        for heir in (kind, *self.type(kind).heirs):
            found = self.types[heir].fields.get(name)
            if found is not None:
                return found
        raise Refusal(f"Attribute {name!r} does not exist on {kind!r}.", "ParseError")

    def pointing(self, table: str) -> list[tuple[str, Field]]:
        """Every scalar field, with its table, that holds ids of that table's entities."""
        return self._pointing.get(table, [])

    @cached_property
    def _pointing(self) -> dict[str, list[tuple[str, Field]]]:
        found: dict[str, dict[tuple[str, str], Field]] = {}
        for made in self.types.values():
            for one in made.fields.values():
                if one.points_at:
                    found.setdefault(self.types[one.points_at].table, {})[made.table, one.name] = one
        return {table: [(held, one) for (held, _), one in rows.items()] for table, rows in found.items()}

    @cached_property
    def wire(self) -> list[dict[str, Any]]:
        """What `query_schemas` answers."""
        return [self._told(made) for made in self.types.values() if not made.hidden]

    @cached_property
    def digest(self) -> str:
        """What clients compare their cached copy with."""
        return hashlib.md5(json.dumps(self.wire, sort_keys=True).encode(), usedforsecurity=False).hexdigest()

    def _add(self, name: str, raw: dict[str, Any]) -> Type:
        if name in self.types:
            return self.types[name]
        own = raw[name]
        base = self._add(own["is"], raw) if "is" in own else None
        fields = dict(base.fields) if base else {}
        fields.update({one: _field(one, line) for one, line in own.get("fields", {}).items()})
        object_type = own.get("object_type", "")
        if object_type:
            fields["object_type_id"] = replace(fields["object_type_id"], default=object_type)
        made = Type(
            name=name,
            base=base.name if base else "",
            table=base.table if base else name,
            key=tuple(own.get("key", base.key if base else ("id",))),
            fields=fields,
            projections=tuple(own.get("projections") or (base.projections if base else own.get("key", ("id",)))),
            system=tuple(own.get("system", base.system if base else ())),
            legacy=own.get("legacy") or (base.legacy if base else name.lower()),
            object_type=object_type,
            hidden=name.startswith("_"),
        )
        self.types[name] = made
        return made

    def _line(self, name: str) -> Iterator[str]:
        while name:
            yield name
            name = self.types[name].base

    def _told(self, made: Type) -> dict[str, Any]:
        fields = made.fields.values()
        told: dict[str, Any] = {
            "id": made.name,
            "type": "object",
            "primary_key": list(made.key),
            "properties": {one.name: _told(one) for one in fields},
            "default_projections": list(made.projections),
            "required": [one.name for one in fields if one.required or one.name in made.key],
            "immutable": [
                one.name
                for one in fields
                if one.fixed or one.name in made.key or (one.computed and one.kind == "scalar")
            ],
        }
        if made.system:
            told["system_projections"] = list(made.system)
        computed = [one.name for one in fields if one.computed and one.kind != "array"]
        if computed:
            told["computed"] = computed
        if made.object_type:
            told["alias_for"] = {"id": "Task", "classifiers": {"object_typeid": made.object_type}}
        return told


def _field(name: str, line: str) -> Field:
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"schema.json: {name}: {line!r}")
    got = match.groupdict()
    marks, _, default = got["marks"].partition("=")
    words = marks.split()
    made = Field(
        name=name,
        kind="scalar",
        type="string",
        by=got["by"] or "",
        where=(got["name"], got["value"]) if got["name"] else None,
        through=(got["link"], got["mine"], got["theirs"]) if got["link"] else None,
        required="!" in words,
        fixed="#" in words,
        computed="~" in words,
    )
    value, _, after = default.strip().partition(" @")
    if value:
        made = replace(made, default=json.loads(value))
    legacy = [word[1:] for word in [*words, *([f"@{after}"] if after else [])] if word.startswith("@")]
    made = replace(made, legacy=legacy[0] if legacy else "")
    if got["array"] or got["mapped"]:
        return replace(made, kind="array" if got["array"] else "mapped", type=got["array"] or got["mapped"])
    if got["key"]:
        return replace(made, points_at=got["key"])
    if got["word"] == "uid":
        return replace(made, default=UID)
    return replace(made, kind="scalar" if got["word"] in _SCALARS else "reference", type=got["word"])


def _told(one: Field) -> dict[str, Any]:
    told: dict[str, Any]
    if one.kind == "reference":
        told = {"$ref": one.type}
    elif one.kind == "array":
        told = {"type": "array", "items": {"$ref": one.type}}
    elif one.kind == "mapped":
        told = {
            "type": "mapped_array",
            "items": {"$ref": one.type},
            "key_value_attributes": {"key": "key", "value": "value"},
        }
    elif one.type == "date-time":
        told = {"type": "string", "format": "date-time"}
    else:
        told = {"type": one.type}
    if one.points_at:
        told |= {"format": "foreign_key", "description": f"Foreign key(s): {one.points_at}.id"}
    if one.default is not None:
        told["default"] = one.default
    if one.legacy:
        told["alias_for"] = one.legacy
    return told
