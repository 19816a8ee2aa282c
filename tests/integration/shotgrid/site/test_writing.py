"""The sandbox written by the vendor's client: values, batches, retirement, events, permissions, logins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from practice import Entity, Practice
from shotgun_api3.shotgun import AuthenticationFault, Fault


def events(sg: Any, entity: Entity, *fields: str) -> list[Entity]:
    """The entity's events, oldest first."""
    link = {"type": entity["type"], "id": entity["id"]}
    wanted = ["event_type", "attribute_name", "meta", *fields]
    rows: list[Entity] = sg.find("EventLogEntry", [["entity", "is", link]], wanted)
    return rows


def test_new_entities_have_their_statuses(site: Practice, sg: Any) -> None:
    """A new version waits for review, a new task waits, a new person is active."""
    assert sg.create("Version", {"project": site.project, "code": "v"}, ["sg_status_list"])["sg_status_list"] == "rev"
    assert sg.create("Task", {"project": site.project, "content": "t"}, ["sg_status_list"])["sg_status_list"] == "wtg"
    person = sg.create("HumanUser", {"login": "new", "name": "New"}, ["sg_status_list"])
    assert person["sg_status_list"] == "act"


def test_a_write_answers_with_what_was_set(site: Practice, sg: Any) -> None:
    """Create and update give back the fields that were set, links with their names."""
    made = sg.create("Version", {"project": site.project, "code": "v", "entity": site.shot}, ["created_by"])
    assert made["entity"] == {"type": "Shot", "id": site.shot["id"], "name": "SH010"}
    assert made["created_by"]["type"] == "ApiUser"
    changed = sg.update("Version", made["id"], {"description": "näher <ran> \N{CLAPPER BOARD}"})
    assert changed == {"type": "Version", "id": made["id"], "description": "näher <ran> \N{CLAPPER BOARD}"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"sg_status_list": "nonsense"}, "not a valid status.*na, rev"),
        ({"sg_first_frame": "1001"}, r"sg_first_frame expected \[Fixnum"),
        ({"nonsense": 1}, r"Version\.nonsense doesn't exist"),
        ({"entity": {"type": "Shot", "id": 9999}}, r"\[Shot\] cannot be found with id=9999"),
        ({"entity": {"type": "HumanUser", "id": 1}}, "type 'HumanUser' is not valid"),
        ({"id": 7}, "read only"),
        ({"flagged": "yes"}, "TrueClass"),
        ({"playlists": {"type": "Playlist", "id": 1}}, "Array"),
    ],
)
def test_wrong_values_are_faults(site: Practice, sg: Any, data: Entity, message: str) -> None:
    """What does not fit is refused and leaves the version as it was."""
    version = sg.create("Version", {"project": site.project, "code": "strict", "sg_first_frame": 1})
    before = sg.find_one("Version", [["id", "is", version["id"]]], ["sg_first_frame", "updated_at"])
    with pytest.raises(Fault, match=message):
        sg.update("Version", version["id"], {"sg_first_frame": 2, **data})
    assert sg.find_one("Version", [["id", "is", version["id"]]], ["sg_first_frame", "updated_at"]) == before


def test_a_shot_needs_a_project(sg: Any) -> None:
    """Entities of a project cannot be made without one."""
    with pytest.raises(Fault, match="missing 'project' attribute"):
        sg.create("Shot", {"code": "lost"})


def test_a_batch_is_all_or_nothing(site: Practice, sg: Any) -> None:
    """One wrong request undoes the whole batch, its events too."""
    newest = sg.find_one("EventLogEntry", [], order=[{"field_name": "id", "direction": "desc"}])["id"]
    good = {"request_type": "create", "entity_type": "Shot", "data": {"project": site.project, "code": "batched"}}
    bad = {"request_type": "update", "entity_type": "Shot", "entity_id": 9999, "data": {"code": "x"}}
    with pytest.raises(Fault, match="9999"):
        sg.batch([good, good, bad])
    assert sg.find("Shot", [["code", "is", "batched"]]) == []
    assert sg.find("EventLogEntry", [["id", "greater_than", newest]]) == []
    made = sg.batch([good, {**bad, "entity_id": site.shot["id"], "data": {"description": "d"}}])
    assert (made[0]["code"], made[1]["description"]) == ("batched", "d")


