"""The status page over real HTTP: what it shows, what it refuses, and that it stops when told."""

from __future__ import annotations

import csv
import io
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from pages_day import CODE, NASTY, Day
from ports import free_port
from wetgate.daemon.health import Health
from wetgate.daemon.pages import Pages
from wetgate.daemon.store import Database
from wetgate.schema.errors import ConfigError
from wetgate.schema.settings import PagesSettings
from wetgate.schema.tables import ArrivalRow, FindingRow, JobRow, VersionRow

TOKEN = "a-token-of-the-post-house"
Serve = Callable[..., Pages]


@pytest.fixture
def serve(sqlite: Database, tmp_path: Path) -> Iterator[Serve]:
    """Start a page over the test's database; it is stopped afterwards."""
    started: list[Pages] = []

    def _serve(health: Health | None = None, **settings: object) -> Pages:
        made = PagesSettings.model_validate({"port": 0, **settings})
        pages = Pages(sqlite, tmp_path / "work", made, health or Health())
        pages.start()
        started.append(pages)
        return pages

    yield _serve
    for pages in started:
        pages.stop()


@pytest.fixture
def day(sqlite: Database, tmp_path: Path) -> Day:
    """A day of the show PINE."""
    return Day(sqlite, tmp_path / "work")


def client(pages: Pages, cookies: dict[str, str] | None = None) -> httpx.Client:
    """A browser without scripts."""
    return httpx.Client(base_url=pages.url, timeout=20, trust_env=False, cookies=cookies)


def test_empty_page_says_what_will_come(serve: Serve) -> None:
    """A first start has a page that explains itself."""
    with client(serve()) as browser:
        text = browser.get("/").text
    for words in (
        "Nothing needs you.",
        "Nothing has arrived.",
        "No jobs yet.",
        "No task is Wetgate",
        "No version yet.",
    ):
        assert words in text


def test_page_shows_the_day_and_escapes_everything(serve: Serve, day: Day) -> None:
    """Files, jobs, tasks, versions and findings are there; names from outside are text, never markup."""
    with client(serve()) as browser:
        text = browser.get("/").text
    for words in (
        CODE,
        "A001C002.mov still grows.",
        "Frame 1024",
        "Needs review",
        "1,234,567",
        "finding: F3",
        "1025–1048",
    ):
        assert words in text
    assert NASTY not in text
    assert "<img src=x" not in text
    assert "&lt;script&gt;window.hacked=1" in text


def test_show_filter_and_unknown_show(serve: Serve, day: Day) -> None:
    """One show's page holds nothing of another; a show that is not there is a 404."""
    with client(serve()) as browser:
        assert "B001C001.mov" in browser.get("/").text
        assert "B001C001.mov" not in browser.get("/", params={"show": "PINE"}).text
        board = browser.get("/api/board", params={"show": "OAK"}).json()
        assert [group["state"] for group in board["arrivals"]] == ["offline"]
        for path in ("/", "/api/board", "/events"):
            assert browser.get(path, params={"show": "ELM"}).status_code == 404


def test_pictures_come_by_row_and_frame(serve: Serve, day: Day) -> None:
    """Thumbnails, evidence, frames and movies are the very files, typed and cacheable; ranges work."""
    with client(serve()) as browser:
        compare = browser.get(f"/api/versions/{day.version}/compare").json()
        assert [(f["frame"], f["timecode"]) for f in compare["frames"]] == [
            (1001, "13:59:59:20"),
            (1002, "13:59:59:21"),
            (1003, "13:59:59:22"),
        ]
        frame = browser.get(f"/media/versions/{day.version}/frames/after/1002")
        assert frame.content == (day.folder / "compare" / "after.1002.png").read_bytes()
        assert frame.headers["content-type"] == "image/png"
        assert frame.headers["cache-control"] == "private, max-age=3600"
        assert frame.headers["x-content-type-options"] == "nosniff"
        assert browser.get(f"/media/versions/{day.version}/thumbnail").headers["content-type"] == "image/jpeg"
        assert browser.get(f"/media/clips/{day.clip}").status_code == 200
        assert browser.get(f"/media/findings/{day.finding}/0").status_code == 200
        part = browser.get(f"/media/versions/{day.version}/review", headers={"Range": "bytes=256-511"})
        assert (part.status_code, part.content) == (206, bytes(range(256)))


