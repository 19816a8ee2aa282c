"""The ftrack practice site under the vendor's own client: queries, batches, components, custom attributes."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ftrack_api
import ftrack_api.exception
import pytest
import requests
from practice_ftrack import LEAVES_FILES_OPEN, Practice, practice
from wetgate.daemon.sandbox.ftrack import FtrackSandbox
from wetgate.schema.errors import ConfigError

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)

TASK = "adb4ad6c-7679-11e2-8df2-f23c91df25eb"
ServerError = ftrack_api.exception.ServerError


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """One site with a show of six tasks."""
    with practice(tmp_path_factory.mktemp("site")) as made:
        seeded = made.sandbox.seed("PINE", "SQ01", ("SH010", "SH020"))
        session = made.session()
        for number, shot in enumerate(seeded["shots"].values()):
            for step in ("cleanup", "grade", "track 100%"):
                task = session.create("Task", {"name": f"{step} {number}", "parent_id": shot, "bid": number * 3600.0})
                session.create("Metadata", {"parent_id": task["id"], "parent_type": "Task", "key": "n", "value": step})
        session.commit()
        artist = session.query("User where username is artist").one()
        first = session.query('Task where name is "cleanup 0"').one()
        session.create("Appointment", {"context": first, "resource": artist, "type": "assignment"})
        session.create("Timelog", {"context": first, "user": artist, "start": "2026-03-01T10:00:00", "duration": 600})
        session.commit()
        yield made


@pytest.fixture
def session(site: Practice) -> Any:
    """The coordinator's session."""
    return site.session()


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        ('name is "cleanup 0"', ["cleanup 0"]),
        ('name = "CLEANUP 0"', ["cleanup 0"]),
        ('name is_not "cleanup 0" and name like "cleanup%"', ["cleanup 1"]),
        ("name like 'track 100\\%%'", ["track 100% 0", "track 100% 1"]),
        ('name like "clean_p 1"', ["cleanup 1"]),
        ('name not_like "%0" and name != "grade 1"', ["cleanup 1", "track 100% 1"]),
        ('name in ("grade 0", "grade 1")', ["grade 0", "grade 1"]),
        ('name not_in ("grade 0", "grade 1") and bid < 1', ["cleanup 0", "track 100% 0"]),
        ("bid > 0 and bid <= 3600", ["cleanup 1", "grade 1", "track 100% 1"]),
        ("bid greater_than 0 and not name like 'g%'", ["cleanup 1", "track 100% 1"]),
        ('(name is "grade 0" or name is "grade 1") and parent.name is SH020', ["grade 1"]),
        ('name is "grade 0" or name is "grade 1" and parent.name is SH010', ["grade 0"]),
        ("assignments any (resource.username is artist)", ["cleanup 0"]),
        ("not assignments any () and name like cleanup%", ["cleanup 1"]),
        ("timelogs.start after 2026-02-28 and timelogs.start before 2026-03-02", ["cleanup 0"]),
        ('timelogs.start >= "2026-03-01T12:00:00+02:00"', ["cleanup 0"]),
        ('parent has (name is SH010 and parent.name is SQ01) and name like "g%"', ["grade 0"]),
        ("metadata any (key is n and value is grade)", ["grade 0", "grade 1"]),
        ("description is none and name like '%grade 0%'", ["grade 0"]),
        ("thumbnail_id is_not None", []),
        ("thumbnail is none and name is 'grade 1'", ["grade 1"]),
        ("id in (select context_id from Appointment where resource.username is artist)", ["cleanup 0"]),
        ("status.state.short is NOT_STARTED and type.name is Generic and name is 'grade 0'", ["grade 0"]),
    ],
)
def test_criteria(session: Any, criteria: str, found: list[str]) -> None:
    """Each operator, and how they are joined."""
    rows = session.query(f"select name from Task where project.name is PINE and ({criteria}) order by name")
    assert [row["name"] for row in rows] == found


def test_order_offset_and_limit(session: Any) -> None:
    """Rows come sorted by several attributes, in pages, and all of them once."""
    asked = "select name, bid from Task where project.name is PINE order by bid descending, name"
    names = [row["name"] for row in session.query(asked, page_size=4)]
    assert names == ["cleanup 1", "grade 1", "track 100% 1", "cleanup 0", "grade 0", "track 100% 0"]
    assert [row["name"] for row in session.query(f"{asked} offset 2 limit 3")] == names[2:5]


def test_types_are_of_many_kinds(session: Any) -> None:
    """A query for a common ancestor answers each entity as what it is, with what only some of them have."""
    below = session.query("select name, context_type from Context where project.name is PINE").all()
    assert {one.entity_type for one in below} == {"Project", "Sequence", "Shot", "Task"}
    people = session.query("select username, resource_type from Resource").all()
    assert {one.entity_type for one in people} == {"User", "Group"}


