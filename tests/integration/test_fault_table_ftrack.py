"""The fault table on the ftrack practice site: whatever happens at whichever call, everything is there once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from fault_table import ROWS, FaultTable
from practice_ftrack import LEAVES_FILES_OPEN, FtrackBench, Practice, practice
from wetgate.connectors.contract import Bench
from wetgate.daemon.sandbox import Fault
from wetgate.schema.tracker import EntityRef

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)
_projects = itertools.count(1)
SOAK_RUNS = 200


class FtrackSite:
    """The practice site under the table."""

    kind = "ftrack"
    script_name = "wetgate"

    def __init__(self, site: Practice) -> None:
        self._site = site
        self.url, self.api_key = site.sandbox.url, site.sandbox.api_key
        self._person = site.session("coordinator")
        self._bench: FtrackBench | None = None
        self._roles: list[dict[str, object]] = []

    def bench(self) -> FtrackBench:
        self.close()
        self._bench = FtrackBench(self._site, Fault(), f"FAULT{next(_projects)}")
        return self._bench

    def close(self) -> None:
        """Close the connections of the last run."""
        if self._bench is not None:
            self._bench.close()

    def delete_version(self, bench: Bench, version: EntityRef) -> None:  # noqa: ARG002  # the table's protocol
        self._person.delete(self._person.get("AssetVersion", version.id))
        self._person.commit()

    def forbid(self, *, writing: bool) -> None:
        storage = self._site.sandbox.site.storage
        with storage.transaction():
            (user,) = storage.where("Resource", "username", self.script_name)
            if writing:
                self._roles = [dict(one) for one in storage.where("UserSecurityRole", "user_id", user["id"])]
                for role in self._roles:
                    storage.remove("UserSecurityRole", str(role["id"]))
            else:
                for role in self._roles:
                    storage.put("UserSecurityRole", str(role["id"]), role)


@pytest.fixture(scope="module")
def ftrack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultTable]:
    """The table over one site."""
    folder = tmp_path_factory.mktemp("faults")
    with practice(folder / "site") as site:
        under = FtrackSite(site)
        table = FaultTable(under, folder)
        yield table
        table.close()
        under.close()


@pytest.mark.parametrize("row", ROWS)
def test_ftrack(ftrack: FaultTable, row: str) -> None:
    """One row of the table at a call that a seed chooses."""
    ftrack.run(row, seed=1)


@pytest.mark.soak
def test_ftrack_soak(ftrack: FaultTable) -> None:
    """200 runs over all rows."""
    rows = list(ROWS)
    for seed in range(SOAK_RUNS):
        ftrack.run(rows[seed % len(rows)], seed)
