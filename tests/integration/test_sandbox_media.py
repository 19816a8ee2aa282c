"""Files through the vendor's client: uploads, pictures, downloads, direct storage, durability, faults."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import signal
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xmlrpc.client import ProtocolError

import httpx
import pytest
from practice import LEAVES_FILES_OPEN, Practice, practice
from shotgun_api3.shotgun import Shotgun, ShotgunError, ShotgunFileDownloadError, ShotgunThumbnailNotReady
from wetgate.daemon.sandbox import Fault, Sandbox
from wetgate.daemon.sandbox.shotgrid.rpc import METHODS
from wetgate.schema.errors import ConfigError

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """A sandbox without direct uploads, as it is by default."""
    with practice(tmp_path_factory.mktemp("media")) as made:
        yield made


@pytest.fixture
def sg(site: Practice) -> Iterator[Any]:
    """A client of its own for each test."""
    site.faults.set()
    client = site.script()
    yield client
    client.close()


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    """A file that is called a movie."""
    path = tmp_path / "SH010_v001 ä.mov"
    path.write_bytes(os.urandom(70_000))
    return path


def version(site: Practice, sg: Any) -> int:
    """A new version's id."""
    return int(sg.create("Version", {"project": site.project, "code": "media"})["id"])


def test_a_movie_goes_up_and_down(site: Practice, sg: Any, movie: Path) -> None:
    """The bytes come back through the field's value, the attachment's id and to a file."""
    number = version(site, sg)
    attachment = sg.upload("Version", number, str(movie), field_name="sg_uploaded_movie", display_name="review.mov")
    row = sg.find_one("Version", [["id", "is", number]], ["sg_uploaded_movie", "sg_uploaded_movie_mp4"])
    value = row["sg_uploaded_movie"]
    assert (value["id"], value["name"], value["link_type"]) == (attachment, "review.mov", "upload")
    assert value["content_type"] == "video/quicktime"
    assert row["sg_uploaded_movie_mp4"]["id"] == attachment
    assert sg.download_attachment(value) == movie.read_bytes()
    assert sg.download_attachment(attachment) == movie.read_bytes()
    target = movie.with_name("down.mov")
    assert sg.download_attachment(value, file_path=str(target)) == str(target)
    assert target.read_bytes() == movie.read_bytes()


def test_a_file_without_a_field_is_linked(site: Practice, sg: Any, movie: Path) -> None:
    """An upload without a field hangs on its entity; on a note it is an attachment of it."""
    number = version(site, sg)
    one = sg.upload("Version", number, str(movie), tag_list="proof, report")
    link = {"type": "Version", "id": number}
    rows = sg.find("Attachment", [["attachment_links", "is", link]], ["this_file", "tag_list", "file_size"])
    assert [(row["id"], row["tag_list"], row["file_size"]) for row in rows] == [(one, ["proof", "report"], 70_000)]
    assert rows[0]["this_file"]["name"] == movie.name
    note = sg.create("Note", {"project": site.project, "content": "evidence"})
    two = sg.upload("Note", note["id"], str(movie))
    row = sg.find_one("Note", [["id", "is", note["id"]]], ["attachments"])
    assert [attached["id"] for attached in row["attachments"]] == [two]


def test_web_and_local_links(site: Practice, sg: Any) -> None:
    """A field may point at a web address, or at a path below a known storage with each system's spelling."""
    sg.create("LocalStorage", {"code": "primary", "linux_path": "/mnt/show", "windows_path": "S:\\show"})
    published = sg.create(
        "PublishedFile",
        {"project": site.project, "code": "plate", "path": {"local_path": "/mnt/show/SH010/plate.1001.exr"}},
    )
    path = sg.find_one("PublishedFile", [["id", "is", published["id"]]], ["path"])["path"]
    assert path["link_type"] == "local"
    assert path["local_path_linux"] == "/mnt/show/SH010/plate.1001.exr"
    assert path["local_path_windows"] == "S:\\show\\SH010\\plate.1001.exr"
    assert path["local_storage"]["name"] == "primary"
    with pytest.raises(Exception, match="below no LocalStorage"):
        sg.update("PublishedFile", published["id"], {"path": {"local_path": "/elsewhere/x.exr"}})
    sg.update("PublishedFile", published["id"], {"path": {"url": "https://example.com/a.pdf", "name": "bid"}})
    path = sg.find_one("PublishedFile", [["id", "is", published["id"]]], ["path"])["path"]
    assert (path["link_type"], path["url"], path["name"]) == ("web", "https://example.com/a.pdf", "bid")
    sg.update("PublishedFile", published["id"], {"path": {"url": "file:///elsewhere/x.exr", "name": "x.exr"}})
    path = sg.find_one("PublishedFile", [["id", "is", published["id"]]], ["path"])["path"]
    assert (path["link_type"], path["url"]) == ("web", "file:///elsewhere/x.exr")


