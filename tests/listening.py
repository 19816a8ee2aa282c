"""A daemon that listens to a site through a gateway, and the site with what people and admins do there."""

from __future__ import annotations

import contextlib
import html
import itertools
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import httpx
import made
from benches import FaultBench
from gateway import Gateway
from waiting import wait_for
from wetgate.schema.tracker import EntityRef

SHOW = "PINE"
POLL_SECONDS = 0.4
_numbers = itertools.count(1)


class EventSite(ABC):
    """What people and admins do to a site beside their work."""

    kind: ClassVar[str]
    settings: ClassVar[Mapping[str, str]]
    """`[statuses]` of the show."""
    options: Mapping[str, str] = {}
    secrets: tuple[str, ...] = ()
    """What else is secret there, beside our key: people's passwords."""
    hides = False
    """Whether it says nothing at all, and no event, of a project that we may not see."""

    @abstractmethod
    def refuse(self, *, refused: bool) -> None:
        """Our key runs out or is taken back; with False it counts again."""

    @abstractmethod
    def assign_again(self, task: EntityRef) -> None:
        """Somebody assigns a task of ours to us once more, and to somebody else as well."""


class NumberedSite(EventSite):
    """A site whose events have numbers, which may come late, never, or once more."""

    @abstractmethod
    def begin_anew(self) -> None:
        """The site's log is numbered from 1 again."""

    @abstractmethod
    def hold_back(self) -> None:
        """The id of the next event shows up late."""

    @abstractmethod
    def skip(self) -> None:
        """An id never shows up."""


class Listening:
    """A daemon that hears what people want and works on nothing, and the site that it hears it from."""

    def __init__(self, site: str, bench: FaultBench[Any], acts: EventSite, folder: Path) -> None:
        """*site* is its address, *folder* the daemon's; it is not started."""
        self.bench, self.acts, self.folder = bench, acts, folder
        self.dailies = folder / "dailies"
        made.write_movie(self.dailies / "A001C001.mp4", made.take(8, intruder=True), timecode="01:00:00:00")
        self.gateway = Gateway(site, folder / "gateway")
        self.daemons: list[Daemon] = []

    def daemon(self, name: str = "daemon", dailies: Path | None = None) -> Daemon:
        """Another daemon, with a workspace of its own; its storage may be mounted elsewhere."""
        self.daemons.append(Daemon(self, self.folder / name, dailies or self.dailies))
        return self.daemons[-1]

    @property
    def secrets(self) -> list[str]:
        """What must stand nowhere."""
        return [self.bench.secret, *self.acts.secrets]

    def close(self) -> None:
        """End everything."""
        for one in self.daemons:
            one.end()
        self.gateway.close()

    def tasks(self) -> tuple[EntityRef, EntityRef]:
        """A task that is a job, and one with a mistake in its brief."""
        number = next(_numbers)
        return (
            self.bench.make_task(f"cleanup {number}", f"plate: A001C001\nbox: 10 10 {40 + number} 60"),
            self.bench.make_task(f"cleanup {number} b", f"plate: A001C001\ngrwo: {number}"),
        )

    def answers(self, task: EntityRef) -> int:
        """How often the mistake in a task's brief was answered."""
        return sum(note.by_us and "grwo" in note.text for note in self.bench.tracker.brief(task).notes)


