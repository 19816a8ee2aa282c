"""What goes wrong on a real Kitsu while people work and the daemon listens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import gazu
import pytest
from benches import new_project
from event_table import EventRows, EventTable, event_table
from gateway import Gateway
from gazu import client as raw
from kitsu_site import REVISER, RUNNING, KitsuBench, Studio
from listening import EventSite
from wetgate.daemon.sandbox import Fault
from wetgate.schema.tracker import EntityRef

pytestmark = pytest.mark.services


class KitsuActs(EventSite):
    """What people and admins do to a real site. Its event stream is kept from the daemon, which polls."""

    kind = "kitsu"
    settings = {"ready": "ready", "running": RUNNING, "waiting": "todo", "done": "wfa", "version": "wfa"}
    options = {"event_url": "http://127.0.0.1:9"}
    hides = True

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self.secrets = (REVISER,)

    def refuse(self, *, refused: bool) -> None:
        raw.put(f"data/persons/{self._studio.bot['id']}", {"active": not refused}, client=self._studio.admin)

    def assign_again(self, task: EntityRef) -> None:
        for person in (self._studio.bot, self._studio.artist, self._studio.bot):
            gazu.task.assign_task(task.id, person, client=self._studio.admin)


@pytest.fixture(scope="module")
def events(studio: Studio, gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventTable]:
    """A daemon that listens to the one real server."""
    folder = tmp_path_factory.mktemp("events")
    with (
        closing(KitsuBench(studio, gateway, Fault(), new_project())) as bench,
        event_table(studio.site.url, bench, KitsuActs(studio), folder) as made,
    ):
        yield made


class TestKitsuEvents(EventRows):
    """Whatever happens while people work, each task is answered once."""
