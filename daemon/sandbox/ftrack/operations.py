"""The operations of `POST /api`: a list of them is one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..storage import Record
from .entities import TYPE
from .refusal import Refusal

if TYPE_CHECKING:
    from .site import Site

VERSION = "4.13.8.2"
_WRITING = {
    "create", "update", "delete", "encode_media", "complete_multipart_upload", "reset_remote",
    "add_user_security_role", "remove_user_security_role", "update_user_security_role",
}  # fmt: skip


def run(site: Site, operations: Any, user: Record) -> list[Any]:
    """Carry out a batch, all or nothing; what clients are told of it goes out afterwards."""
    if not isinstance(operations, list) or not all(isinstance(one, dict) for one in operations):
        raise Refusal("The body must be a list of operations.", "ValueError")
    with site.storage.lock:
        if not any(one.get("action") in _WRITING for one in operations) and not site.media.busy:
            return [_one(site, operation, user) for operation in operations]
        with site.batch(user):
            return [_one(site, operation, user) for operation in operations]


def _one(site: Site, operation: dict[str, Any], user: Record) -> Any:
    action = operation.get("action")
    handler = _HANDLERS.get(str(action))
    if handler is None:
        raise Refusal(f"Invalid action {action!r}", "ValueError")
    if action in _WRITING and not site.auth.may_write(user):
        raise Refusal(f"{user['username']} does not have permission to {action}.", "PermissionDeniedError", 403)
    try:
        return handler(site, operation, user)
    except (KeyError, TypeError, ValueError) as error:
        raise Refusal(f"Malformed operation {action!r}: {error!r}", "ValueError") from error


def _information(site: Site, operation: dict[str, Any], _: Record) -> dict[str, Any]:
    told = {
        "version": VERSION,
        "schema_hash": site.schema.digest,
        "is_timezone_support_enabled": True,
        "storage_scenario": None,
        "is_nested_subtasks_enabled": True,
    }
    wanted = operation.get("values")
    return {name: told.get(name) for name in ["version", *wanted]} if wanted else told


def _schemas(site: Site, _: dict[str, Any], __: Record) -> list[dict[str, Any]]:
    return site.schema.wire


def _query(site: Site, operation: dict[str, Any], _: Record) -> dict[str, Any]:
    return site.reading.answer(str(operation["expression"]))


def _search(site: Site, operation: dict[str, Any], _: Record) -> dict[str, Any]:
    """A query whose entities' names hold every one of some terms."""
    expression = str(operation["expression"])
    named = [f'name like "%{str(term).replace(chr(34), "")}%"' for term in operation.get("terms") or []]
    if operation.get("context_id"):
        named.append(f'(parent_id is "{operation["context_id"]}" or project_id is "{operation["context_id"]}")')
    return site.reading.answer(expression, " and ".join(named)) | {"action": "search"}


def _create(site: Site, operation: dict[str, Any], user: Record) -> dict[str, Any]:
    data = dict(operation["entity_data"])
    name = str(operation["entity_type"])
    kind = site.schema.type(name)
    for key, value in zip(kind.key, operation.get("entity_key") or [], strict=False):
        data.setdefault(key, value)
    record = site.writes.create(name, data, user)
    told = _told(site, site.storage.get(kind.table, site.graph.key(record)) or record, data)
    # Times come back as they were sent; the site keeps them to the second.
    told |= {key: value for key, value in data.items() if isinstance(value, dict) and value.get("__type__")}
    return {"action": "create", "data": told}


def _update(site: Site, operation: dict[str, Any], user: Record) -> dict[str, Any]:
    data = {key: value for key, value in operation["entity_data"].items() if key != TYPE}
    record = site.writes.update(str(operation["entity_type"]), _keys(operation), data, user)
    return {"action": "update", "data": _told(site, record, data)}