def test_retire_and_revive(site: Practice, sg: Any) -> None:
    """A retired version is hidden, listed among the retired, and comes back with all it had."""
    version = sg.create("Version", {"project": site.project, "code": "old", "sg_wetgate_key": "k"})
    mine = [["id", "is", version["id"]]]
    assert sg.delete("Version", version["id"]) is True
    assert sg.delete("Version", version["id"]) is False
    assert sg.find_one("Version", mine) is None
    assert sg.find_one("Version", mine, retired_only=True)["id"] == version["id"]
    with pytest.raises(Fault, match="cannot be found"):
        sg.update("Version", version["id"], {"code": "x"})
    assert sg.revive("Version", version["id"]) is True
    assert sg.revive("Version", version["id"]) is False
    assert sg.find_one("Version", mine, ["sg_wetgate_key"])["sg_wetgate_key"] == "k"
    kinds = [event["event_type"] for event in events(sg, version)]
    assert kinds[0] == "Shotgun_Version_New"
    assert kinds[-2:] == ["Shotgun_Version_Retirement", "Shotgun_Version_Revival"]


def test_a_new_entity_tells_its_first_values(site: Practice, sg: Any) -> None:
    """One New event, then a change for each field, marked as belonging to the creation."""
    task = sg.create("Task", {"project": site.project, "content": "told", "sg_status_list": "rdy"})
    told = events(sg, task, "project", "user")
    assert told[0]["event_type"] == "Shotgun_Task_New"
    first = {event["attribute_name"]: event["meta"] for event in told[1:]}
    assert {"content", "sg_status_list"} <= set(first)
    assert all(meta["in_create"] for meta in first.values())
    assert first["sg_status_list"]["new_value"] == "rdy"
    assert told[0]["project"]["name"] == "PINE"
    assert told[0]["user"]["type"] == "ApiUser"


def test_a_change_tells_old_and_new(site: Practice, sg: Any) -> None:
    """A change names the field, both values and the session; one that changes nothing is silent."""
    task = sg.create("Task", {"project": site.project, "content": "changed"})
    sg.set_session_uuid("5f9c1e9e-1111-4222-8333-444455556666")
    sg.update("Task", task["id"], {"sg_status_list": "rdy"})
    sg.update("Task", task["id"], {"sg_status_list": "rdy"})
    changes = [event for event in events(sg, task, "session_uuid") if not event["meta"].get("in_create")]
    changes = [event for event in changes if event["event_type"] == "Shotgun_Task_Change"]
    assert len(changes) == 1
    assert (changes[0]["meta"]["old_value"], changes[0]["meta"]["new_value"]) == ("wtg", "rdy")
    assert changes[0]["session_uuid"] == "5f9c1e9e-1111-4222-8333-444455556666"


def test_lists_tell_what_was_added_and_removed(site: Practice, sg: Any) -> None:
    """Lists of links can be set, added to and taken from; the event tells the difference."""
    artist = sg.find_one("HumanUser", [["login", "is", "artist"]])
    group = sg.find_one("Group", [["code", "is", "Wetgate"]])
    task = sg.create("Task", {"project": site.project, "content": "lists", "task_assignees": [artist]})
    add = {"task_assignees": "add"}
    sg.update("Task", task["id"], {"task_assignees": [group]}, multi_entity_update_modes=add)
    meta = events(sg, task)[-1]["meta"]
    assert ([one["name"] for one in meta["added"]], meta["removed"]) == (["Wetgate"], [])
    remove = {"task_assignees": "remove"}
    sg.update("Task", task["id"], {"task_assignees": [artist]}, multi_entity_update_modes=remove)
    row = sg.find_one("Task", [["id", "is", task["id"]]], ["task_assignees"])
    assert [one["name"] for one in row["task_assignees"]] == ["Wetgate"]
    assert [one["name"] for one in events(sg, task)[-1]["meta"]["removed"]] == ["Arto Artist"]


def test_both_ends_of_a_link_agree(site: Practice, sg: Any) -> None:
    """What is linked from one side shows on the other, whichever side was written."""
    task = sg.create("Task", {"project": site.project, "content": "ends", "entity": site.shot})
    note = sg.create("Note", {"project": site.project, "content": "n", "tasks": [task], "note_links": [site.shot]})
    reply = sg.create("Reply", {"entity": note, "content": "r"})
    row = sg.find_one("Task", [["id", "is", task["id"]]], ["notes"])
    assert [one["id"] for one in row["notes"]] == [note["id"]]
    row = sg.find_one("Note", [["id", "is", note["id"]]], ["replies", "user"])
    assert [one["id"] for one in row["replies"]] == [reply["id"]]
    version = sg.create("Version", {"project": site.project, "code": "ends"})
    playlist = sg.create("Playlist", {"project": site.project, "code": "dailies"})
    sg.update("Version", version["id"], {"playlists": [playlist]})
    row = sg.find_one("Playlist", [["id", "is", playlist["id"]]], ["versions"])
    assert [one["id"] for one in row["versions"]] == [version["id"]]