class Daemon:
    """One daemon as a process."""

    def __init__(self, house: Listening, folder: Path, dailies: Path) -> None:
        """Write its settings; a plate is there, in *dailies*."""
        self._house, self.folder, self.work = house, folder, folder / "work"
        bench, acts = house.bench, house.acts
        (folder / "shows").mkdir(parents=True)
        (folder / "key").write_text(bench.secret, encoding="ascii")
        options = "".join(f"{name} = {json.dumps(value)}\n" for name, value in acts.options.items())
        (folder / "wetgate.toml").write_text(
            f"""work_root = "work"
log_level = "debug"
[pages]
port = 0
[workers]
process = 0
[ingest]
settle_seconds = 0.5
[trackers.main]
kind = "{acts.kind}"
url = "{house.gateway.url}"
script_name = "{bench.script_name}"
api_key_file = "key"
poll_seconds = {POLL_SECONDS}
sweep_seconds = 3600
timeout_seconds = 5
[trackers.main.options]
{options}""",
            encoding="utf-8",
        )
        statuses = "".join(
            f"{name} = {json.dumps([code] if name == 'ready' else code)}\n" for name, code in acts.settings.items()
        )
        (folder / "shows" / f"{SHOW}.toml").write_text(
            f"""roots = ["{dailies}"]
project = "{house.bench.project}"
rules = [{{ task = "*", processor = "remove" }}]
[notes]
where = false
[statuses]
{statuses}""",
            encoding="utf-8",
        )
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What it said so far."""
        return (self.folder / "daemon.log").read_text(errors="replace")

    def start(self, *, skew: float = 0.0, sweeps: bool = False) -> None:
        """Start it, on a machine whose clock is wrong by *skew*, and wait until it listens; it may sweep as well."""
        command = [sys.executable, "-m", "wetgate.daemon", "--config", str(self.folder / "wetgate.toml"), "run"]
        environ = {key: value for key, value in os.environ.items() if not key.startswith("WETGATE_")}
        if skew:
            path = [str(Path(__file__).with_name("skewed")), *filter(None, [environ.get("PYTHONPATH")])]
            environ |= {"PYTHONPATH": os.pathsep.join(path), "WETGATE_TEST_SKEW": str(skew)}
        if sweeps:
            environ["WETGATE__TRACKERS__MAIN__SWEEP_SECONDS"] = "5"
        began = self._read()
        with (self.folder / "daemon.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environ)
        wait_for(lambda: len(self.rows("select 1 from clip")) == 1, 240, "the plate is indexed")
        wait_for(lambda: self._read() != began, 180, "it listens")

    def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End it."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(60)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What its database holds."""
        with contextlib.suppress(sqlite3.OperationalError):
            path = f"file:{self.work / 'wetgate.db'}?mode=ro"
            with contextlib.closing(sqlite3.connect(path, uri=True)) as database:
                return database.execute(statement).fetchall()
        return []

    def jobs(self, task: EntityRef) -> int:
        """How many jobs a task became."""
        joined = "job join task on task.id = job.task_id"
        return len(self.rows(f"select 1 from {joined} where job.kind = 'process' and task.tracker_ref = '{task.id}'"))

    def settled(self, task: EntityRef) -> bool:
        """Whether it knows a task, and has nothing left to say about it."""
        rows = self.rows(
            f"select job.id from task left join job on task.id = job.task_id and job.kind = 'answer' "
            f"and job.state not in ('done', 'failed') where task.tracker_ref = '{task.id}'"
        )
        return rows == [(None,)]

    def refusals(self) -> str:
        """What the page says of shows that are not served."""
        return " ".join(value for (value,) in self.rows("select value from control where name like 'unfit:%'"))

    def command(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        """Any `wetgate` command on this workspace."""
        command = [sys.executable, "-m", "wetgate.daemon", "--config", str(self.folder / "wetgate.toml"), *words]
        return subprocess.run(command, check=False, capture_output=True, timeout=120)

    def pages(self) -> Iterator[tuple[str, bytes]]:
        """Every page that a person can come to."""
        ask, seen = ["/", f"/?show={SHOW}", "/healthz", "/readyz"], set[str]()
        while ask:
            path = ask.pop()
            if path not in seen:
                seen.add(path)
                answer = self._page(path)
                yield path, answer.content
                if "html" in answer.headers.get("content-type", ""):
                    ask += [html.unescape(one) for one in re.findall(r'(?:href|src)="(/[^"#]*)"', answer.text)]

    def page(self) -> str:
        """What the page says."""
        return self._page("/").text

    def _page(self, path: str) -> httpx.Response:
        base = (self.work / "run" / "pages.url").read_text().strip().rstrip("/")
        return httpx.get(base + path, timeout=30)

    def _read(self) -> list[tuple[Any, ...]]:
        return self.rows("select read_at from cursor")
