"""The methods of `/api3/json`: one function per method name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import structlog

from .auth import Caller
from .refusal import AUTHENTICATION, CRUD, Refusal
from .schema import SiteEntity, SiteField
from .schema_edit import schema_field_create, schema_field_delete, schema_field_update, visibility
from .site import Site
from .social import METHODS as SOCIAL

Method = Callable[[Site, dict[str, Any], Caller], Any]

log = structlog.get_logger()

VERSION = [8, 89, 0]
_BATCHABLE = {"create", "update", "delete", "revive"}


def call(site: Site, request: dict[str, Any], base: str, address: str) -> dict[str, Any]:
    """Answer one request body: `{results}`, or `{exception, message, error_code}`."""
    try:
        with site.storage.lock:
            site.settle()
            with site.storage.transaction():
                results = _results(site, request, base, address)
            site.settle()
    except Refusal as refusal:
        return _refused(str(refusal), refusal.code)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # A client may send anything; what no method understands is its fault and not the server's end.
        log.warning("request not understood", method=str(request.get("method_name")), error=repr(error))
        return _refused(f"API {request.get('method_name')}() the request is not understood: {error!r}", CRUD)
    return {"results": results}


def _refused(message: str, code: int) -> dict[str, Any]:
    return {"exception": True, "message": message, "error_code": code}


def _results(site: Site, request: dict[str, Any], base: str, address: str) -> Any:
    name = str(request.get("method_name"))
    params = request.get("params") or []
    if name == "info":
        return _info(site)
    method = METHODS.get(name)
    if method is None:
        raise Refusal(f"API method '{name}' is not known to this server.")
    if not params:
        raise Refusal("Missing authentication parameters.", AUTHENTICATION)
    caller = replace(site.auth.caller(params[0], base), address=address)
    return method(site, params[1] if len(params) > 1 and params[1] else {}, caller)


def _info(site: Site) -> dict[str, Any]:
    return {
        "version": VERSION,
        "api_max_entities_per_page": 500,
        "s3_uploads_enabled": site.direct_uploads,
        "s3_direct_uploads_enabled": site.direct_uploads,
        "s3_enabled_upload_types": {"*": ["*"]} if site.direct_uploads else {},
        "totango_site_id": "wetgate-sandbox",
        "unified_login_flow_enabled": False,
        "user_authentication_method": "default",
    }


def _read(site: Site, args: dict[str, Any], caller: Caller) -> Any:
    return site.reading.read(args, caller)


def _summarize(site: Site, args: dict[str, Any], caller: Caller) -> Any:
    return site.summaries.summarize(args, caller.may)


def _create(site: Site, args: dict[str, Any], caller: Caller) -> Any:
    values, _ = _values(args)
    record = site.writes.create(args.get("type"), values, caller)  # type: ignore[arg-type]  # create() refuses what is no type
    return site.show(record, [*values, *(args.get("return_fields") or [])], caller, "create")


def _update(site: Site, args: dict[str, Any], caller: Caller) -> Any:
    values, modes = _values(args)
    record = site.writes.update(str(args.get("type")), _id(args, "update"), values, caller, modes)
    return site.show(record, [*values, *(args.get("return_fields") or [])], caller, "update")


def _values(args: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    values, modes = {}, {}
    for one in args.get("fields") or []:
        values[one["field_name"]] = one.get("value")
        modes[one["field_name"]] = one.get("multi_entity_update_mode") or "set"
    return values, modes


def _id(args: dict[str, Any], call_name: str) -> int:
    number = args.get("id")
    if isinstance(number, str) and number.isdigit():
        number = int(number)
    if not isinstance(number, int) or isinstance(number, bool):
        raise Refusal(f"API {call_name}() 'id' must be a number, got {number!r}")
    return number


def _delete(site: Site, args: dict[str, Any], caller: Caller) -> bool:
    return site.writes.retire(str(args.get("type")), _id(args, "delete"), caller)


def _revive(site: Site, args: dict[str, Any], caller: Caller) -> bool:
    return site.writes.revive(str(args.get("type")), _id(args, "revive"), caller)


def _batch(site: Site, args: Any, caller: Caller) -> list[Any]:
    results = []
    for number, one in enumerate(args if isinstance(args, list) else []):
        kind = str(one.get("request_type"))
        if kind not in _BATCHABLE:
            raise Refusal(f"API batch() request {number}: request_type '{kind}' is not valid.")
        results.append(METHODS[kind](site, one, caller))
    return results


def _schema_read(site: Site, args: dict[str, Any], _: Caller) -> Any:
    return {entity.name: _fields(site, entity, args.get("project")) for entity in site.schema.entities.values()}


def _fields(site: Site, entity: SiteEntity, project: dict[str, Any] | None) -> dict[str, Any]:
    return {field.name: _field(site, field, project) for field in entity.fields.values()}


def _field(site: Site, field: SiteField, project: dict[str, Any] | None) -> dict[str, Any]:
    if not project:
        return field.wire()
    return field.wire(site.storage.setting(visibility(field.entity, field.name, project)))


def _schema_entity_read(site: Site, _args: dict[str, Any], _: Caller) -> Any:
    return {
        entity.name: {"name": {"value": entity.label, "editable": False}, "visible": {"value": True, "editable": False}}
        for entity in site.schema.entities.values()
    }


def _schema_field_read(site: Site, args: dict[str, Any], _: Caller) -> Any:
    entity = site.schema.entity(args.get("type"), "schema_field_read")
    name = args.get("field_name")
    if name:
        return {name: _field(site, site.schema.field(entity.name, name, "schema_field_read"), args.get("project"))}
    return _fields(site, entity, args.get("project"))


def _get_session_token(site: Site, _args: dict[str, Any], caller: Caller) -> Any:
    site.auth.trust(caller.address)
    return {"session_id": site.auth.open_session(caller)}


METHODS: dict[str, Method] = {
    "read": _read,
    "summarize": _summarize,
    "create": _create,
    "update": _update,
    "delete": _delete,
    "revive": _revive,
    "batch": _batch,
    "schema_read": _schema_read,
    "schema_entity_read": _schema_entity_read,
    "schema_field_read": _schema_field_read,
    "schema_field_create": schema_field_create,
    "schema_field_update": schema_field_update,
    "schema_field_delete": schema_field_delete,
    "get_session_token": _get_session_token,
    **SOCIAL,
}
