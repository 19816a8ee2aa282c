"""The lesser methods: following, note threads, activity, text search, preferences."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from ..storage import Record
from .auth import Caller
from .refusal import Refusal
from .site import Site

JsonObject = dict[str, Any]

_PREFERENCES: JsonObject = {
    "date_component_order": "month_day",
    "duration_units": "days",
    "format_currency_fields_decimal_options": "$1,000.99",
    "format_currency_fields_display_dollar_sign": False,
    "format_currency_fields_negative_options": "- $1,000",
    "format_date_fields": "08/04/22 OR 04/08/22 (depending on the Month order preference)",
    "format_float_fields": "9,999.99",
    "format_float_fields_rounding": "9.999999",
    "format_footage_fields": "10-05",
    "format_number_fields": "1,000",
    "format_time_hour_fields": "12 hour",
    "hours_per_day": 8.0,
    "support_local_storage": True,
    "enable_rv_integration": True,
    "enable_shotgun_review_for_rv": False,
    "view_master_settings": {},
    "creative_review_settings": {},
}
"""What a new site is set to."""

_THREAD = {
    "Note": ["content", "created_at", "created_by"],
    "Reply": ["content", "created_at", "user"],
    "Attachment": ["created_at", "created_by"],
}


def _followers_of(site: Site, entity: JsonObject) -> list[JsonObject]:
    return list(site.storage.setting(f"followers:{entity['type']}:{entity['id']}", []))


def follow(site: Site, args: JsonObject, _caller: Caller) -> JsonObject:
    """Let a person follow an entity."""
    user, entity = _plain(args["user"]), _plain(args["entity"])
    site.writes.existing(entity["type"], entity["id"], "follow")
    followers = _followers_of(site, entity)
    if user not in followers:
        site.storage.set(f"followers:{entity['type']}:{entity['id']}", [*followers, user])
    return {"followed": True, "user": user, "entity": entity}


def unfollow(site: Site, args: JsonObject, _caller: Caller) -> JsonObject:
    """Let a person no longer follow an entity."""
    user, entity = _plain(args["user"]), _plain(args["entity"])
    left = [one for one in _followers_of(site, entity) if one != user]
    site.storage.set(f"followers:{entity['type']}:{entity['id']}", left or None)
    return {"unfollowed": True, "user": user, "entity": entity}


def followers(site: Site, args: JsonObject, _caller: Caller) -> list[JsonObject]:
    """Who follows an entity."""
    return [_person(site, user) for user in _followers_of(site, args["entity"])]


def following(site: Site, args: JsonObject, _caller: Caller) -> list[JsonObject]:
    """What a person follows."""
    user, found = _plain(args["user"]), []
    for name, users in site.storage.settings("followers:").items():
        _, kind, number = name.split(":")
        record = site.storage.get(kind, int(number))
        if user not in users or record is None:
            continue
        project = args.get("project")
        if project and (record.get("project") or {}).get("id") != project["id"]:
            continue
        if args.get("entity_type") in (None, kind):
            found.append({"type": kind, "id": int(number)})
    return found


def note_thread(site: Site, args: JsonObject, caller: Caller) -> list[JsonObject]:
    """A note with its attachments and replies, oldest first."""
    note = site.writes.existing("Note", int(args["note_id"]), "note_thread_contents")
    members = [note]
    for name in ("attachments", "replies"):
        field = site.schema.field("Note", name, "note_thread_contents")
        for link in site.records.value(note, field):
            found = site.storage.get(link["type"], link["id"])
            if found:
                members.append(found)
    shown = []
    for record in sorted(members, key=lambda one: (str(one.get("created_at")), one["type"] != "Note", one["id"])):
        fields = [*_THREAD[record["type"]], *(args.get("entity_fields") or {}).get(record["type"], [])]
        one = site.show(record, fields, caller, "note_thread_contents")
        if one.get("user") and record["type"] == "Reply":
            author = site.storage.get(one["user"]["type"], one["user"]["id"]) or {}
            image = author.get("image")
            one["user"]["image"] = site.media.image_url(image, caller.base) if image else None
        shown.append(one)
    return shown


def activity(site: Site, args: JsonObject, caller: Caller) -> JsonObject:
    """What happened to an entity and to what links to it, newest first."""
    kind, number = str(args.get("type")), int(args.get("id") or 0)
    site.writes.existing(kind, number, "activity_stream")
    low, high = args.get("min_id") or 0, args.get("max_id") or 1 << 60
    updates = []
    for entry in reversed(list(site.storage.all("EventLogEntry").values())):
        if not low <= entry["id"] <= high or not _about(site, entry, kind, number):
            continue
        updates.append(_update(site, entry, args.get("entity_fields") or {}, caller))
        if len(updates) >= int(args.get("limit") or 50):
            break
    ids = [update["id"] for update in updates]
    return {
        "entity_type": kind,
        "entity_id": number,
        "latest_update_id": max(ids, default=0),
        "earliest_update_id": min(ids, default=0),
        "updates": updates,
    }


def _about(site: Site, entry: Record, kind: str, number: int) -> bool:
    if entry["meta"].get("in_create"):
        return False
    link = entry["entity"]
    if (link["type"], link["id"]) == (kind, number):
        return True
    record = site.storage.get(link["type"], link["id"]) or {}
    behind = [record.get("entity"), record.get("project"), *(record.get("note_links") or [])]
    return any(one and (one["type"], one["id"]) == (kind, number) for one in behind)


def _update(site: Site, entry: Record, extra: JsonObject, caller: Caller) -> JsonObject:
    link = entry["entity"]
    record = site.storage.get(link["type"], link["id"])
    entity = site.show(record, extra.get(link["type"], []), caller, "activity_stream") if record else dict(link)
    entity.update(name=site.records.link(link)["name"], status=(record or {}).get("sg_status_list"))
    what = str(entry["event_type"]).rsplit("_", 1)[1]
    return {
        "id": entry["id"],
        "created_at": str(entry["created_at"]).replace("T", " ").replace("Z", " UTC"),
        "created_by": _person(site, entry["user"]),
        "meta": entry["meta"],
        "primary_entity": entity,
        "read": False,
        "update_type": {"New": "create", "Change": "update", "Retirement": "delete"}.get(what, what.lower()),
    }


def text_search(site: Site, args: JsonObject, caller: Caller) -> JsonObject:
    """Records whose name holds every word of the text."""
    text = str(args.get("text") or "")
    if len(text) < 3:
        raise Refusal("API query_display_name_cache() the text must have at least 3 characters.")
    terms, matches = text.lower().split(), []
    projects = set(args.get("project_ids") or [])
    for kind, group in (args.get("entity_types") or {}).items():
        found = site.reading.matching(
            kind, group, retired=False, archived=True, call="query_display_name_cache", may=caller.may
        )
        for record in found:
            project = (record.get("project") or {}).get("id")
            name = site.records.name(record)
            if all(term in name.lower() for term in terms) and (not projects or project in projects):
                link = record.get("entity")
                matches.append(
                    {
                        "id": record["id"],
                        "type": kind,
                        "name": name,
                        "project_id": project,
                        "image": None,
                        "links": [link["type"], site.records.link(link)["name"]] if link else ["", ""],
                        "status": record.get("sg_status_list"),
                    }
                )
    return {"matches": matches[: int(args.get("max_results") or 50)], "terms": terms}


def preferences(_site: Site, args: JsonObject, _caller: Caller) -> JsonObject:
    """The site's preferences, or those that are asked for."""
    wanted = args.get("prefs") or list(_PREFERENCES)
    return {name: _PREFERENCES[name] for name in wanted if name in _PREFERENCES}


