"""A large file through the site's storage in parts: whole, and with a cut in the middle of it."""

from __future__ import annotations

import os
import socket
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

from shotgun_api3.shotgun import Shotgun, ShotgunError
from wetgate.connectors.shotgrid import ShotGrid
from wetgate.daemon.sandbox import Fault
from wetgate.schema.errors import TrackerUnavailable
from wetgate.schema.tracker import EntityRef, MediaKind, VersionDraft

from .measured import Figures, measured
from .practice_site import SHOW, served


def shotgrid_upload(megabytes: int) -> dict[str, Figures]:
    """A movie in parts: nothing in the way, and a storage that goes away in the middle of it."""
    rows = {}
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "site", direct_uploads=True) as site:
        movie = Path(folder) / "review.mp4"
        block = os.urandom(1 << 20)
        with movie.open("wb") as out:
            for _ in range(megabytes):
                out.write(block)
        middle = f"/storage/*/{max(megabytes * (1 << 20) // 20_000_000 // 2, 1)}"
        cut = Fault(path=middle, action="drop", times=99)
        for name, way, fault in (
            ("connector", _sent, None),
            ("connector, cut off", _sent, cut),
            ("vendor's client", _sent_by_vendor, None),
            ("vendor's client, cut off", _sent_by_vendor, cut),
        ):
            site.ask("faults", *([fault] if fault else []))
            site.ask("calls")
            figures = measured(way, site.url, site.key, str(movie))
            rows[name] = {**figures, **site.ask("calls")}
    return rows


def _version(url: str, key: str) -> tuple[ShotGrid, Any]:
    tracker = ShotGrid(url, "wetgate", key, timeout_seconds=60)
    sg = Shotgun(url, script_name="wetgate", api_key=key)
    project = sg.find_one("Project", [["name", "is", SHOW]])
    made = sg.create("Task", {"project": project, "content": "cleanup"})
    draft = VersionDraft(
        key=f"bench-{made['id']}", project=SHOW, code=f"SH010_v{made['id']:03d}", entity=None,
        task=EntityRef(type="Task", id=str(made["id"])), description="", first_frame=1001, last_frame=1100,
        frame_rate="24", frames_path="/show/master.%04d.exr", movie_path="/show/review.mp4", status="rev",
    )  # fmt: skip
    return tracker, tracker.publish(draft)


def _sent(url: str, key: str, movie: str) -> Figures:
    tracker, version = _version(url, key)
    tries = 0
    while True:
        tries += 1
        try:
            tracker.upload(version, MediaKind.MOVIE, Path(movie))
            break
        except TrackerUnavailable:
            _mend(url)
    tracker.close()
    return {"calls": tries, "whole": 1.0}


def _sent_by_vendor(url: str, key: str, movie: str) -> Figures:
    tracker, version = _version(url, key)
    tracker.close()
    socket.setdefaulttimeout(10.0)
    sg = Shotgun(url, script_name="wetgate", api_key=key)
    tries = 0
    while True:
        tries += 1
        try:
            sg.upload("Version", int(version.id), movie, field_name="sg_uploaded_movie")
            break
        except (ShotgunError, OSError):
            if tries == 3:
                return {"calls": tries, "whole": 0.0}
            _mend(url)
    return {"calls": tries, "whole": 1.0}


def _mend(url: str) -> None:
    """The storage is back."""
    request = urllib.request.Request(f"{url}/_control/faults", b"[]", {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=10).close()
