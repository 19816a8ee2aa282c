"""A long absence: the connector, and the plain polling loop, catch up with the same log."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from shotgun_api3.shotgun import Shotgun
from wetgate.connectors.shotgrid import ShotGrid
from wetgate.schema.tracker import EventPage

from .measured import Figures, measured
from .practice_site import SHOW, served


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
