"""The fault table on the ShotGrid practice site, which takes uploads in two ways."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from benches import new_project
from fault_table import FaultRows, FaultTable
from practice import LEAVES_FILES_OPEN, SandboxBench, practice
from wetgate.daemon.sandbox import Fault

SESSIONS = "sessions run out"

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


@pytest.fixture(scope="module", params=["forms", "storage"])
def table(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultTable]:
    """A site that takes uploads by form, and one that takes them straight into a storage."""
    folder = tmp_path_factory.mktemp("faults")
    with practice(folder / "site", direct_uploads=request.param == "storage") as site:
        table = FaultTable(
            "shotgrid",
            site.sandbox.url,
            lambda: SandboxBench(site, Fault(), new_project()),
            folder,
            own={SESSIONS: site.sandbox.end_sessions},
        )
        with closing(table):
            yield table


class TestShotGrid(FaultRows):
    """Whatever happens at whichever call of a publish, everything is there once."""

    def test_sessions_run_out(self, table: FaultTable) -> None:
        """Downloads alone use one: a publish does not notice that all of them ended."""
        table.run(SESSIONS, seed=1)
