"""One task's whole life on a real Kitsu: a real daemon, a real server, people through plain gazu."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from gazu import client as raw
from kitsu_site import RUNNING, Studio
from thread import SHOW, Thread
from waiting import wait_for

pytestmark = pytest.mark.services


class KitsuThread(Thread):
    """The thread on Kitsu instead of the practice tracker. It polls so seldom that only a push brings anything."""

    def __init__(self, folder: Path, studio: Studio) -> None:
        super().__init__(folder)
        self._studio = studio
        site = studio.site
        self.work.mkdir()
        (folder / "key").write_text(studio.token, encoding="ascii")
        (folder / "wetgate.toml").write_text(
            f"""work_root = "work"
[pages]
port = 0
[ingest]
settle_seconds = 0.5
sweep_seconds = 3
[trackers.main]
kind = "kitsu"
url = "{site.url}"
script_name = "{studio.bot["email"]}"
api_key_file = "key"
key_field = "wetgate_key"
poll_seconds = 3600
sweep_seconds = 3600
[trackers.main.options]
event_url = "{site.events}"
""",
            encoding="utf-8",
        )
        (folder / "shows").mkdir()
        self.project = studio.project(f"KITSUTHREAD {time.time_ns()}")
        (folder / "shows" / f"{SHOW}.toml").write_text(
            f"""roots = ["dailies"]
min_psnr_db = 5
project = "{self.project["name"]}"
approvers = ["{studio.reviser["email"]}"]
rules = [{{ task = "*", processor = "remove" }}]
[statuses]
ready = ["ready"]
running = "{RUNNING}"
waiting = "todo"
done = "wfa"
version = "wfa"
approved = ["done"]
rejected = ["retake"]
""",
            encoding="utf-8",
        )

    def comments(self, task: str) -> list[dict[str, Any]]:
        """The task's comments, oldest first."""
        rows = raw.get(f"data/tasks/{task}/comments", client=self._studio.admin)
        return sorted(rows, key=lambda row: row["created_at"])

    def standing(self, task: str) -> str:
        """The short name of the task's status."""
        row = raw.get(f"data/tasks/{task}", client=self._studio.admin)
        return str(next(n for n, one in self._studio.statuses.items() if one["id"] == row["task_status_id"]))

    def texts(self, task: str) -> str:
        """Everything that was said."""
        return "\n".join(row["text"] or "" for row in self.comments(task))

    def previews(self, task: str) -> list[dict[str, Any]]:
        """The task's versions, oldest first."""
        rows: list[dict[str, Any]] = raw.get("data/preview-files", params={"task_id": task}, client=self._studio.admin)
        return sorted(rows, key=lambda row: row["revision"])

    def whole(self, task: str, versions: int) -> bool:
        """Whether so many versions are there, the last one's movie digested, and the task is told."""
        found = self.previews(task)
        told = self.rows("select count(*) from version where state = 'published'") == [(versions,)]
        return len(found) == versions and found[-1]["status"] == "ready" and told and self.standing(task) == "wfa"


@pytest.mark.timeout(900)
def test_one_tasks_whole_life(studio: Studio, tmp_path: Path) -> None:
    """Assign, brief mistakes, answer, fix, v001, reply, v002 with what changed, approval; each by a push."""
    thread = KitsuThread(tmp_path, studio)
    try:
        thread.shoot()
        thread.start()
        wait_for(thread.has_tables, 120, "the daemon is up")
        wait_for(lambda: len(thread.rows("select 1 from clip")) == 2, 120, "the dailies are indexed")
        wait_for(lambda: bool(thread.rows("select 1 from cursor")), 120, "it reads the site")
        shot = studio.shot(thread.project)
        made = studio.task(shot, "main", "ready", [studio.bot], description="Plate: A009C001\nmatt: painted/matte")
        task = str(made["id"])
        wait_for(lambda: "`matt: painted/matte`" in thread.texts(task), 120, "the brief's mistake is answered")
        raw.put(f"data/tasks/{task}", {"description": "Plate: A009C001\nmatte: painted/matte"}, client=studio.admin)
        studio.comment(task, "corrected", "ready")
        wait_for(lambda: thread.whole(task, 1), 300, "v001 is there")
        assert "Restored" in thread.texts(task)

        studio.comment(task, "wider matte, 1003-1008")
        wait_for(lambda: thread.whole(task, 2), 300, "v002 is there")
        assert "matte 4 px wider on 1003-1008" in thread.texts(task)

        studio.comment(task, "lovely", "done")
        wait_for(lambda: thread.rows("select state from task") == [("approved",)], 120, "the approval closes our side")
        assert thread.standing(task) == "done"
        assert [one["revision"] for one in thread.previews(task)] == [1, 2]
        transcript = [
            {"by": (row["person_id"] == studio.bot["id"] and "Wetgate") or "person", "text": row["text"]}
            for row in thread.comments(task)
        ]
        (tmp_path / "transcript.json").write_text(json.dumps(transcript, indent=1))
    finally:
        thread.close()
