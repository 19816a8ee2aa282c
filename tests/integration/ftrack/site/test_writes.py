"""The ftrack practice site written by the vendor's own client: batches, custom attributes, permissions."""

from __future__ import annotations

import uuid
from typing import Any

import ftrack_api
import ftrack_api.exception
import pytest
from practice_ftrack import LEAVES_FILES_OPEN, Practice

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


TASK = "adb4ad6c-7679-11e2-8df2-f23c91df25eb"


ServerError = ftrack_api.exception.ServerError


def test_a_batch_is_all_or_nothing(session: Any) -> None:
    """An operation that is refused takes the ones before it back, and recorded operations stay for a repeat."""
    task = session.query(f"Task where id is {TASK}").one()
    session.create("Note", {"content": "in a batch that fails", "parent_id": TASK, "parent_type": "Task"})
    session.create("Appointment", {"context": task, "resource_id": "nobody", "type": "assignment"})
    with pytest.raises(ServerError, match="IntegrityError"):
        session.commit()
    assert len(session.recorded_operations) > 0
    session.rollback()
    assert not session.query('Note where content is "in a batch that fails"').all()


def test_an_id_is_taken_once(site: Practice, session: Any) -> None:
    """A create that is sent again with its id is refused."""
    key = str(uuid.uuid4())
    session.create("Scope", {"id": key, "name": "once"})
    session.commit()
    again = site.session()
    again.create("Scope", {"id": key, "name": "twice"})
    with pytest.raises(ServerError, match="Duplicate"):
        again.commit()
    assert [one["name"] for one in session.query(f"select name from Scope where id is {key}")] == ["once"]


def test_required_and_unknown_attributes(session: Any) -> None:
    """A missing required value, an unknown attribute and a fixed one are refused."""
    session.create("Scope", {})
    with pytest.raises(ServerError, match="'name' of 'Scope' is required"):
        session.commit()
    session.rollback()
    change = {"action": "update", "entity_type": "Task", "entity_key": [TASK]}
    for data, message in (({"nonsense": 1}, "does not exist"), ({"created_at": "2020-01-01"}, "immutable")):
        with pytest.raises(ServerError, match=message):
            session.call([{**change, "entity_data": data}])


def test_versions_are_numbered_by_the_site(session: Any) -> None:
    """A version without a number gets the next one of its asset; the first status of its workflow; its maker."""
    shot = session.query("Shot where name is SH020 and project.name is PINE").one()
    asset = session.create("Asset", {"name": "comp", "parent": shot})
    made = [session.create("AssetVersion", {"asset": asset, "version": number}) for number in (0, 7, 0)]
    session.commit()
    assert [one["version"] for one in made] == [1, 7, 8]
    assert made[0]["status"]["name"] == "Pending Review"
    assert made[0]["user"]["username"] == "coordinator"
    assert (
        session.query(f"select latest_version from Asset where id is {asset['id']}").one()["latest_version"] == made[2]
    )
    assert made[2]["is_latest_version"] and not made[0]["is_latest_version"]


def test_statuses_and_types_of_a_scheme(session: Any) -> None:
    """A project's scheme tells statuses and types for each kind of entity, and each change is remembered."""
    scheme = session.query("select project_schema from Project where name is PINE").one()["project_schema"]
    names = [one["name"] for one in scheme.get_statuses("Task")]
    assert names[:4] == ["Not started", "Ready to start", "In progress", "Pending Review"]
    assert [one["name"] for one in scheme.get_statuses("Shot")] == ["Normal", "Omitted", "On Hold"]
    assert "Cleanup" in [one["name"] for one in scheme.get_types("Task")]
    task = session.query("Task where project.name is PINE").first()
    task["status"] = session.query('Status where name is "In progress"').one()
    session.commit()
    (change,) = session.query(
        f"select user.username, status.name, from_status.name from StatusChange where parent_id is {task['id']}"
    )
    assert (change["user"]["username"], change["from_status"]["name"], change["status"]["name"]) == (
        "coordinator",
        "Not started",
        "In progress",
    )


def test_custom_attributes_are_dense(session: Any) -> None:
    """Every shot has a value of each attribute of shots, set or default; a wrong type is refused."""
    shot = session.query("select custom_attributes from Shot where name is SH010 and project.name is PINE").one()
    assert shot["custom_attributes"]["fstart"] == 1001
    shot["custom_attributes"]["fstart"] = 990
    session.commit()
    where = "custom_attributes any (key is fstart and value is 990)"
    assert [one["id"] for one in session.query(f"Shot where {where}")] == [shot["id"]]
    shot["custom_attributes"]["fstart"] = "soon"
    with pytest.raises(ServerError, match='Custom attribute value for "fstart" must be of type number'):
        session.commit()
    session.rollback()


def test_lists_and_scopes_are_set_whole(session: Any) -> None:
    """What is appended to a list is on it once, what is removed is gone."""
    project = session.query("Project where name is PINE").one()
    category = session.query("ListCategory where name is Dailies").one()
    versions = session.query("AssetVersion where version in (1, 2) and asset.name is plate").all()
    made = session.create("AssetVersionList", {"name": "day", "project": project, "category": category})
    made["items"].extend(versions)
    session.commit()
    made["items"].remove(versions[0])
    session.commit()
    asked = site_list(session, made["id"])
    assert asked == [versions[1]["id"]]


def site_list(session: Any, key: str) -> list[str]:
    """The entities of a list, asked for anew."""
    (answer,) = session.call(
        [{"action": "query", "expression": f"select entity_id from ListObject where list_id is {key}"}]
    )
    return [row["entity_id"] for row in answer["data"]]


def test_deleting_takes_what_hangs_on_it(session: Any) -> None:
    """A project goes with its shots, tasks, notes and metadata; users stay."""
    scheme = session.query("ProjectSchema").first()
    project = session.create("Project", {"name": "GONE", "full_name": "gone", "project_schema": scheme})
    shot = session.create("Shot", {"name": "s", "parent": project})
    user = session.query("User where username is artist").one()
    note = shot.create_note("bye", user)
    session.commit()
    session.delete(project)
    session.commit()
    assert session.query(f"Shot where id is {shot['id']}").first() is None
    assert session.query(f"Note where id is {note['id']}").first() is None
    assert session.query("User where username is artist").first() is not None


def test_who_may_ask_and_who_may_write(site: Practice, session: Any) -> None:
    """A wrong key, an unknown and an inactive user are turned away; without a role nothing is written."""
    for user, key in (("coordinator", "wrong"), ("nobody", site.sandbox.api_key)):
        with pytest.raises(ServerError, match="InvalidCredentialsError"):
            ftrack_api.Session(site.sandbox.url, key, user, schema_cache_path=False)
    session.create("User", {"username": "intern", "first_name": "Ines"})
    session.commit()
    intern = site.session("intern")
    assert intern.query("Task").first() is not None
    intern.create("Scope", {"name": "mine"})
    with pytest.raises(ServerError, match="PermissionDeniedError"):
        intern.commit()
    intern.rollback()
    entry = session.query("User where username is intern").one()
    key = session.reset_remote("api_key", entry)["api_key"]
    ftrack_api.Session(site.sandbox.url, key, "intern", schema_cache_path=False).close()
    with pytest.raises(ServerError, match="InvalidCredentialsError"):
        ftrack_api.Session(site.sandbox.url, key, "coordinator", schema_cache_path=False)
    entry["is_active"] = False
    session.commit()
    with pytest.raises(ServerError, match="InvalidCredentialsError"):
        ftrack_api.Session(site.sandbox.url, key, "intern", schema_cache_path=False)