def test_late_and_missing_event_ids(site: Practice, sg: Any) -> None:
    """A test can make an id show up after higher ones, and leave ids out for ever."""
    log = site.sandbox.site.events
    task = sg.create("Task", {"project": site.project, "content": "late"})
    newest = sg.find_one("EventLogEntry", [], order=[{"field_name": "id", "direction": "desc"}])["id"]

    def seen() -> list[int]:
        return [row["id"] - newest for row in sg.find("EventLogEntry", [["id", "greater_than", newest]])]

    log.hold_back = 2
    sg.update("Task", task["id"], {"content": "late 1"})
    sg.update("Task", task["id"], {"content": "late 2"})
    assert seen() == [2]
    sg.update("Task", task["id"], {"content": "late 3"})
    assert seen() == [1, 2, 3]
    log.skip_ids = 2
    sg.update("Task", task["id"], {"content": "late 4"})
    assert seen() == [1, 2, 3, 6]


def test_a_script_that_may_only_read(site: Practice, sg: Any) -> None:
    """A read-only key reads everything and writes nothing, uploads included."""
    rules = sg.find_one("PermissionRuleSet", [["code", "is", "read_only"]])
    data = {"firstname": "looker", "salted_password": "looker-key", "permission_rule_set": rules}
    sg.create("ApiUser", data)
    looker = site.client(script_name="looker", api_key="looker-key")
    assert looker.find("Shot", [])
    attempts: tuple[Callable[[], object], ...] = (
        lambda: looker.create("Version", {"project": site.project, "code": "v"}),
        lambda: looker.update("Shot", site.shot["id"], {"code": "x"}),
        lambda: looker.delete("Shot", site.shot["id"]),
        lambda: looker.schema_field_create("Shot", "text", "x"),
    )
    for attempt in attempts:
        with pytest.raises(Fault, match="Rule: DENY"):
            attempt()
    assert sg.find_one("Shot", [["id", "is", site.shot["id"]]], ["code"])["code"] == "SH010"


def test_logins(site: Practice, sg: Any) -> None:
    """A password set through the API logs in; wrong keys, passwords and dead accounts do not."""
    person = sg.create("HumanUser", {"login": "mira", "name": "Mira", "password_proxy": "first-password"})
    mira = site.client(login="mira", password="first-password")
    made = mira.create("Note", {"project": site.project, "content": "hello"}, ["created_by", "user"])
    assert (made["created_by"]["name"], made["user"]["name"]) == ("Mira", "Mira")
    assert sg.authenticate_human_user("mira", "first-password")["login"] == "mira"
    assert sg.find_one("HumanUser", [["login", "is", "mira"]], ["password_proxy"])["password_proxy"] == "*******"
    sg.update("HumanUser", person["id"], {"password_proxy": "second-password"})
    site.client(login="mira", password="second-password").find_one("Project", [])
    bad = [
        {"login": "mira", "password": "first-password"},
        {"login": "nobody", "password": "x"},
        {"script_name": "wetgate", "api_key": "wrong"},
        {"session_token": "0" * 32},
    ]
    for credentials in bad:
        with pytest.raises(AuthenticationFault):
            site.client(**credentials).find_one("Project", [])
    sg.update("HumanUser", person["id"], {"sg_status_list": "dis"})
    with pytest.raises(AuthenticationFault):
        site.client(login="mira", password="second-password").find_one("Project", [])


def test_session_tokens_stand_for_their_user(site: Practice) -> None:
    """A session token logs in as whoever got it."""
    token = site.coordinator().get_session_token()
    made = site.client(session_token=token).create("Note", {"project": site.project, "content": "t"}, ["user"])
    assert made["user"]["name"] == "Cora Coordinator"


def test_sudo(site: Practice, sg: Any) -> None:
    """A script may act as a person; a person may not."""
    sudo = site.client(script_name="wetgate", api_key=site.sandbox.script_key, sudo_as_login="artist")
    made = sudo.create("Note", {"project": site.project, "content": "s"}, ["created_by"])
    assert made["created_by"]["name"] == "Arto Artist"
    password = site.sandbox.access.coordinator_password
    person = site.client(login="coordinator", password=password, sudo_as_login="artist")
    with pytest.raises(Fault, match=r"^The user does not have permission to 'sudo':"):
        person.find_one("Shot", [])


def test_events_can_be_switched_off(site: Practice, sg: Any) -> None:
    """A script with event generation off leaves no trace in the log."""
    data = {"firstname": "quiet", "salted_password": "quiet-key", "generate_event_log_entries": False}
    sg.create("ApiUser", data)
    quiet = site.client(script_name="quiet", api_key="quiet-key")
    task = quiet.create("Task", {"project": site.project, "content": "quiet"})
    assert events(sg, task) == []


