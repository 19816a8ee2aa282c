"""The fault table on the ftrack practice site."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from benches import new_project
from fault_table import FaultRows, FaultTable
from practice_ftrack import LEAVES_FILES_OPEN, FtrackBench, practice
from wetgate.daemon.sandbox import Fault

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultTable]:
    """The table over one site."""
    folder = tmp_path_factory.mktemp("faults")
    with practice(folder / "site") as site:
        table = FaultTable("ftrack", site.sandbox.url, lambda: FtrackBench(site, Fault(), new_project()), folder)
        with closing(table):
            yield table


class TestFtrack(FaultRows):
    """Whatever happens at whichever call of a publish, everything is there once."""
