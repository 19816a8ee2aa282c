"""The fault table: a publish meets a fault at a seeded call, and afterwards everything is there once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from fault_table import ROWS, FaultTable
from practice import LEAVES_FILES_OPEN, Practice, SandboxBench, practice
from wetgate.connectors.contract import Bench
from wetgate.daemon.sandbox import Fault
from wetgate.schema.tracker import EntityRef

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)
_projects = itertools.count(1)
SOAK_RUNS = 200


class ShotGridSite:
    """The practice tracker under the table."""

    kind = "shotgrid"
    script_name = "wetgate"

    def __init__(self, site: Practice) -> None:
        self._site = site
        self.url, self.api_key = site.sandbox.url, site.sandbox.script_key
        self._person = site.coordinator()
        self._bench: SandboxBench | None = None

    def bench(self) -> SandboxBench:
        self.close()
        self._bench = SandboxBench(self._site, Fault(), f"FAULT{next(_projects)}")
        return self._bench

    def close(self) -> None:
        """Close the connections of the last run."""
        if self._bench is not None:
            self._bench.close()

    def delete_version(self, bench: Bench, version: EntityRef) -> None:  # noqa: ARG002  # the table's protocol
        self._person.delete("Version", int(version.id))

    def forbid(self, *, writing: bool) -> None:
        self._site.sandbox.deny(self.script_name, *(["* *"] if writing else []))


@pytest.fixture(scope="module", params=["forms", "storage"])
def shotgrid(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultTable]:
    """A site that takes uploads by form, and one that takes them straight into a storage."""
    folder = tmp_path_factory.mktemp("faults")
    with practice(folder / "site", direct_uploads=request.param == "storage") as site:
        under = ShotGridSite(site)
        table = FaultTable(under, folder)
        yield table
        table.close()
        under.close()


@pytest.mark.parametrize("row", ROWS)
def test_shotgrid(shotgrid: FaultTable, row: str) -> None:
    """One row of the table at a call that a seed chooses."""
    shotgrid.run(row, seed=1)


@pytest.mark.soak
def test_shotgrid_soak(shotgrid: FaultTable) -> None:
    """200 runs over all rows."""
    rows = list(ROWS)
    for seed in range(SOAK_RUNS):
        shotgrid.run(rows[seed % len(rows)], seed)