def test_projections_nest(session: Any) -> None:
    """What was asked for along relations is there without another request."""
    shot = session.query(
        "select name, parent.project.name, children.assignments.resource.username, link from Shot where name is SH010 "
        "and project.name is PINE"
    ).one()
    with session.auto_populating(False):
        assert shot["parent"]["project"]["name"] == "PINE"
        users = [one["resource"]["username"] for child in shot["children"] for one in child["assignments"]]
        assert users == ["artist"]
        assert [one["name"] for one in shot["link"]] == ["PINE", "SQ01", "SH010"]


def test_totals_by_group(site: Practice) -> None:
    """Rows are counted and summed by attributes."""
    expression = "select count(id), sum(bid) from Task where project.name is PINE group by parent_id"
    (answer,) = site.session(strict_api=True).call([{"action": "query", "expression": expression}])
    assert sorted((row["count_id"], row["sum_bid"]) for row in answer["data"]) == [(3, 0), (3, 10800)]


def test_a_search_by_terms(session: Any) -> None:
    """The vendor's other client searches by parts of names."""
    asked = {
        "action": "search",
        "expression": "select name from Task where project.name is PINE",
        "entity_type": "Task",
    }
    (answer,) = session.call([{**asked, "terms": ["TRACK", "1"]}])
    assert sorted(row["name"] for row in answer["data"]) == ["track 100% 0", "track 100% 1"]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("Task where nonsense is 3", "'nonsense' does not exist on 'Task'"),
        ("select nonsense from Task", "'nonsense' does not exist on 'Task'"),
        ("select name from Nonsense", "'Nonsense' is not known"),
        ("Task where name", "is no operator"),
        ("Task where name is x y", "unexpected 'y'|Unexpected 'y'"),
        ("Task where (name is x", r"[Ee]xpected '\)'"),
        ("Task where bid > many", "must be of type number"),
        ("Task where start_date after someday", "not a valid date"),
        ("Task where name.x is y", "no relation"),
        ("Task where status > 3", "does not apply"),
    ],
)
def test_wrong_questions_are_refused(session: Any, expression: str, message: str) -> None:
    """What is no query gets the server's words, not an empty answer."""
    with pytest.raises(ServerError, match=message):
        session.query(expression).all()


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


def test_a_component_goes_up_and_down(session: Any, tmp_path: Path) -> None:
    """A file in the site's storage comes back by its address, for who may see it, until it is removed."""
    path = tmp_path / "review.mp4"
    path.write_bytes(b"movie" * 1000)
    location = session.query("Location where name is ftrack.server").one()
    component = session.create_component(str(path), {"name": "ftrackreview-mp4"}, location)
    session.commit()
    url = location.get_url(component)
    assert requests.get(url, timeout=10).content == path.read_bytes()
    assert requests.get(url.replace("apiKey=", "apiKey=x"), timeout=10).status_code == 401
    location.remove_component(component)
    assert requests.get(url, timeout=10).status_code == 404


def test_a_file_in_parts(tmp_path: Path) -> None:
    """Parts have an address each, in any order, and are joined by their tags; too small ones are refused."""
    with practice(tmp_path / "site", part_minimum=4) as site:
        session = site.session()
        component = session.create("FileComponent", {"name": "big"})
        session.commit()
        key = component["id"]
        asked = {"action": "get_upload_metadata", "component_id": key, "file_name": "big.mov", "file_size": 10}
        (ticket,) = session.call([{**asked, "parts": 3}])
        tags = {}
        for one, body in zip(ticket["urls"][::-1], (b"CC", b"BBBB", b"AAAA"), strict=True):
            answer = requests.put(one["signed_url"], data=body, timeout=10)
            tags[one["part_number"]] = answer.headers["ETag"].strip('"')
            assert requests.put(one["signed_url"] + "x", data=body, timeout=10).status_code == 403
        parts = [{"part_number": number, "e_tag": tag} for number, tag in tags.items()]
        done = {"action": "complete_multipart_upload", "upload_id": ticket["upload_id"], "component_id": key}
        with pytest.raises(ServerError, match="InvalidPart"):
            session.call([{**done, "parts": [{**parts[0], "e_tag": "wrong"}]}])
        session.call([{**done, "parts": parts}])
        assert site.sandbox.site.media.path(key).read_bytes() == b"AAAABBBBCC"
        with pytest.raises(ServerError, match="NoSuchUpload"):
            session.call([{**done, "parts": parts}])
        (ticket,) = session.call([{**asked, "parts": 2}])
        small = {one["part_number"]: requests.put(one["signed_url"], data=b"A", timeout=10) for one in ticket["urls"]}
        parts = [{"part_number": one, "e_tag": answer.headers["ETag"]} for one, answer in small.items()]
        with pytest.raises(ServerError, match="EntityTooSmall"):
            session.call([{**done, "upload_id": ticket["upload_id"], "parts": parts}])


