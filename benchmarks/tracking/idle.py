"""An idle day: 1,000 open tasks on 20 shows and nobody at work. What the daemon asks of the site, and what it costs."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
import time
from pathlib import Path

from rich.console import Console

from .house import House
from .measured import Figures
from .sites import KINDS, Site, asked, counted, site

POLL_SECONDS = 5.0
QUIET_SECONDS = 75.0
"""Nothing new is queued for so long before anything is counted."""
AHEAD, WAITING, DONE = 30, 10, 10
"""Of 50 tasks of a show: assigned weeks ahead, waiting for a plate, done and looked at."""


def idle(tasks: int, shows: int, minutes: float, kinds: tuple[str, ...] = KINDS) -> dict[str, Figures]:
    """A row for each tracker."""
    rows: dict[str, Figures] = {}
    for kind in kinds:
        with tempfile.TemporaryDirectory() as folder, site(kind, Path(folder) / "site") as tracker:
            rows[kind] = _idle(Path(folder), tracker, tasks // shows, [f"SHOW{n:02d}" for n in range(shows)], minutes)
    return rows


def _idle(folder: Path, tracker: Site, each: int, shows: list[str], minutes: float) -> Figures:
    parts = ((AHEAD, tracker.later), (WAITING, tracker.ready), (DONE, tracker.review))
    whole = AHEAD + WAITING + DONE
    statuses = [code for share, code in parts for _ in range(round(share * each / whole))]
    for show in shows:
        tracker.project(show, each)
        for number, status in enumerate(statuses):
            tracker.task(show, number, status, "plate: A009C001\nbox: 10 10 40 40")
    with counted(tracker, folder / "proxy") as gateway:
        house = House(folder, tracker, gateway.url, shows, push=True, poll_seconds=POLL_SECONDS)
        house.start()
        try:
            count = "select count(*) from task"
            house.until(lambda: house.rows(count) == [(len(shows) * len(statuses),)], 600, "the tasks are known")
            _publish(house, round(DONE * each / whole) * len(shows))
            _until_quiet(house)
            gateway.begin()
            cpu, began = house.cpu_seconds, time.monotonic()
            time.sleep(minutes * 60)
            took = time.monotonic() - began
            passed = asked(gateway)
            Console(stderr=True).print(tracker.kind, dict(passed.most_common(12)))
            return {
                "tasks": len(shows) * len(statuses), "minutes": took / 60,
                "requests a minute": passed.total() * 60 / took,
                "CPU %": 100 * (house.cpu_seconds - cpu) / took, "MB": house.megabytes,
            }  # fmt: skip
        finally:
            house.stop()


def _publish(house: House, done: int) -> None:
    """The rows of tasks in review as a publish leaves them; the versions themselves are of no weight here."""
    with contextlib.closing(sqlite3.connect(house.work / "wetgate.db", timeout=30)) as database, database:
        database.execute(
            "update task set state = 'done', digest = 'published' where id in "
            f"(select id from task where state = 'new' and id % 5 = 0 limit {done})"
        )


def _until_quiet(house: House) -> None:
    """Until every task was told and no job is open."""
    still, before = time.monotonic(), ""
    while time.monotonic() - still < QUIET_SECONDS:
        now = str(house.rows("select count(*), sum(state in ('done', 'failed')) from job"))
        if now != before:
            still, before = time.monotonic(), now
        time.sleep(1)