def test_a_versions_own_page_is_shown_and_may_do_nothing(serve: Serve, day: Day) -> None:
    """The report is linked and served as HTML with its own style and pictures allowed, scripts and fetches not."""
    with client(serve()) as browser:
        address = f"/media/versions/{day.version}/page"
        assert address in browser.get("/").text
        answer = browser.get(address)
    assert answer.headers["content-type"].startswith("text/html")
    assert "The extra is gone." in answer.text
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "sandbox" in policy
    assert "script" not in policy


NOT_SERVED = (
    "/media/versions/{v}/frames/after/1009",  # a before without an after is no pair
    "/media/versions/{v}/frames/after/9999",
    "/media/versions/{v}/frames/%2e%2e/report",
    "/media/versions/{v}/frames/after/..%2f..%2freport.json",
    "/media/versions/{v}/master",
    "/media/versions/{v}/..%2f..%2fsecret.png",
    "/media/versions/999/thumbnail",
    "/media/versions/99999999999999999999/thumbnail",
    "/media/findings/{f}/1",
    "/media/findings/{f}/-1",
    "/media/findings/{f}/7",
    "/media/clips/999",
    "/web/..%2fserver.py",
    "/web/page.html",
    "/docs",
    "/openapi.json",
)


def test_nothing_else_is_served(serve: Serve, day: Day) -> None:
    """Whatever no row names is not found, and no address reaches the disk."""
    with client(serve()) as browser:
        answers = {path: browser.get(path.format(v=day.version, f=day.finding)).status_code for path in NOT_SERVED}
    assert {path: status for path, status in answers.items() if status not in {404, 422}} == {}


def test_rows_that_point_outside_the_workspace_are_not_believed(
    serve: Serve, day: Day, sqlite: Database, tmp_path: Path
) -> None:
    """A path of a row, or a link on disk, that leads out of the work root is as if it were not there."""
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"secret")
    frame = day.folder / "compare" / "after.1002.png"
    frame.unlink()
    frame.symlink_to(secret)
    with sqlite.write() as session:
        version, finding = session.get_one(VersionRow, day.version), session.get_one(FindingRow, day.finding)
        version.outcome = {**version.outcome, "thumbnail": str(secret), "report": "/etc/hostname"}
        version.outcome["review"] = str(day.folder / ".." / ".." / ".." / ".." / "secret.png")
        evidence = [{**finding.finding["evidence"][0], "path": str(secret)}]
        finding.finding = {**finding.finding, "evidence": evidence}
        session.add_all([version, finding])
    with client(serve()) as browser:
        for path in ("thumbnail", "report", "review", "frames/after/1002"):
            assert browser.get(f"/media/versions/{day.version}/{path}").status_code == 404
        assert browser.get(f"/media/findings/{day.finding}/0").status_code == 404
        assert browser.get(f"/media/versions/{day.version}/frames/after/1001").status_code == 200
        assert f"/media/versions/{day.version}/thumbnail" not in browser.get("/").text


def test_all_files_of_a_state_as_a_list(serve: Serve, day: Day, sqlite: Database) -> None:
    """The list holds every file of the state and show, quoted, and no cell that a spreadsheet would run."""
    formula = "=HYPERLINK(A1).mov"
    with sqlite.write() as session:
        now = time.time()
        rows = [f"{n}.mov" for n in range(1500)] + [formula]
        session.add_all(
            ArrivalRow(show="PINE", root="/d", path=f"/d/{n}", state="quarantined", seen_at=now, changed_at=now)
            for n in rows
        )
    with client(serve()) as browser:
        answer = browser.get("/arrivals/quarantined.csv", params={"show": "PINE"})
        assert answer.headers["content-type"].startswith("text/csv")
        lines = list(csv.DictReader(io.StringIO(answer.text)))
        assert browser.get("/arrivals/gone.csv").status_code == 422
        assert "/arrivals/quarantined.csv?show=PINE" in browser.get("/", params={"show": "PINE"}).text
        assert [line["show"] for line in csv.DictReader(io.StringIO(browser.get("/arrivals/offline.csv").text))] == [
            "OAK"
        ]
    assert len(lines) == 1502
    assert (lines[0]["file"], lines[-1]["file"]) == (f"'{formula}", Path(f"/d/{NASTY}").name)
    assert lines[-1]["reason"] == f"{NASTY} is not media."