def test_downloads_need_a_login(site: Practice, sg: Any, movie: Path) -> None:
    """Without a signature that fits nothing is served, and no path leads out of the media folder."""
    number = version(site, sg)
    sg.upload("Version", number, str(movie), field_name="sg_uploaded_movie")
    url = sg.find_one("Version", [["id", "is", number]], ["sg_uploaded_movie"])["sg_uploaded_movie"]["url"]
    assert httpx.get(url).status_code == 200
    with site.sandbox.site.storage.transaction():
        site.sandbox.site.storage.set("trusted:127.0.0.1", None)
    assert httpx.get(url.partition("?")[0]).status_code == 403
    assert httpx.get(url[:-1] + ("0" if url[-1] != "0" else "1")).status_code == 403
    with pytest.raises(ShotgunFileDownloadError):
        sg.download_attachment(9999)


def test_uploads_that_are_refused(site: Practice, sg: Any, movie: Path) -> None:
    """An unknown entity, an unknown field and a wrong key leave no attachment behind."""
    before = len(sg.find("Attachment", []))
    with pytest.raises(ShotgunError, match="cannot be found"):
        sg.upload("Version", 9999, str(movie))
    with pytest.raises(ShotgunError, match="doesn't exist"):
        sg.upload("Version", version(site, sg), str(movie), field_name="sg_nonsense")
    with pytest.raises(ShotgunError, match="authenticate"):
        site.client(script_name="wetgate", api_key="wrong").upload("Shot", site.shot["id"], str(movie))
    assert len(sg.find("Attachment", [])) == before


def test_pictures_are_transient_first(tmp_path: Path, movie: Path) -> None:
    """Until the site has digested a picture a stand-in is shown, and the picture cannot be shared."""
    picture = tmp_path / "thumb.png"
    picture.write_bytes(PNG)
    with practice(tmp_path / "slow", transcode_seconds=0.6) as slow:
        sg = slow.script()
        number = version(slow, sg)
        attachment = sg.upload_thumbnail("Version", number, str(picture))
        sg.upload("Version", number, str(movie), field_name="sg_uploaded_movie")
        source = {"type": "Version", "id": number}
        mine = [["id", "is", number]]
        url = sg.find_one("Version", mine, ["image"])["image"]
        assert "images/status/transient" in url
        shown = httpx.get(url)
        assert (shown.status_code, shown.headers["content-type"]) == (200, "image/png")
        with pytest.raises(ShotgunThumbnailNotReady):
            sg.share_thumbnail([slow.shot], source_entity=source)
        fields = ["image", "sg_uploaded_movie_mp4", "sg_uploaded_movie_transcoding_status"]
        assert sg.find_one("Version", mine, fields)["sg_uploaded_movie_mp4"] is None
        time.sleep(0.7)
        row = sg.find_one("Version", mine, fields)
        assert httpx.get(row["image"]).content == PNG
        assert row["sg_uploaded_movie_mp4"] is not None
        assert sg.share_thumbnail([slow.shot], source_entity=source) == attachment
        shot = sg.find_one("Shot", [["id", "is", slow.shot["id"]]], ["image"])
        assert httpx.get(shot["image"]).content == PNG
        told = sg.find("EventLogEntry", [["entity", "is", source], ["attribute_name", "is", "image"]], ["meta"])
        assert [event["meta"]["is_transient"] for event in told] == [True, False]


def test_a_picture_can_come_with_create_and_be_cleared(site: Practice, sg: Any, tmp_path: Path) -> None:
    """`image` in create uploads the picture; None takes it away."""
    picture = tmp_path / "thumb.png"
    picture.write_bytes(PNG)
    data = {"project": site.project, "code": "with picture", "image": str(picture)}
    made = sg.create("Version", data, ["image"])
    assert httpx.get(made["image"]).content == PNG
    assert sg.update("Version", made["id"], {"image": None})["image"] is None


