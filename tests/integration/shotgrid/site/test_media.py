"""Files through the vendor's client: uploads, pictures, downloads, direct storage."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from practice import LEAVES_FILES_OPEN, Practice, practice
from shotgun_api3.shotgun import ShotgunError, ShotgunFileDownloadError, ShotgunThumbnailNotReady
from waiting import Clock

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4


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
    """Without a session nothing is served, nor with one that ran out, and no path leads out of the media folder."""
    number = version(site, sg)
    sg.upload("Version", number, str(movie), field_name="sg_uploaded_movie")
    shown = sg.find_one("Version", [["id", "is", number]], ["sg_uploaded_movie"])["sg_uploaded_movie"]
    site.sandbox.end_sessions()
    assert httpx.get(shown["url"]).status_code == 403
    assert sg.download_attachment(shown) == movie.read_bytes()
    with pytest.raises(ShotgunFileDownloadError):
        sg.download_attachment(9999)
    site.sandbox.end_sessions()
    with pytest.raises(ShotgunFileDownloadError):
        sg.download_attachment(shown)


def test_a_storage_serves_by_its_addresses(tmp_path: Path, movie: Path) -> None:
    """An address of the storage needs no session, and its signature fits no other."""
    with practice(tmp_path / "hosted", direct_uploads=True) as site:
        sg = site.script()
        number = version(site, sg)
        sg.upload("Version", number, str(movie), field_name="sg_uploaded_movie")
        url = sg.find_one("Version", [["id", "is", number]], ["sg_uploaded_movie"])["sg_uploaded_movie"]["url"]
        assert httpx.get(url).status_code == 200
        assert httpx.get(url.partition("?")[0]).status_code == 403
        assert httpx.get(url[:-1] + ("0" if url[-1] != "0" else "1")).status_code == 403


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
    clock = Clock()
    with practice(tmp_path / "slow", transcode_seconds=600, now=clock) as slow:
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
        clock.skip(600)
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