def test_media_is_encoded_in_a_job(tmp_path: Path) -> None:
    """A job goes from queued over running to done; its outputs are on the version and in the site's storage."""
    with practice(tmp_path / "site", encode_seconds=0.6) as site:
        session = site.session()
        path = tmp_path / "shot.mov"
        path.write_bytes(b"movie")
        version = session.query("AssetVersion").first()
        job = version.encode_media(str(path))
        seen = [job["status"]]
        while seen[-1] != "done":
            (answer,) = session.call(
                [{"action": "query", "expression": f"select status from Job where id is {job['id']}"}]
            )
            if answer["data"][0]["status"] != seen[-1]:
                seen.append(answer["data"][0]["status"])
        assert seen == ["queued", "running", "done"]
        outputs = [one["component_id"] for one in json.loads(job["data"])["output"]]
        rows = site.session().query(f"select name, metadata from Component where version_id is {version['id']}")
        made = {row["name"]: row for row in rows if row["id"] in outputs}
        assert set(made) == {"ftrackreview-mp4", "thumbnail"}
        assert json.loads(made["ftrackreview-mp4"]["metadata"]["ftr_meta"])["frameRate"] == 24


def test_an_event_row_for_every_change(session: Any) -> None:
    """The Event table tells what was done by whom, in ascending numbers, and whom an assignment concerns."""
    last = session.query("select id from Event order by id desc").first()
    task = session.query(f"Task where id is {TASK}").one()
    user = session.query("User where username is supervisor").one()
    task["status"] = session.query('Status where name is "Awaiting approval"').one()
    task["description"] = "words"
    session.create("Appointment", {"context": task, "resource": user, "type": "assignment"})
    session.commit()
    asked = f"select action, insert, parent_id, user.username, data from Event where id > {last['id'] if last else 0}"
    rows = session.query(f"{asked} order by id").all()
    assert [(row["action"], row["insert"]) for row in rows] == [
        ("change.status.task", "update"),
        ("db.all.task", "update"),
        ("db.append.task:user", "insert"),
    ]
    assert {row["parent_id"] for row in rows} == {TASK}
    assert json.loads(rows[1]["data"]) == {"description": {"old": None, "new": "words"}}
    assert {row["user"]["username"] for row in rows} == {"coordinator"}
    feeds = f"feeds.owner_id is {user['id']} and feeds.relation is assigned"
    assert [row["id"] for row in session.query(f"Event where {feeds}")] == [rows[2]["id"]]


def test_late_and_missing_event_numbers(tmp_path: Path) -> None:
    """On order a row shows up after later ones, or numbers are left out."""
    with practice(tmp_path / "site") as site:
        session = site.session()

        def after(name: str, **order: int) -> list[int]:
            requests.post(f"{site.sandbox.url}/_control/events", json=order, timeout=10)
            session.create("Scope", {"name": name})
            session.commit()
            return [row["id"] for row in site.session().query("select id from Event order by id")]

        assert after("a", hold_back=1) == []
        assert after("b") == [1, 2]
        assert after("c", skip_ids=2) == [1, 2, 5]


def test_faults_over_http_only_where_switched_on(site: Practice, tmp_path: Path) -> None:
    """The control endpoint orders failures by what a request does; a site without it has none."""
    session = site.session()
    rules: Any = [{"method": "*create:Scope*", "status": 502, "when": "after"}]
    requests.post(f"{site.sandbox.url}/_control/faults", json=rules, timeout=10)
    session.create("Scope", {"name": "after"})
    with pytest.raises(ValueError, match="Expecting value"):
        session.commit()
    site.faults.set()
    session.rollback()
    assert session.query("Scope where name is after").first() is not None
    with FtrackSandbox(tmp_path / "other") as other:
        assert requests.post(f"{other.url}/_control/faults", json=[], timeout=10).status_code == 404


def test_what_was_answered_survives_a_restart(tmp_path: Path) -> None:
    """Entities, keys and numbers are the same after the site was stopped and started."""
    folder = tmp_path / "site"
    with practice(folder) as site:
        session = site.session()
        session.create("Scope", {"name": "kept"})
        session.commit()
        last = session.query("select id from Event order by id desc").first()["id"]
    with practice(folder) as site:
        session = site.session()
        assert session.query("Scope where name is kept").first() is not None
        session.create("Scope", {"name": "next"})
        session.commit()
        assert session.query("select id from Event order by id desc").first()["id"] == last + 1
    assert (folder / "api_key").stat().st_mode & 0o077 == 0


def test_a_damaged_file_is_a_clear_error(tmp_path: Path) -> None:
    """A database that is none is named."""
    (tmp_path / "sandbox.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(ConfigError, match=r"sandbox\.db"):
        FtrackSandbox(tmp_path).start()
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(tmp_path / "sandbox.db").execute("select 1 from sqlite_master")


def test_the_command_line_starts_one(tmp_path: Path) -> None:
    """`wetgate sandbox --kind ftrack` says where it answers and where its key is, and stops when told to."""
    words = ["sandbox", "--kind", "ftrack", "--folder", str(tmp_path / "site"), "--port", "0", "--json"]
    command = [sys.executable, "-m", "wetgate.daemon", *words, "--project", "PINE"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    with process.stdout:
        told = json.loads(process.stdout.readline())
        key = Path(told["api_key_file"]).read_text(encoding="ascii").strip()
        with ftrack_api.Session(told["url"], key, told["user"], schema_cache_path=False) as session:
            assert session.query("Shot where project.name is PINE and name is SH020").first() is not None
        process.terminate()
        assert process.wait(20) == 0
