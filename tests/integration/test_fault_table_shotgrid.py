"""The fault table on the ShotGrid practice site, which takes uploads in two ways."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from fault_table import FaultRows, FaultTable, Site
from practice import LEAVES_FILES_OPEN, Practice, SandboxBench, practice
from wetgate.daemon.sandbox import Fault
from wetgate.schema.tracker import EntityRef

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


class ShotGridSite(Site[SandboxBench]):
    """The practice site under the table."""

    kind = "shotgrid"

    def __init__(self, site: Practice) -> None:
        super().__init__(site.sandbox.url, "wetgate", site.sandbox.script_key)
        self._site, self._person = site, site.coordinator()

    def delete_version(self, version: EntityRef) -> None:
        self._person.delete("Version", int(version.id))

    def forbid(self, *, writing: bool) -> None:
        self._site.sandbox.deny(self.script_name, *(["* *"] if writing else []))

    def _make(self, project: str) -> SandboxBench:
        return SandboxBench(self._site, Fault(), project)


@pytest.fixture(scope="module", params=["forms", "storage"])
def table(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultTable]:
    """A site that takes uploads by form, and one that takes them straight into a storage."""
    folder = tmp_path_factory.mktemp("faults")
    direct = request.param == "storage"
    with (
        practice(folder / "site", direct_uploads=direct) as site,
        closing(FaultTable(ShotGridSite(site), folder)) as it,
    ):
        yield it


class TestShotGrid(FaultRows):
    """Whatever happens at whichever call of a publish, everything is there once."""
