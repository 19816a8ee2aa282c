"""From a person's click to a queued job, in a running daemon: with the push channel and without."""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path

from .house import House
from .measured import Figures
from .sites import KINDS, PUSHES, Site, counted, site

import made  # isort: skip  # a module of the tests, whose folder `sites` makes known
from images import write_mattes  # isort: skip

SHOW = "PINE"
PAUSE_SECONDS = (0.3, 2.5)
"""Between two events, drawn anew each time: they fall anywhere between two polls."""


def latencies(events: int, poll_seconds: float, kinds: tuple[str, ...] = KINDS) -> dict[str, Figures]:
    """Seconds from the click to the job, a row for each tracker and way."""
    rows: dict[str, Figures] = {}
    for kind in kinds:
        with tempfile.TemporaryDirectory() as folder, site(kind, Path(folder) / "site") as tracker:
            for push in PUSHES[kind]:
                name = f"{kind}, {'push' if push else 'poll alone'}"
                rows[name] = _latency(Path(folder) / name, tracker, events, poll_seconds, push=push)
    return rows


def _latency(folder: Path, tracker: Site, events: int, poll_seconds: float, *, push: bool) -> Figures:
    show = f"{SHOW}{'PUSH' if push else 'POLL'}"
    tracker.project(show, events)
    brief = "plate: A009C001\nmatte: painted/matte"
    tasks = [tracker.task(show, number, tracker.later, brief) for number in range(events)]
    with counted(tracker, folder / "proxy") as gateway:
        # A broken push channel is one that the proxy does not pass on.
        house = House(
            folder, tracker, tracker.url if push else gateway.url, [show], push=push, poll_seconds=poll_seconds
        )
        write_mattes(house.work / show / "painted" / "matte", made.matte(12))
        made.write_movie(house.dailies / "A009C001.mp4", made.take(12, intruder=True), timecode="02:00:00:00")
        house.start()
        try:
            house.until(lambda: house.rows("select count(*) from clip") == [(1,)], 60, "the plate is indexed")
            house.until(lambda: house.rows("select count(*) from task") == [(events,)], 60, "the tasks are known")
            return _clicked(house, tracker, tasks)
        finally:
            house.stop()


def _clicked(house: House, tracker: Site, tasks: list[str]) -> Figures:
    dice, clicked = random.Random(4), {}
    for task in tasks:
        time.sleep(dice.uniform(*PAUSE_SECONDS))
        clicked[task] = time.time()
        tracker.set_ready(task)
    asked = "select tracker_ref, job.created_at from job join task on task.id = job.task_id where job.kind = 'process'"
    house.until(lambda: len(house.rows(asked)) == len(tasks), 90, "every job is queued")
    took = sorted(at - clicked[task] for task, at in house.rows(asked))
    return {
        "events": len(took), "median s": took[len(took) // 2], "p95 s": took[int(len(took) * 0.95)], "most s": took[-1]
    }  # fmt: skip