def test_events_send_what_changed_and_no_more(serve: Serve, day: Day, sqlite: Database) -> None:
    """The stream brings every section once, then only the one that a change touched."""
    pages = serve()
    with client(pages) as browser, browser.stream("GET", "/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        data = (json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: "))
        assert set(next(data)) == {"state", "attention", "jobs", "tasks", "arrivals", "versions", "findings"}
        with sqlite.write() as session:
            job = session.get_one(JobRow, day.job)
            job.progress, job.doing = 0.5, "Frame 1050"
            session.add(job)
        changed = next(data)
        while "Frame 1050" not in changed.get("jobs", ""):
            changed = next(data)
        assert "versions" not in changed
        assert "arrivals" not in changed


def test_listeners_do_not_hold_up_the_stop(serve: Serve, day: Day) -> None:
    """With open streams and a half-sent request the page stops within seconds and its port is free."""
    port = free_port()
    pages = serve(port=port)
    arrived = threading.Event()

    def listen() -> None:
        with client(pages) as browser, browser.stream("GET", "/events") as stream:
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    arrived.set()

    listener = threading.Thread(target=listen)
    listener.start()
    with socket.create_connection(("127.0.0.1", port)) as half:
        half.sendall(b"GET / HTTP/1.1\r\n")
        assert arrived.wait(30)
        begun = time.monotonic()
        pages.stop()
        assert time.monotonic() - begun < 9  # at ten it gives up waiting
    listener.join(30)
    assert not listener.is_alive()
    pages.stop()
    serve(port=port)


def test_probes_follow_health(serve: Serve) -> None:
    """healthz and readyz say what the daemon knows of itself."""
    health = Health()
    with client(serve(health)) as browser:
        assert (browser.get("/healthz").status_code, browser.get("/readyz").status_code) == (200, 503)
        health.set_ready(True)
        assert browser.get("/readyz").text == "ok\n"
        health.watch("queue", 0.0)()
        time.sleep(0.01)
        assert browser.get("/healthz").status_code == 503


def test_page_is_read_only(serve: Serve) -> None:
    """No method changes anything."""
    with client(serve()) as browser:
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            assert browser.request(method, "/").status_code == 405


def test_head_is_answered(serve: Serve) -> None:
    """Monitoring may ask for headers alone."""
    with client(serve()) as browser:
        assert browser.head("/healthz").status_code == 200
        assert browser.head("/events").status_code == 405


HOSTS = (
    ("127.0.0.1:8780", 200),
    ("localhost", 200),
    ("[::1]:8780", 200),
    ("evil.example", 421),
    ("127.0.0.1.evil.example", 421),
    ("localhost.evil.example:80", 421),
    ("[::1", 421),
    ("", 421),
)


def test_a_rebound_name_is_refused(serve: Serve) -> None:
    """A page of another site that points its own name at this machine reads nothing."""
    with client(serve()) as browser:
        assert [(host, browser.get("/", headers={"Host": host}).status_code) for host, _ in HOSTS] == list(HOSTS)


def test_browser_is_told_to_load_nothing_from_elsewhere(serve: Serve) -> None:
    """Every answer, errors included, carries the security headers, and the page names no other host."""
    with client(serve()) as browser:
        for path in ("/", "/nothing", "/healthz", "/web/style.css"):
            headers = browser.get(path).headers
            assert "default-src 'none'" in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
        for path in ("/", "/web/style.css", "/web/page.js", "/web/wipe.js"):
            text = browser.get(path).text
            assert "http://" not in text
            assert "https://" not in text


