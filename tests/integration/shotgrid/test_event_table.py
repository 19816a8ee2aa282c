"""What goes wrong on the ShotGrid practice site while people work and the daemon listens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from benches import new_project
from event_table import EventRows, EventTable, NumberedRows, event_table
from listening import Daemon, NumberedSite
from practice import LEAVES_FILES_OPEN, Practice, SandboxBench, practice
from waiting import wait_for
from wetgate.connectors.contract import grey_png
from wetgate.daemon.sandbox import Fault
from wetgate.schema.tracker import EntityRef

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


class ShotGridActs(NumberedSite):
    """What people and admins do to the practice site."""

    kind = "shotgrid"
    settings = {"running": "ip", "waiting": "hld", "done": "rev", "version": "rev", "ready": "rdy"}

    def __init__(self, site: Practice) -> None:
        self._site, self._person = site, site.coordinator()
        self.secrets = (site.sandbox.access.coordinator_password,)

    def refuse(self, *, refused: bool) -> None:
        box = self._site.sandbox
        with box.site.storage.lock, box.site.storage.transaction():
            key = "another" if refused else box.script_key
            (script,) = (one for one in box.site.storage.all("ApiUser").values() if one["firstname"] == "wetgate")
            box.site.auth.set_secret("ApiUser", script["id"], key)

    def assign_again(self, task: EntityRef) -> None:
        group = self._person.find_one("Group", [["code", "is", "Wetgate"]])
        artist = self._person.find_one("HumanUser", [["login", "is", "artist"]])
        for people in ([artist], [group, artist], [artist, group]):
            self._person.update("Task", int(task.id), {"task_assignees": people})

    def begin_anew(self) -> None:
        self._site.sandbox.site.events.begin_anew()

    def hold_back(self) -> None:
        self._site.sandbox.site.events.hold_back = 2

    def skip(self) -> None:
        self._site.sandbox.site.events.skip_ids = 3

    def end_sessions(self) -> None:
        """All that the site gave out to log in with for a while runs out."""
        self._site.sandbox.end_sessions()


def _is_a_job(daemon: Daemon, task: EntityRef) -> bool:
    return daemon.jobs(task) == 1


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventTable]:
    """A daemon that listens to a site."""
    folder = tmp_path_factory.mktemp("events")
    # People rest longer than the vendor's client bears.
    with (
        practice(folder / "site", keep_alive_seconds=900) as site,
        closing(SandboxBench(site, Fault(), new_project())) as bench,
        event_table(site.sandbox.url, bench, ShotGridActs(site), folder) as made,
    ):
        yield made


class TestShotGridEvents(NumberedRows, EventRows):
    """Whatever happens while people work, each task is answered once."""

    def test_sessions_run_out(self, events: EventTable, tmp_path: Path) -> None:
        """What people attach is fetched also when the session of the first download ended long ago."""
        house, matte = events.listening, tmp_path / "matte.png"
        assert isinstance(house.acts, ShotGridActs)
        matte.write_bytes(grey_png(160, 90))
        for grow in range(2, 4):
            task = house.bench.make_task("cleanup", "plate: A001C001")
            house.bench.write_note(task, f"matte: matte.png\ngrow: {grow}", [matte])
            wait_for(partial(_is_a_job, events.first, task), 120, "the task is a job")
            house.acts.end_sessions()