def test_rights_are_taken_away_and_given_back(site: Practice, sg: Any) -> None:
    """A single right that is denied refuses that call alone, from the next call on, in the site's words."""
    task = sg.create("Task", {"project": site.project, "content": "rights"})
    site.sandbox.deny("wetgate", "update Task.sg_status_list", "create PublishedFile")
    with pytest.raises(Fault, match=r"not editable for this user: \[Task\.sg_status_list\]"):
        sg.update("Task", task["id"], {"content": "x", "sg_status_list": "rdy"})
    assert sg.find_one("Task", [["id", "is", task["id"]]], ["content"])["content"] == "rights"
    sg.update("Task", task["id"], {"content": "x"})
    with pytest.raises(Fault, match="PublishedFile cannot be created by this user"):
        sg.create("PublishedFile", {"project": site.project, "code": "x"})
    site.sandbox.deny("wetgate")
    sg.update("Task", task["id"], {"sg_status_list": "rdy"})


def test_artists_see_their_projects_alone(site: Practice, sg: Any) -> None:
    """A person of a limited group finds, counts and changes nothing of other projects, and not the site's setup."""
    other = site.sandbox.seed("OAK", "SQ01", ["SH900"])
    rules = sg.find_one("PermissionRuleSet", [["code", "is", "artist"]])
    data = {"login": "limi", "name": "Limi", "password_proxy": "limis-password", "permission_rule_set": rules}
    person = sg.create("HumanUser", data)
    sg.update("Project", other["project"]["id"], {"users": [person]})
    limi = site.client(login="limi", password="limis-password")
    assert [row["name"] for row in limi.find("Project", [], ["name"])] == ["OAK"]
    assert [row["code"] for row in limi.find("Shot", [], ["code"])] == ["SH900"]
    counted = limi.summarize("Shot", [], [{"field": "id", "type": "record_count"}])
    assert counted["summaries"] == {"id": 1}
    with pytest.raises(Fault, match="cannot be found"):
        limi.update("Shot", site.shot["id"], {"code": "x"})
    with pytest.raises(Fault, match="cannot be created"):
        limi.create("Version", {"project": site.project, "code": "x"})
    with pytest.raises(Fault, match="LocalStorage cannot be created"):
        limi.create("LocalStorage", {"code": "mine"})
    assert limi.create("Version", {"project": other["project"], "code": "x"})


def test_a_playlist_has_its_order_beside_it(site: Practice, sg: Any) -> None:
    """Versions of a playlist come by name; what people ordered is in the connections, which leave with them."""
    late, early = (sg.create("Version", {"project": site.project, "code": code}) for code in ("b", "a"))
    playlist = sg.create("Playlist", {"project": site.project, "code": "dailies", "versions": [late, early]})
    shown = sg.find_one("Playlist", [["id", "is", playlist["id"]]], ["versions"])["versions"]
    assert [one["name"] for one in shown] == ["a", "b"]
    mine = [["playlist", "is", playlist]]
    rows = sg.find("PlaylistVersionConnection", mine, ["version", "sg_sort_order"])
    assert [row["sg_sort_order"] for row in rows] == [None, None]
    for number, row in enumerate(rows):
        sg.update("PlaylistVersionConnection", row["id"], {"sg_sort_order": number})
    sg.update("Version", late["id"], {"playlists": []})
    left = sg.find("PlaylistVersionConnection", mine, ["version"])
    assert [row["version"]["id"] for row in left] == [early["id"]]


def test_what_a_site_fills_in(site: Practice, sg: Any) -> None:
    """Names, artists, days and sums that nobody gave; blanks are no texts, and a box is ticked or not."""
    shot = sg.create("Shot", {"project": site.project}, ["code"])
    assert shot["code"] == f"New Shot {shot['id']}"
    assert sg.create("Version", {"project": site.project}, ["user"])["user"]["type"] == "ApiUser"
    task = sg.create("Task", {"project": site.project, "content": " timed ", "sg_description": "  "}, ["milestone"])
    log = sg.create("TimeLog", {"project": site.project, "entity": task, "duration": 90}, ["date"])
    assert log["date"]
    row = sg.find_one("Task", [["id", "is", task["id"]]], ["content", "sg_description", "time_logs_sum", "milestone"])
    assert (row["content"], row["sg_description"], row["time_logs_sum"]) == ("timed", None, 90)
    assert row["milestone"] is False
    assert sg.find_one("Task", [["id", "is", task["id"]], ["milestone", "is", False]])
    with pytest.raises(Fault, match="editable on create only"):
        sg.update("Task", task["id"], {"created_at": row["content"]})


def test_a_note_without_its_replies(site: Practice, sg: Any) -> None:
    """Replies that are written away are gone."""
    note = sg.create("Note", {"project": site.project, "content": "n"})
    reply = sg.create("Reply", {"entity": note, "content": "r"})
    sg.update("Note", note["id"], {"replies": []})
    assert sg.find("Reply", [["id", "is", reply["id"]]]) == []