def _delete(site: Site, operation: dict[str, Any], _: Record) -> dict[str, Any]:
    site.writes.delete(str(operation["entity_type"]), _keys(operation))
    return {"action": "delete", "data": True}


def _upload_metadata(site: Site, operation: dict[str, Any], _: Record) -> dict[str, Any]:
    return site.media.metadata(operation)


def _complete_upload(site: Site, operation: dict[str, Any], _: Record) -> dict[str, Any]:
    return site.media.complete(operation)


def _encode(site: Site, operation: dict[str, Any], user: Record) -> dict[str, Any]:
    return site.media.encode(operation, user, site.writes)


def _widget(site: Site, operation: dict[str, Any], _: Record) -> dict[str, Any]:
    entity = ""
    if operation.get("entity_type"):
        entity = f"&entityType={operation['entity_type']}&entityId={_keys(operation)[0]}"
    theme = "light" if operation.get("theme") == "light" else "dark"
    name = str(operation["name"])
    return {"widget_url": f"{site.base}/widget?view={name}&theme={theme}{entity}&sig={site.auth.sign(name)}"}


def _reset(site: Site, operation: dict[str, Any], _: Record) -> dict[str, Any]:
    what = operation.get("reset_type")
    kind = site.schema.type(str(operation["entity_type"]))
    entity = site.graph.one(kind.name, operation["entity_key"])
    if entity is None:
        raise Refusal(f"{kind.name} {operation['entity_key']} does not exist.", "EntityNotFoundError")
    if what == "api_key" and entity[TYPE] == "User":
        return {"action": "reset_remote", "data": {"api_key": site.auth.new_key(entity)}}
    field = kind.fields.get(what) if isinstance(what, str) else None
    if field is None or field.name in kind.key or field.default is None:
        raise Refusal(f"{what!r} cannot be reset.", "ValidationError")
    site.writes.update(kind.name, [entity["id"]], {field.name: field.default}, None)
    return {"action": "reset_remote", "data": field.default}


def _invite(_: Site, operation: dict[str, Any], __: Record) -> dict[str, Any]:
    return {"action": operation["action"], "data": True}


def _role(site: Site, operation: dict[str, Any], user: Record) -> dict[str, Any]:
    action = operation["action"]
    rows = site.storage.where("UserSecurityRole", "user_id", operation["user_id"])
    held = [one for one in rows if one["security_role_id"] == operation["role_id"]]
    if action == "add_user_security_role":
        values = {"user_id": operation["user_id"], "security_role_id": operation["role_id"], "is_all_projects": True}
        site.writes.create("UserSecurityRole", values, user)
    elif not held:
        raise Refusal("The user does not have that role.", "ValidationError")
    elif action == "remove_user_security_role":
        site.writes.delete("UserSecurityRole", [held[0]["id"]])
    else:
        role = {"security_role_id": operation["new_role_id"]}
        site.writes.update("UserSecurityRole", [held[0]["id"]], role, user)
    return {"action": action, "data": True}


def _told(site: Site, record: Record, data: dict[str, Any]) -> dict[str, Any]:
    """The attributes that were sent, as they are now: clients take them over and ask for the others."""
    return site.reading.told(record, {name: {} for name in data if name != TYPE})


def _keys(operation: dict[str, Any]) -> list[Any]:
    keys = operation["entity_key"]
    return keys if isinstance(keys, list) else [keys]


_HANDLERS = {
    "query_server_information": _information,
    "query_schemas": _schemas,
    "query": _query,
    "search": _search,
    "create": _create,
    "update": _update,
    "delete": _delete,
    "get_upload_metadata": _upload_metadata,
    "complete_multipart_upload": _complete_upload,
    "encode_media": _encode,
    "get_widget_url": _widget,
    "reset_remote": _reset,
    "send_user_invite": _invite,
    "send_review_session_invite": _invite,
    "add_user_security_role": _role,
    "remove_user_security_role": _role,
    "update_user_security_role": _role,
}