def test_token_is_asked_of_everybody(serve: Serve, day: Day) -> None:
    """Without the token nothing is told; with it as a header everything; the probes stay open."""
    pages = serve(token=TOKEN)
    with client(pages) as browser:
        for path in ("/", "/api/board", "/events", f"/media/clips/{day.clip}", "/web/page.js"):
            assert browser.get(path).status_code == 401
        assert "A001C001" not in browser.get("/").text
        assert browser.get("/", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
        for wrong in (f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer"):
            assert browser.get("/", headers={"Authorization": wrong}).status_code == 401
        assert browser.get("/?token=wrong").status_code == 401
        assert browser.get("/healthz").status_code == 200


def test_token_in_the_address_becomes_a_cookie_once(serve: Serve) -> None:
    """The first visit leaves an HttpOnly cookie that is not the token, and an address without it."""
    with client(serve(token=TOKEN)) as browser:
        answer = browser.get("/", params={"show": "", "token": TOKEN})
        assert (answer.status_code, answer.headers["location"]) == (303, "/?show=")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert TOKEN not in cookie
        assert browser.get("/").status_code == 200
    pages = serve(token=TOKEN)
    with client(pages, cookies={"wetgate": "forged"}) as browser:
        assert browser.get("/").status_code == 401
        away = browser.get(f"{pages.url}/evil.example/", params={"token": TOKEN})
        assert away.headers["location"] == "/evil.example/"


def test_other_addresses_need_a_token(sqlite: Database, tmp_path: Path) -> None:
    """What others can reach does not start without a token, nor with a blank or short one."""
    for host in ("0.0.0.0", "::", "192.168.7.1", "localhost.example"):
        with pytest.raises(ConfigError, match="token"):
            Pages(sqlite, tmp_path, PagesSettings(host=host), Health())
    for token in ("", "   ", "short"):
        with pytest.raises(ConfigError, match="16"):
            Pages(sqlite, tmp_path, PagesSettings.model_validate({"token": token}), Health())
    Pages(sqlite, tmp_path, PagesSettings.model_validate({"host": "0.0.0.0", "token": TOKEN}), Health())


def test_token_from_a_file(sqlite: Database, tmp_path: Path, serve: Serve) -> None:
    """The file's token counts, without its line end; a file that is not there is said at start."""
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    with client(serve(token_file=file)) as browser:
        assert browser.get("/", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    with pytest.raises(ConfigError, match="nowhere"):
        Pages(sqlite, tmp_path, PagesSettings(token_file=tmp_path / "nowhere"), Health())


def test_a_taken_port_is_told(serve: Serve) -> None:
    """Two daemons on one port: the second says which setting to change."""
    port = int(serve().url.rstrip("/").rsplit(":", 1)[1])
    with pytest.raises(ConfigError, match=rf"127\.0\.0\.1:{port}.*\[pages\]"):
        serve(port=port)


def test_a_lost_database_is_told_in_words(tmp_path: Path) -> None:
    """While the database cannot be read, page and stream say so instead of breaking."""
    store = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    pages = Pages(store, tmp_path, PagesSettings(port=0), Health())
    pages.start()
    try:
        with client(pages) as browser:
            answer = browser.get("/")
            assert answer.status_code == 503
            assert "The database does not answer." in answer.text
    finally:
        pages.stop()
        store.close()


def test_media_of_a_work_root_that_is_a_link(sqlite: Database, tmp_path: Path) -> None:
    """A work root reached through a link still serves its own files."""
    day = Day(sqlite, tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    pages = Pages(sqlite, tmp_path / "link", PagesSettings(port=0), Health())
    pages.start()
    try:
        with client(pages) as browser:
            assert browser.get(f"/media/versions/{day.version}/thumbnail").status_code == 200
    finally:
        pages.stop()
