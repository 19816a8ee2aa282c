"""The fault table on a real Kitsu."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import gazu
import pytest
from fault_table import FaultRows, FaultTable, Site
from gateway import Gateway
from gazu import client as raw
from gazu.exception import RouteNotFoundException
from kitsu_site import KitsuBench, Studio
from wetgate.daemon.sandbox import Fault
from wetgate.schema.tracker import EntityRef

pytestmark = pytest.mark.services


class KitsuSite(Site[KitsuBench]):
    """A real Zou under the table; the bench has its own way there, which no fault meets."""

    kind = "kitsu"

    def __init__(self, studio: Studio, gateway: Gateway) -> None:
        super().__init__(studio.site.url, studio.bot["email"], studio.token)
        self._studio, self._gateway = studio, gateway

    def delete_version(self, version: EntityRef) -> None:
        # As a person does: the comment, and what was published with it.
        for comment in self.bench.preview(version)["comments"]:
            raw.delete(f"data/comments/{comment}", client=self._studio.admin)
        with contextlib.suppress(RouteNotFoundException):
            # Once it is uploaded, it goes with its comment.
            raw.delete(f"data/preview-files/{version.id}?force=true", client=self._studio.admin)

    def forbid(self, *, writing: bool) -> None:
        change = gazu.project.remove_person_from_team if writing else gazu.project.add_person_to_team
        change(self.bench.made, self._studio.bot, client=self._studio.admin)

    def _make(self, project: str) -> KitsuBench:
        return KitsuBench(self._studio, self._gateway, Fault(), project)


@pytest.fixture(scope="module")
def table(studio: Studio, gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultTable]:
    """The table over the one real server."""
    with contextlib.closing(FaultTable(KitsuSite(studio, gateway), tmp_path_factory.mktemp("faults"))) as made:
        yield made


class TestKitsu(FaultRows):
    """Whatever happens at whichever call of a publish, everything is there once."""
