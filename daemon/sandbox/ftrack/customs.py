"""Custom attributes: every entity has a value for each configuration that fits it, set or not."""

from __future__ import annotations

from typing import Any

from ..storage import Record
from .entities import Entities
from .refusal import Refusal

TABLE = "CustomAttributeValue"
_HIERARCHICAL = {"asset", "assetversion", "show", "task"}
_OLD_NAMES = {
    "Context": "task",
    "Project": "show",
    "AssetVersion": "assetversion",
    "Asset": "asset",
    "Resource": "user",
    "List": "list",
}
VALUE_TYPES = {
    "Context": "ContextCustomAttributeValue",
    "AssetVersion": "AssetVersionCustomAttributeValue",
    "Asset": "AssetCustomAttributeValue",
    "Resource": "UserCustomAttributeValue",
    "List": "ListCustomAttributeValue",
}
_CHECKS: dict[str, tuple[type, ...]] = {
    "number": (int, float),
    "text": (str,),
    "boolean": (bool, int),
    "enumerator": (list, str),
    "dynamic enumerator": (list, str),
}


class Customs:
    """Reads and writes the values."""

    def __init__(self, entities: Entities) -> None:
        """Values lie in the entities' storage."""
        self._entities = entities

    def configurations(self, entity: Record) -> list[Record]:
        """Those that fit the entity."""
        table = self._entities.type_of(entity).table
        old = "show" if entity["__entity_type__"] == "Project" else _OLD_NAMES.get(table)
        if old is None or entity["__entity_type__"] == "Group":
            return []
        project = self._entities.project_of(entity)
        found = []
        for one in self._entities.storage.all("CustomConfigurationBase"):
            here = one.get("project_id") in (project, None)
            own = one["entity_type"] == old and one.get("object_type_id") == entity.get("object_type_id")
            if here and (own or (one.get("is_hierarchical") and old in _HIERARCHICAL)):
                found.append(one)
        return found

    def rows(self, entity: Record, kind: str) -> list[Record]:
        """A value for every configuration that fits."""
        return [self._row(entity["id"], one, kind) for one in self.configurations(entity)]

    def stored(self) -> list[Record]:
        """The values that somebody set."""
        return list(self._entities.storage.all(TABLE))

    def all(self, kind: str, entities: list[Record] | None = None) -> list[Record]:
        """The values of all entities, or of these."""
        if entities is None:
            table = next(table for table, name in VALUE_TYPES.items() if name == kind)
            entities = list(self._entities.storage.all(table))
        return [row for entity in entities for row in self.rows(entity, kind)]

    def entity(self, kind: str, key: object) -> Record | None:
        """The entity that a value of that type belongs to."""
        tables = [table for table, name in VALUE_TYPES.items() if kind in (name, TABLE)]
        found = (self._entities.storage.get(table, key) for table in tables)
        return next((one for one in found if one is not None), None)

    def set(self, kind: str, configuration: str, entity: str, value: Any) -> tuple[Record, Record, Any]:
        """Write a value; gives the entity, the configuration and the value that was there."""
        owner = self.entity(kind, entity)
        found = self._entities.storage.get("CustomConfigurationBase", configuration)
        if owner is None or found is None or found not in self.configurations(owner):
            raise Refusal("The custom attribute does not exist on that entity.", "ValidationError")
        if isinstance(value, dict) and value.get("__type__") == "datetime":
            value = value["value"]
        self._check(found, value)
        key = f"{configuration}|{entity}"
        before = self._entities.storage.get(TABLE, key)
        row = {"__entity_type__": VALUE_TYPES[self._entities.type_of(owner).table]}
        row |= {"configuration_id": configuration, "entity_id": entity, "value": value}
        self._entities.storage.put(TABLE, key, row)
        return owner, found, before["value"] if before else found.get("default")

    def _row(self, entity: str, configuration: Record, kind: str) -> Record:
        stored = self._entities.storage.get(TABLE, f"{configuration['id']}|{entity}")
        unset = None if configuration.get("is_hierarchical") else configuration.get("default")
        return {
            "__entity_type__": kind,
            "configuration_id": configuration["id"],
            "entity_id": entity,
            "value": stored["value"] if stored else unset,
        }

    def _check(self, configuration: Record, value: Any) -> None:
        kind = self._entities.one("CustomAttributeType", configuration.get("type_id"))
        if kind is None or value is None:
            return
        wanted = _CHECKS.get(kind["name"])
        if wanted and not isinstance(value, wanted):
            raise Refusal(
                f'Custom attribute value for "{configuration["key"]}" must be of type {kind["name"]}. Got {value!r}.',
                "ValidationError",
            )
