"""Which entity types and fields a site has; the built-in ones come from `schema.json`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from .refusal import Refusal

JsonObject = dict[str, Any]

CREATABLE = [
    "checkbox",
    "currency",
    "date",
    "date_time",
    "duration",
    "entity",
    "float",
    "list",
    "multi_entity",
    "number",
    "percent",
    "status_list",
    "text",
    "timecode",
    "url",
]


@dataclass(frozen=True, eq=False)
class SiteField:
    """One field of an entity type. `reverse` names the field, `Entity.field`, that this one mirrors."""

    entity: str
    name: str
    type: str
    label: str
    valid_types: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    default: object = None
    read_only: bool = False
    mandatory: bool = False
    visible: bool = True
    custom: bool = False
    description: str = ""
    reverse: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)

    def wire(self, visible: bool | None = None) -> JsonObject:
        """The field as `schema_field_read` describes it; *visible* is a project's own setting."""
        properties: JsonObject = {"default_value": self.default, "summary_default": "none"}
        if self.type in {"list", "status_list"}:
            properties["valid_values"] = list(self.values)
            properties["display_values"] = {value: value for value in self.values}
            if self.type == "status_list":
                properties["hidden_values"] = []
        if self.type in {"entity", "multi_entity"}:
            properties["valid_types"] = list(self.valid_types)
        properties.update(self.properties)
        editable = not self.read_only
        return {
            "data_type": _fixed(self.type),
            "description": {"editable": True, "value": self.description},
            "name": {"editable": True, "value": self.label},
            "editable": _fixed(editable),
            "mandatory": _fixed(self.mandatory),
            "unique": _fixed(False),
            "visible": {"editable": self.custom, "value": self.visible if visible is None else visible},
            "entity_type": _fixed(self.entity),
            "custom_metadata": {"editable": True, "value": ""},
            "properties": {name: {"editable": False, "value": value} for name, value in properties.items()},
        }


@dataclass
class SiteEntity:
    """One entity type; `site` types belong to no project."""

    name: str
    label: str
    site: bool
    fields: dict[str, SiteField]


def _fixed(value: object) -> JsonObject:
    return {"editable": False, "value": value}


class SiteSchema:
    """All entity types of one site."""

    def __init__(self) -> None:
        """Load what every site has."""
        text = files(__package__).joinpath("schema.json").read_text(encoding="utf-8")
        self.entities = {name: _entity(name, raw) for name, raw in json.loads(text).items()}
        self._by_reverse: dict[str, list[SiteField]] = {}
        for entity in self.entities.values():
            for one in entity.fields.values():
                if one.reverse:
                    self._by_reverse.setdefault(one.reverse, []).append(one)

    def entity(self, name: object, call: str) -> SiteEntity:
        """The entity type, or a Refusal as *call* would word it."""
        if isinstance(name, str) and name in self.entities:
            return self.entities[name]
        known = ", ".join(sorted(self.entities))
        raise Refusal(f"API {call}() invalid/missing string entity 'type':\n{name!r}\nValid types: {known}")

    def field(self, entity: str, name: str, call: str) -> SiteField:
        """The field, or a Refusal as *call* would word it."""
        found = self.entity(entity, call).fields.get(name)
        if found is None:
            raise Refusal(f"API {call}() {entity}.{name} doesn't exist.")
        return found

    def mirrors(self, entity: str, name: str) -> list[SiteField]:
        """The fields elsewhere that mirror this one."""
        return self._by_reverse.get(f"{entity}.{name}", [])

    def add(self, raw: JsonObject) -> SiteField:
        """Take in a field that a person made; *raw* is what `custom` gave back when it was made."""
        entity = self.entities[raw["entity"]]
        made = SiteField(**{**raw, "valid_types": tuple(raw["valid_types"]), "values": tuple(raw["values"])})
        entity.fields[made.name] = made
        return made

    def remove(self, entity: str, name: str) -> None:
        """Forget a field."""
        self.entities[entity].fields.pop(name, None)

    def custom(self, entity: str, data_type: str, properties: JsonObject) -> JsonObject:
        """A new field's description from what a person asked for; its name begins with `sg_`."""
        self.entity(entity, "schema_field_create")
        if data_type not in CREATABLE:
            raise Refusal(f"API schema_field_create() data_type {data_type!r} is not valid: {CREATABLE}")
        label = str(properties.get("name", "")).strip()
        if not label:
            raise Refusal("API schema_field_create() property 'name' is missing.")
        base = "sg_" + re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")
        name, number = base, 1
        while name in self.entities[entity].fields:
            name, number = f"{base}_{number}", number + 1
        return {
            "entity": entity,
            "name": name,
            "type": data_type,
            "label": label,
            "valid_types": properties.get("valid_types", []),
            "values": properties.get("valid_values", []),
            "default": properties.get("default_value"),
            "custom": True,
            "description": properties.get("description", ""),
            "properties": {
                key: value
                for key, value in properties.items()
                if key not in {"name", "valid_types", "valid_values", "default_value", "description"}
            },
        }


def _entity(name: str, raw: JsonObject) -> SiteEntity:
    fields = {field_name: _field(name, field_name, one) for field_name, one in raw["fields"].items()}
    return SiteEntity(name, raw.get("name", name), raw.get("site", False), fields)


def _field(entity: str, name: str, raw: JsonObject) -> SiteField:
    return SiteField(
        entity=entity,
        name=name,
        type=raw["type"],
        label=raw.get("name") or name.removeprefix("sg_").replace("_", " ").title(),
        valid_types=tuple(raw.get("valid_types", ())),
        values=tuple(raw.get("values", ())),
        default=raw.get("default"),
        read_only=raw.get("read_only", False),
        mandatory=raw.get("mandatory", False),
        reverse=raw.get("reverse"),
    )
