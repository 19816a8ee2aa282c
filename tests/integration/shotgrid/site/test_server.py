"""The ShotGrid practice site as a server: faults on order, keys, nonsense, kill -9."""

from __future__ import annotations

import contextlib
import http.client
import signal
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from xmlrpc.client import ProtocolError

import httpx
import pytest
from practice import LEAVES_FILES_OPEN, Practice
from shotgun_api3.shotgun import Shotgun, ShotgunError
from wetgate.daemon.sandbox import Fault, Sandbox
from wetgate.daemon.sandbox.shotgrid.rpc import METHODS

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


def test_faults_on_order(site: Practice, sg: Any) -> None:
    """The vendor's own client shows what each fault does: this is why the connector looks again."""
    data = {"project": site.project, "code": "twice"}
    sg.BACKOFF = 0.0
    site.faults.set(Fault(method="create", status=504, when="after"))
    sg.create("Version", data)
    assert len(sg.find("Version", [["code", "is", "twice"]])) == 2
    site.faults.set(Fault(method="create", status=503))
    with pytest.raises(ProtocolError):
        sg.create("Version", {**data, "code": "never"})
    assert sg.find("Version", [["code", "is", "never"]]) == []
    site.faults.set(Fault(method="create", action="drop", when="after"))
    sg.create("Version", {**data, "code": "dropped"})
    assert len(sg.find("Version", [["code", "is", "dropped"]])) == 2
    site.faults.set(Fault(method="read", action="slow", seconds=0.5, nth=2))
    sg.find_one("Shot", [])
    before = time.monotonic()
    sg.find_one("Shot", [])
    assert time.monotonic() - before >= 0.5


def test_faults_over_http_only_where_switched_on(site: Practice, tmp_path: Path) -> None:
    """The control endpoint takes rules and gives the log of calls; without `faults` it is not there."""
    base = site.sandbox.url
    assert httpx.post(f"{base}/_control/faults", json=[{"method": "info", "status": 429}]).json() == {"rules": 1}
    client = site.client(script_name="x", api_key="y", connect=False)
    with pytest.raises(ProtocolError):
        client.info()
    assert any(
        call["method"] == "info" and call["status"] == 429 for call in httpx.get(f"{base}/_control/calls").json()
    )
    site.faults.set()
    with Sandbox(tmp_path / "plain") as plain:
        assert httpx.post(f"{plain.url}/_control/faults", json=[]).status_code == 404


def test_a_connection_may_rest(site: Practice, sg: Any) -> None:
    """A client that rests for eleven seconds finds its connection alive."""
    sg.find_one("Shot", [])
    time.sleep(11)
    assert sg.find_one("Shot", [])


def test_keys_are_private_and_kept(tmp_path: Path) -> None:
    """The key and password are made once, for their owner's eyes alone, and seeding changes nothing again."""
    with Sandbox(tmp_path / "kept") as first:
        key = first.script_key
        one = first.seed("PINE", "SQ01", ["SH010"])
    for name in ("script_key", "coordinator_password"):
        assert stat.S_IMODE((tmp_path / "kept" / name).stat().st_mode) == 0o600
    with Sandbox(tmp_path / "kept") as second:
        assert second.script_key == key
        assert second.seed("PINE", "SQ01", ["SH010"]) == one
        client = Shotgun(second.url, script_name=second.script_name, api_key=key)
        assert len(client.find("ApiUser", [["firstname", "is", "wetgate"]])) == 1
        client.close()
    assert key.encode() not in (tmp_path / "kept" / "sandbox.db").read_bytes()


def test_nonsense_is_answered(site: Practice, sg: Any) -> None:
    """Requests that no client sends get a refusal each, and the server lives on."""
    auth = {"script_name": "wetgate", "script_key": site.sandbox.script_key}
    rubbish: list[Any] = [None, [], 7, {"type": 3}, {"type": "Shot", "filters": 5}, {"type": "Shot", "fields": [1]}]
    rubbish += [{"type": "Shot", "filters": {"conditions": [{"path": None}]}}, {"type": "Shot", "paging": "x"}]
    rubbish += [{"type": "Shot", "return_fields": [5]}, {"id": "x"}, {"user": 1, "entity": 2}, {"text": None}]
    with httpx.Client(base_url=site.sandbox.url) as stranger:
        bodies: tuple[Any, ...] = ([], 7, None)
        for body in bodies:
            assert stranger.post("/api3/json", json=body).json()["exception"]
        for method in ("nonsense", *METHODS):
            for arguments in rubbish:
                answer = stranger.post("/api3/json", json={"method_name": method, "params": [auth, arguments]})
                assert answer.status_code == 200, (method, arguments)
                assert set(answer.json()) in ({"results"}, {"exception", "message", "error_code"})
    assert sg.find("Shot", [])


SERVE = """
import sys, pathlib, threading
from wetgate.daemon.sandbox import Sandbox
box = Sandbox(pathlib.Path(sys.argv[1]))
box.start()
box.seed("PINE", "SQ01", ["SH010"])
print(box.url, flush=True)
threading.Event().wait()
"""


def test_what_was_answered_survives_kill_9(tmp_path: Path, movie: Path) -> None:
    """A server killed in the midst of writing keeps every version, event and file whose call was answered."""
    answered: list[int] = []
    uploaded: list[int] = []

    def write(sg: Any, project: Any) -> None:
        with contextlib.suppress(OSError, ShotgunError, http.client.HTTPException):
            while True:
                number = sg.create("Version", {"project": project, "code": "killed"})["id"]
                answered.append(number)
                sg.upload("Version", number, str(movie), field_name="sg_uploaded_movie")
                uploaded.append(number)

    for _ in range(3):
        command = [sys.executable, "-c", SERVE, str(tmp_path / "box")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            key = (tmp_path / "box" / "script_key").read_text(encoding="ascii").strip()
            sg = Shotgun(url, script_name="wetgate", api_key=key)
            sg.MAX_ATTEMPTS = 1
            _check(sg, answered, uploaded, movie)
            project = sg.find_one("Project", [["name", "is", "PINE"]])
            before = len(uploaded)
            writer = threading.Thread(target=write, args=(sg, project))
            writer.start()
            while len(uploaded) < before + 3:
                time.sleep(0.01)
            server.send_signal(signal.SIGKILL)
            writer.join()
            sg.close()
    assert len(uploaded) >= 9


def _check(sg: Any, answered: list[int], uploaded: list[int], movie: Path) -> None:
    rows = {row["id"]: row for row in sg.find("Version", [], ["sg_uploaded_movie"])}
    assert set(answered) <= set(rows)
    for number in uploaded:
        assert sg.download_attachment(rows[number]["sg_uploaded_movie"]) == movie.read_bytes()
    born = sg.find("EventLogEntry", [["event_type", "is", "Shotgun_Version_New"]], ["entity"])
    assert sorted(event["entity"]["id"] for event in born) == sorted(rows)


def test_strangers_are_told_what_this_is(site: Practice) -> None:
    """A browser gets a word, an unknown upload and a body that is no JSON get an answer."""
    assert "practice tracker" in httpx.get(site.sandbox.url).text
    assert httpx.post(f"{site.sandbox.url}/upload/nonsense", data={"a": "b"}).status_code == 404
    assert httpx.post(f"{site.sandbox.url}/api3/json", content=b"{").json()["exception"]
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"{site.sandbox.url}/nothing")
