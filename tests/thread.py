"""The whole thread as the tests drive it: a real daemon, a real tracker, a real client."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import made
import numpy as np
from images import write_mattes
from ports import free_port
from shotgun_api3.shotgun import Shotgun
from waiting import wait_for

SHOW = "PINE"
Entity = dict[str, Any]


class Thread:
    """One show in one folder: dailies, workspace, a sandbox as its own process, and a daemon that can be killed."""

    def __init__(self, folder: Path, *, environ: dict[str, str] | None = None, settings: str = "") -> None:
        """*settings* are lines of the show's file, beside the usual ones."""
        self._settings = settings
        self._people: dict[str, Any] = {}
        self.folder = folder
        self.dailies, self.work = folder / "dailies", folder / "work"
        self.dailies.mkdir(parents=True)
        self.log = folder / "daemon.log"
        self.daemon: subprocess.Popen[bytes] | None = None
        self.tracker: subprocess.Popen[bytes] | None = None
        self._environ = environ or {}
        self.port = free_port()

    # -- processes -------------------------------------------------------------------------------

    def start_tracker(self) -> None:
        """Start the sandbox (again, on the same port and state)."""
        home = self.folder / "tracker"
        command = [sys.executable, "-m", "wetgate.daemon", "sandbox", "--folder", str(home)]
        command += ["--port", str(self.port), "--project", SHOW]
        with (self.folder / "tracker.log").open("ab") as log:
            self.tracker = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=_environment())
        assert self.tracker.stdout is not None
        url = self.tracker.stdout.readline().decode().strip()
        assert url.startswith("http://"), (self.folder / "tracker.log").read_text()
        self._write_settings(url, (home / "script_key").read_text(encoding="ascii").strip())

    def stop_tracker(self) -> None:
        """Stop the sandbox."""
        if self.tracker is not None:
            self.tracker.send_signal(signal.SIGTERM)
            self.tracker.wait(20)
            if self.tracker.stdout:
                self.tracker.stdout.close()
            self.tracker = None

    def start(self, kill_at: str = "") -> None:
        """Start the daemon; with *kill_at* it kills itself at that step."""
        environ = _environment() | self._environ | ({"WETGATE_KILL_AT": kill_at} if kill_at else {})
        command = [sys.executable, "-m", "wetgate.daemon", "--config", str(self.folder / "wetgate.toml"), "run"]
        with self.log.open("ab") as log:
            self.daemon = subprocess.Popen(command, stdout=log, stderr=log, env=environ)

    def kill(self) -> None:
        """kill -9."""
        assert self.daemon is not None
        self.daemon.kill()
        self.daemon.wait()

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        assert self.daemon is not None
        self.daemon.send_signal(signal.SIGTERM)
        return self.daemon.wait(60)

    def dead(self) -> bool:
        """Whether the daemon has ended."""
        return self.daemon is None or self.daemon.poll() is not None

    def wait_dead(self, seconds: float) -> bool:
        """Wait for the daemon's own end."""
        assert self.daemon is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.daemon.wait(seconds)
        return self.dead()

    def close(self) -> None:
        """End everything."""
        for person in self._people.values():
            person.close()
        if not self.dead():
            self.kill()
        self.stop_tracker()

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Any `wetgate` command on this workspace."""
        command = [sys.executable, "-m", "wetgate.daemon", "--config", str(self.folder / "wetgate.toml"), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=_environment() | self._environ)

    # -- the coordinator -------------------------------------------------------------------------

    def client(self) -> Any:
        """The vendor's client, logged in as the coordinator."""
        password = (self.folder / "tracker" / "coordinator_password").read_text(encoding="ascii").strip()
        return Shotgun(f"http://127.0.0.1:{self.port}", login="coordinator", password=password)

    def assign(self, name: str, brief: str, shot: str | None = "SH010") -> Entity:
        """Create a task, assign it to the group, set it to ready."""
        sg = self.client()
        project = sg.find_one("Project", [["name", "is", SHOW]])
        group = sg.find_one("Group", [["code", "is", "Wetgate"]])
        data = {"project": project, "content": name, "sg_description": brief, "task_assignees": [group]}
        if shot:
            data["entity"] = sg.find_one("Shot", [["code", "is", shot]]) or sg.create(
                "Shot", {"project": project, "code": shot}
            )
        task: Entity = sg.create("Task", data)
        sg.update("Task", task["id"], {"sg_status_list": "rdy"})
        sg.close()
        return task

    def person(self, login: str) -> Any:
        """The vendor's client, logged in as somebody who works on the show; made where there is none of that login."""
        if login not in self._people:
            sg = self.client()
            project = sg.find_one("Project", [["name", "is", SHOW]])
            password = f"{login}-{login}"
            data = {"login": login, "firstname": login.title(), "lastname": "Person", "password_proxy": password}
            sg.create("HumanUser", {**data, "name": f"{login.title()} Person", "projects": [project]})
            sg.close()
            self._people[login] = Shotgun(f"http://127.0.0.1:{self.port}", login=login, password=password)
        return self._people[login]

    def say(
        self, login: str, task: Entity, text: str, version: Entity | None = None, files: Sequence[Path] = ()
    ) -> None:
        """A person writes about the task, or about a version of it as from the review player, with pictures."""
        sg = self.person(login)
        data = {"project": sg.find_one("Project", [["name", "is", SHOW]]), "subject": "note", "content": text}
        links = [{"type": "Version", "id": version["id"]}] if version else []
        note = sg.create("Note", {**data, "tasks": [{"type": "Task", "id": task["id"]}], "note_links": links})
        for file in files:
            sg.upload("Note", note["id"], str(file))

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What the daemon's own database holds."""
        with contextlib.closing(sqlite3.connect(self.work / "wetgate.db")) as database:
            return database.execute(statement).fetchall()

    def has_tables(self) -> bool:
        """Whether the daemon has made its database: the file stands before its tables do."""
        made = "select name from sqlite_master where name in ('clip', 'cursor')"
        return (self.work / "wetgate.db").exists() and len(self.rows(made)) == 2

    def status(self, task: Entity) -> str:
        """The task's status."""
        sg = self.client()
        found = sg.find_one("Task", [["id", "is", task["id"]]], ["sg_status_list"])
        sg.close()
        return str(found["sg_status_list"])

    def wait_status(self, task: Entity, status: str, seconds: float, what: str) -> None:
        """Wait until the task has that status; fails with *what* when it takes longer."""
        wait_for(lambda: self.status(task) == status, seconds, what)

    def notes(self, task: Entity) -> list[Entity]:
        """The task's notes, without the one that says where it stands."""
        sg = self.client()
        link = {"type": "Task", "id": task["id"]}
        notes: list[Entity] = sg.find("Note", [["tasks", "in", [link]]], ["content", "subject", "attachments"])
        sg.close()
        return [note for note in notes if not str(note["subject"]).startswith("Wetgate: where")]

    def versions(self, task: Entity) -> list[Entity]:
        """The task's versions."""
        sg = self.client()
        link = {"type": "Task", "id": task["id"]}
        fields = [
            "code",
            "description",
            "sg_uploaded_movie",
            "image",
            "sg_path_to_frames",
            "sg_status_list",
            "sg_wetgate_key",
        ]
        versions: list[Entity] = sg.find("Version", [["sg_task", "is", link]], fields)
        sg.close()
        return versions

    def attachments(self) -> int:
        """How many uploads the tracker holds in all."""
        sg = self.client()
        found = sg.find("Attachment", [], ["id"])
        sg.close()
        return len(found)

    # -- footage ---------------------------------------------------------------------------------

    def shoot(self, frames: int = 12, *, look: bool = False) -> None:
        """Two takes of one set-up arrive under names that say nothing, and a matte beside them.

        With *look* the first one is graded: brighter and warmer.
        """
        first = made.take(frames, intruder=False)
        if look:
            first = [np.clip(frame * (1.15, 1.05, 0.9) + 4, 0, 255).astype(np.uint8) for frame in first]
        made.write_movie(self.dailies / "A001C004.mp4", first, timecode="01:00:00:00")
        made.write_movie(self.dailies / "A009C001.mp4", made.take(frames, intruder=True), timecode="02:00:00:00")
        write_mattes(self.work / SHOW / "painted" / "matte", made.matte(frames))

    def _write_settings(self, url: str, key: str) -> None:
        (self.folder / "key").write_text(key, encoding="ascii")
        (self.folder / "wetgate.toml").write_text(
            f"""work_root = "work"
[pages]
port = 0
[ingest]
settle_seconds = 0.5
sweep_seconds = 3
[trackers.main]
kind = "shotgrid"
url = "{url}"
api_key_file = "key"
poll_seconds = 0.5
sweep_seconds = 3
timeout_seconds = 10
""",
            encoding="utf-8",
        )
        shows = self.folder / "shows"
        shows.mkdir(exist_ok=True)
        lines = f'roots = ["dailies"]\nmin_psnr_db = 5\n{self._settings}'
        (shows / f"{SHOW}.toml").write_text(lines, encoding="utf-8")


def _environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("WETGATE_")} | {
        "OMP_NUM_THREADS": "1"
    }
