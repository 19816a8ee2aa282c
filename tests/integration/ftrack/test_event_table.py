"""What goes wrong on the ftrack practice site while people work and the daemon listens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from benches import new_project
from event_table import EventRows, EventTable, NumberedRows, event_table
from listening import NumberedSite
from practice_ftrack import LEAVES_FILES_OPEN, FtrackBench, Practice, practice
from wetgate.daemon.sandbox import Fault
from wetgate.schema.tracker import EntityRef

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


class FtrackActs(NumberedSite):
    """What people and admins do to the practice site."""

    kind = "ftrack"
    settings = {
        "ready": "Ready to start", "running": "In progress", "waiting": "On Hold", "done": "Pending Review",
        "version": "Pending Review",
    }  # fmt: skip

    def __init__(self, site: Practice, bench: FtrackBench) -> None:
        self._site, self._person = site, bench.person

    def refuse(self, *, refused: bool) -> None:
        storage = self._site.sandbox.site.storage
        with storage.lock, storage.transaction():
            for key in list(storage.all("ApiKey")):
                storage.put("ApiKey", key["id"], {**key, "enabled": not refused})

    def assign_again(self, task: EntityRef) -> None:
        person = self._person
        context = person.get("Task", task.id)
        for who in ("Group where name is Wetgate", "User where username is artist"):
            values = {"context": context, "resource": person.query(who).one(), "type": "assignment"}
            person.create("Appointment", values)
        person.commit()

    def begin_anew(self) -> None:
        self._site.sandbox.site.journal.begin_anew()

    def hold_back(self) -> None:
        self._site.sandbox.site.journal.hold_back = 2

    def skip(self) -> None:
        self._site.sandbox.site.journal.skip_ids = 3


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventTable]:
    """A daemon that listens to a site. Its hub cannot be reached through the gateway: it polls."""
    folder = tmp_path_factory.mktemp("events")
    with (
        practice(folder / "site") as site,
        closing(FtrackBench(site, Fault(), new_project())) as bench,
        event_table(site.sandbox.url, bench, FtrackActs(site, bench), folder) as made,
    ):
        yield made


class TestFtrackEvents(NumberedRows, EventRows):
    """Whatever happens while people work, each task is answered once."""
