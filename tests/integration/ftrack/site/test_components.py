"""Files on the ftrack practice site: components, parts, encoded media."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ftrack_api
import ftrack_api.exception
import pytest
import requests
from practice_ftrack import LEAVES_FILES_OPEN, practice
from waiting import Clock

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


ServerError = ftrack_api.exception.ServerError


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
    clock = Clock()
    with practice(tmp_path / "site", encode_seconds=600, now=clock) as site:
        session = site.session()
        path = tmp_path / "shot.mov"
        path.write_bytes(b"movie")
        version = session.query("AssetVersion").first()
        job = version.encode_media(str(path))
        seen = [job["status"]]
        for _ in range(3):
            (answer,) = session.call(
                [{"action": "query", "expression": f"select status from Job where id is {job['id']}"}]
            )
            seen.append(answer["data"][0]["status"])
            clock.skip(300)
        assert seen == ["queued", "queued", "running", "done"]
        outputs = [one["component_id"] for one in json.loads(job["data"])["output"]]
        rows = site.session().query(f"select name, metadata from Component where version_id is {version['id']}")
        made = {row["name"]: row for row in rows if row["id"] in outputs}
        assert set(made) == {"ftrackreview-mp4", "thumbnail"}
        assert json.loads(made["ftrackreview-mp4"]["metadata"]["ftr_meta"])["frameRate"] == 24
