"""Making, changing and removing a site's own fields."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from .auth import Caller
from .refusal import Refusal
from .schema import SiteField
from .site import Site


def schema_field_create(site: Site, args: dict[str, Any], caller: Caller) -> str:
    """Make a field `sg_...`; gives its name."""
    caller.may.demand("schema_field_create", str(args.get("type")))
    wanted = _properties(args)
    raw = site.schema.custom(str(args.get("type")), str(args.get("data_type")), wanted)
    made = site.schema.add(raw)
    _keep(site, made)
    return made.name


def schema_field_update(site: Site, args: dict[str, Any], caller: Caller) -> bool:
    """Change a field's name, list values or other properties."""
    entity, name = str(args.get("type")), str(args.get("field_name"))
    caller.may.demand("schema_field_update", entity)
    field = site.schema.field(entity, name, "schema_field_update")
    wanted = _properties(args)
    visible = wanted.pop("visible", None)
    if visible is not None:
        project = args.get("project")
        if not project:
            raise Refusal("API schema_field_update() 'visible' is set per project: give project_entity.")
        site.storage.set(visibility(entity, name, project), bool(visible))
    changed = replace(
        field,
        label=str(wanted.pop("name", field.label)),
        values=tuple(wanted.pop("valid_values", field.values)),
        valid_types=tuple(wanted.pop("valid_types", field.valid_types)),
        default=wanted.pop("default_value", field.default),
        description=str(wanted.pop("description", field.description)),
        properties={**field.properties, **wanted},
    )
    site.schema.entities[entity].fields[name] = changed
    _keep(site, changed)
    return True


def schema_field_delete(site: Site, args: dict[str, Any], caller: Caller) -> bool:
    """Remove a field that a person made (and `sg_` fields that a site could remove)."""
    entity, name = str(args.get("type")), str(args.get("field_name"))
    caller.may.demand("schema_field_delete", entity)
    site.schema.field(entity, name, "schema_field_delete")
    if not name.startswith("sg_"):
        raise Refusal(f"API schema_field_delete() {entity}.{name} is a built-in field.")
    site.schema.remove(entity, name)
    site.storage.set(f"field:{entity}:{name}", None)
    site.storage.set(f"unfield:{entity}:{name}", True)
    return True


def visibility(entity: str, field: str, project: dict[str, Any]) -> str:
    """The setting that holds whether a project shows a field."""
    return f"visible:{project['id']}:{entity}:{field}"


def _properties(args: dict[str, Any]) -> dict[str, Any]:
    return {one["property_name"]: one.get("value") for one in args.get("properties") or []}


def _keep(site: Site, field: SiteField) -> None:
    site.storage.set(f"field:{field.entity}:{field.name}", asdict(field))
    site.storage.set(f"unfield:{field.entity}:{field.name}", None)
