"""What trackers cost: catching up with a long absence, and sending a large file.

    python benchmarks/trackers.py [--events 50000] [--ours 500] [--megabytes 1000] [--only NAME] [--json]

backlog: a studio worked on while we were away, and few of its events concern our tasks. The connector
against the plain polling loop that reads everything, 500 events a request, from the same practice site.
upload: a file through the site's storage in parts, whole and with a cut in the middle, by the connector and
by the vendor's client (which has no time-out of its own; here it gets one, or it would never end).

Every figure is taken in a process of its own; requests are the site's own log. `seconds` holds the
practice site's work too, which searches a list where a real one has an index.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import resource
import socket
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from shotgun_api3.shotgun import Shotgun, ShotgunError
from wetgate.connectors.shotgrid import ShotGrid
from wetgate.daemon.sandbox import Fault, Sandbox
from wetgate.schema.errors import TrackerUnavailable
from wetgate.schema.tracker import EntityRef, EventPage, MediaKind, VersionDraft

SPAWN = multiprocessing.get_context("spawn")
SHOW = "PINE"
Figures = dict[str, float]
STUDIO = (
    # What a busy studio's log is made of: percent, type, what happened, attribute, whether it came with the making.
    (28, "PublishedFile", "Change", "path", True),
    (16, "Version", "Change", "sg_path_to_frames", True),
    (5, "Version", "New", None, False),
    (7, "Version", "Change", "image", False),
    (6, "PublishedFile", "New", None, False),
    (6, "Task", "Change", "sg_status_list", False),
    (5, "Task", "Change", "time_logs_sum", False),
    (5, "Shot", "Change", "sg_status_list", False),
    (5, "Asset", "Change", "description", False),
    (5, "TimeLog", "New", None, False),
    (4, "Note", "Change", "content", True),
    (2, "Note", "New", None, False),
    (2, "Attachment", "New", None, False),
    (2, "Playlist", "Change", "versions", False),
    (2, "HumanUser", "Change", "last_accessed", False),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--ours", type=int, default=500)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--only", choices=["backlog", "upload"])
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    tables: dict[str, dict[str, Figures]] = {}
    if given.only != "upload":
        tables["ShotGrid backlog"] = shotgrid_backlog(given.events, given.ours)
    if given.only != "backlog":
        tables["ShotGrid upload"] = shotgrid_upload(given.megabytes)
    if given.json:
        print(json.dumps(tables))
        return
    for title, rows in tables.items():
        table = Table(title, *next(iter(rows.values())))
        for name, figures in rows.items():
            table.add_row(
                name, *(f"{figure:,.0f}" if figure >= 100 else f"{figure:.2f}" for figure in figures.values())
            )
        Console().print(table)


def measured(work: Callable[..., Figures], *arguments: object) -> Figures:
    """What *work* gives back, with its seconds, CPU seconds and the memory it took at its peak, all its own."""
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=_measure, args=(there, work, arguments))
    process.start()
    there.close()
    figures: Figures = here.recv()
    process.join()
    return figures


def _measure(pipe: Connection, work: Callable[..., Figures], arguments: tuple[object, ...]) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.monotonic()
    found = work(*arguments)
    seconds = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    pipe.send({"seconds": seconds, "CPU s": cpu, "MB more": (after.ru_maxrss - before.ru_maxrss) / 1024, **found})


class Served:
    """A practice site in a process of its own."""

    def __init__(self, pipe: Connection, url: str, key: str) -> None:
        """Ask it through *pipe*."""
        self._pipe, self.url, self.key = pipe, url, key

    def ask(self, what: str, *arguments: object) -> Any:
        """Have it do something."""
        self._pipe.send((what, arguments))
        return self._pipe.recv()


@contextmanager
def served(folder: Path, *, direct_uploads: bool = False) -> Iterator[Served]:
    """A site that ends with the block."""
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=_serve, args=(there, folder, direct_uploads))
    process.start()
    url, key = here.recv()
    yield Served(here, url, key)
    here.send(("end", ()))
    process.join()


def _serve(pipe: Connection, folder: Path, direct_uploads: bool) -> None:
    box = Sandbox(folder, faults=True, direct_uploads=direct_uploads)
    box.start()
    box.seed(SHOW, "SQ01", ["SH010"])
    assert box.faults is not None
    pipe.send((box.url, box.script_key))
    while True:
        what, arguments = pipe.recv()
        if what == "end":
            break
        if what == "work":
            pipe.send(_work(box, *arguments))
        elif what == "calls":
            stored = sum(call.verb == "PUT" and call.status == 200 for call in box.faults.calls)
            pipe.send({"requests": float(len(box.faults.calls)), **({"parts stored": float(stored)} if stored else {})})
            box.faults.forget()
        else:
            box.faults.set(*arguments)
            pipe.send(None)
    box.stop()


def _work(box: Sandbox, events: int, ours: int) -> int:
    """A studio's work while we were away; gives the id of the log's last entry before it."""
    site, dice = box.site, random.Random(1)
    with site.storage.lock, site.storage.transaction():
        tasks = [record["id"] for record in site.storage.all("Task").values()]
        others = _others(box)
        first = site.storage.last_id("EventLogEntry")
        mine = set(dice.sample(range(events), ours))
        kinds = [row for row in STUDIO for _ in range(row[0])]
        at = time.time() - 8 * 3600
        for number in range(events):
            kind, what, name, in_create = dice.choice(kinds)[1:]
            link = {"type": kind, "id": dice.choice(others.get(kind) or [100_000])}
            if number in mine:
                kind, what, name, in_create = "Task", "Change", "sg_status_list", False
                link = {"type": "Task", "id": dice.choice(tasks)}
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at + number * 8 * 3600 / events))
            site.storage.put(
                {
                    "type": "EventLogEntry",
                    "id": site.storage.next_id("EventLogEntry"),
                    "event_type": f"Shotgun_{kind}_{what}",
                    "attribute_name": name,
                    "entity": link,
                    "project": {"type": "Project", "id": 1 + number % 20},
                    "user": {"type": "HumanUser", "id": 2},
                    "created_at": stamp,
                    "session_uuid": None,
                    "description": "Somebody changed something.",
                    "meta": {
                        "type": "attribute_change", "attribute_name": name, "entity_type": kind,
                        "entity_id": link["id"], "old_value": "wtg", "new_value": "rdy",
                        **({"in_create": True} if in_create else {}),
                    },
                }
            )  # fmt: skip
    return first


def _others(box: Sandbox) -> dict[str, list[int]]:
    """What other people work on: tasks with versions, notes about those, and files on the notes."""
    put, next_id = box.site.storage.put, box.site.storage.next_id
    made: dict[str, list[int]] = {kind: [] for kind in ("Task", "Version", "Note", "Attachment")}
    for _ in range(400):
        numbers = {kind: next_id(kind) for kind in made}
        links: dict[str, dict[str, Any]] = {
            "Task": {"content": "comp"},
            "Version": {"code": "v001", "sg_task": {"type": "Task", "id": numbers["Task"]}},
            "Note": {"content": "softer", "note_links": [{"type": "Version", "id": numbers["Version"]}]},
            "Attachment": {"attachment_links": [{"type": "Note", "id": numbers["Note"]}]},
        }
        for kind, number in numbers.items():
            put({"type": kind, "id": number, **links[kind]})
            made[kind].append(number)
    return made


def shotgrid_backlog(events: int, ours: int) -> dict[str, Figures]:
    """Both ways of catching up with the same log."""
    rows = {}
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as site:
        sg = Shotgun(site.url, script_name="wetgate", api_key=site.key)
        project = sg.find_one("Project", [["name", "is", SHOW]])
        for number in range(50):
            sg.create("Task", {"project": project, "content": f"cleanup {number}"})
        first = site.ask("work", events, ours)
        sg.close()
        for name, way in (("connector", _caught_up), ("plain loop", _polled)):
            site.ask("calls")
            figures = measured(way, site.url, site.key, first)
            rows[name] = {**figures, **site.ask("calls")}
    assert rows["connector"]["ours"] == rows["plain loop"]["ours"] == ours
    return rows


def _caught_up(url: str, key: str, first: int) -> Figures:
    tracker = ShotGrid(url, "wetgate", key, timeout_seconds=120)
    page, told, ours = EventPage(events=(), cursor=json.dumps({"last": first, "holes": {}}), more=True), 0, 0
    while page.more:
        page = tracker.events(page.cursor)
        told += len(page.events)
        ours += sum(
            event.entity is not None and event.entity.type == "Task" and int(event.entity.id) <= 50
            for event in page.events
        )
    tracker.close()
    return {"events read": told, "ours": ours}


def _polled(url: str, key: str, first: int) -> Figures:
    """As the vendor's event daemon does it: everything upwards by id."""
    sg, last, told, ours = Shotgun(url, script_name="wetgate", api_key=key), first, 0, 0
    fields = ["id", "event_type", "attribute_name", "meta", "entity", "user", "project", "session_uuid", "created_at"]
    order = [{"column": "id", "direction": "asc"}]
    while True:
        rows = sg.find("EventLogEntry", [["id", "greater_than", last]], fields, order, limit=500)
        if not rows:
            break
        told, last = told + len(rows), rows[-1]["id"]
        ours += sum(
            bool(row["entity"]) and row["entity"]["type"] == "Task" and row["entity"]["id"] <= 50 for row in rows
        )
    sg.close()
    return {"events read": told, "ours": ours}


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


if __name__ == "__main__":
    main()