def export_page(_site: Site, args: JsonObject, _caller: Caller) -> str:
    """Pages have no content here, so none can be exported; wrong arguments are refused as a site does."""
    for name in ("page_id", "format"):
        if args.get(name) is None:
            raise Refusal(f"API export_page() '{name}' missing.")
    raise Refusal(f"Export for Page id={args['page_id']} not available")


def work_schedule(site: Site, args: JsonObject, _caller: Caller) -> JsonObject:
    """Working days between two dates."""
    first, last = (date.fromisoformat(str(args[name])) for name in ("start_date", "end_date"))
    days = {}
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        days[day.isoformat()] = {"working": day.weekday() < 5, "description": None, "reason": "STUDIO_WORK_WEEK"}
        scopes = (("STUDIO", None), ("PROJECT", args.get("project")), ("USER", args.get("user")))
        for reason, whose in scopes:
            own = site.storage.setting(_schedule(day, reason, whose))
            if own:
                days[day.isoformat()] = {**own, "reason": f"{reason}_EXCEPTION"}
    return days


def work_schedule_update(site: Site, args: JsonObject, caller: Caller) -> JsonObject:
    """Change whether a day is worked: in the studio, in a project, or by a person."""
    caller.may.demand("work_schedule_update", "WorkDayRule")
    kept = {"working": bool(args.get("working")), "description": args.get("description")}
    project, user = args.get("project"), args.get("user")
    reason = "USER" if user else "PROJECT" if project else "STUDIO"
    site.storage.set(_schedule(date.fromisoformat(str(args["date"])), reason, user or project), kept)
    return {**kept, "date": args["date"], "project": project, "user": user}


def _schedule(day: date, reason: str, whose: JsonObject | None) -> str:
    return f"schedule:{day.isoformat()}:{reason}:{(whose or {}).get('id', 0)}"


def last_accessed(site: Site, args: JsonObject, _caller: Caller) -> JsonObject:
    """Note that a person opened a project."""
    number = int(args["project_id"])
    record = site.writes.existing("Project", number, "update_project_last_accessed_by_current_user")
    site.storage.put({**record, "last_accessed_by_current_user": site.writes.at()})
    return {"type": "Project", "id": number}


def subscriptions(_site: Site, _args: JsonObject, _caller: Caller) -> list[JsonObject]:
    """Subscriptions: the sandbox has none."""
    return []


def _plain(link: JsonObject) -> JsonObject:
    return {"type": link["type"], "id": link["id"]}


def _person(site: Site, link: JsonObject) -> JsonObject:
    record = site.storage.get(link["type"], link["id"]) or {}
    return {**site.records.link(link), "status": record.get("sg_status_list", "act"), "valid": "valid"}


METHODS: dict[str, Callable[[Site, JsonObject, Caller], Any]] = {
    "follow": follow,
    "unfollow": unfollow,
    "followers": followers,
    "following": following,
    "note_thread_contents": note_thread,
    "activity_stream": activity,
    "query_display_name_cache": text_search,
    "preferences_read": preferences,
    "export_page": export_page,
    "work_schedule_read": work_schedule,
    "work_schedule_update": work_schedule_update,
    "update_project_last_accessed_by_current_user": last_accessed,
    "user_subscriptions_read": subscriptions,
}
