"""The ShotGrid practice site in a process of its own, and a busy studio's work on it."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from wetgate.daemon.sandbox import Sandbox

from .measured import SPAWN

SHOW = "PINE"
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
