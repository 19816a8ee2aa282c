"""The fault table on a real Kitsu."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from benches import new_project
from fault_table import FaultRows, FaultTable
from gateway import Gateway
from kitsu_site import KitsuBench, Studio
from wetgate.daemon.sandbox import Fault

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def table(studio: Studio, gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultTable]:
    """The table over the one real server; the bench has its own way there, which none of its faults meets."""
    folder = tmp_path_factory.mktemp("faults")
    table = FaultTable("kitsu", studio.site.url, lambda: KitsuBench(studio, gateway, Fault(), new_project()), folder)
    with closing(table):
        yield table


class TestKitsu(FaultRows):
    """Whatever happens at whichever call of a publish, everything is there once."""