@pytest.mark.parametrize("size", [300_000, 41_000_000])
def test_direct_uploads(tmp_path: Path, size: int) -> None:
    """Where the site takes files through its storage, small ones go whole and large ones in parts."""
    path = tmp_path / "big.mov"
    path.write_bytes(os.urandom(1_000_000) * (size // 1_000_000) or os.urandom(size))
    with practice(tmp_path / "direct", direct_uploads=True) as direct:
        sg = direct.script()
        number = version(direct, sg)
        sg.upload("Version", number, str(path), field_name="sg_uploaded_movie")
        value = sg.find_one("Version", [["id", "is", number]], ["sg_uploaded_movie"])["sg_uploaded_movie"]
        got = hashlib.sha256(sg.download_attachment(value)).digest()
        assert got == hashlib.sha256(path.read_bytes()).digest()
        puts = [call for call in direct.faults.calls if call.verb == "PUT"]
        assert len(puts) == (1 if size < 20_000_000 else 3)
        picture = tmp_path / "thumb.png"
        picture.write_bytes(PNG)
        sg.upload_thumbnail("Version", number, str(picture))
        assert httpx.get(sg.find_one("Version", [["id", "is", number]], ["image"])["image"]).content == PNG


def test_a_storage_takes_what_is_in_time_and_large_enough(tmp_path: Path) -> None:
    """An address expires, a forged one never counted, and only the last part may be small."""
    with practice(tmp_path / "direct", direct_uploads=True) as direct:
        sg = direct.script()
        who = {"script_name": "wetgate", "script_key": direct.sandbox.script_key}
        ask = {**who, "upload_type": "Attachment", "filename": "a.mov", "multipart_upload": "True"}
        info = httpx.post(f"{sg.base_url}/upload/api_get_upload_link_info", data=ask).text.split("\n")
        part = {**who, "upload_type": "Attachment", "filename": "a.mov", "timestamp": info[2], "upload_id": info[4]}
        etags = []
        for number in ("1", "2"):
            link = httpx.post(
                f"{sg.base_url}/upload/api_get_upload_link_for_part", data={**part, "part_number": number}
            )
            address = link.text.split("\n")[1]
            assert httpx.put(address.replace("until=", "until=9"), content=b"x").status_code == 403
            etags.append(httpx.put(address, content=b"small").headers["ETag"])
        done = httpx.post(
            f"{sg.base_url}/upload/api_complete_multipart_upload", data={**part, "etags": ",".join(etags)}
        )
        assert done.text.startswith("0:Part 1 of the upload is smaller")
        direct.sandbox.site.address_seconds = -1
        link = httpx.post(f"{sg.base_url}/upload/api_get_upload_link_for_part", data={**part, "part_number": "1"})
        assert httpx.put(link.text.split("\n")[1], content=b"late").status_code == 403


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


def test_one_server_per_folder(tmp_path: Path) -> None:
    """A second server in a folder that is in use is refused; once the first has stopped it may start."""
    with Sandbox(tmp_path / "box"), pytest.raises(ConfigError, match="Another practice tracker"):
        Sandbox(tmp_path / "box").start()
    with Sandbox(tmp_path / "box") as box:
        assert httpx.get(box.url).status_code == 200


def test_a_damaged_file_is_a_clear_error(tmp_path: Path) -> None:
    """A database that is none is named, and the folder is free again."""
    box = tmp_path / "box"
    box.mkdir()
    (box / "sandbox.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(ConfigError, match=r"sandbox\.db cannot be used"):
        Sandbox(box).start()
    (box / "sandbox.db").unlink()
    with Sandbox(box) as sandbox:
        assert httpx.get(sandbox.url).status_code == 200


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


def test_a_taken_port_is_a_clear_error(site: Practice, tmp_path: Path) -> None:
    """The message says which address and what to do."""
    port = int(site.sandbox.url.rpartition(":")[2])
    with pytest.raises(ConfigError, match=rf"{port}.*Set another"):
        Sandbox(tmp_path / "second", port=port).start()


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
