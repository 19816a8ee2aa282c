"""The fault table on a real Kitsu: whatever happens at whichever call of a publish, everything is there once."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator

import gazu
import pytest
from fault_table import ROWS, FaultTable
from gazu import client as raw
from gazu.exception import RouteNotFoundException
from kitsu_site import KitsuBench, Studio
from wetgate.connectors.contract import Bench
from wetgate.daemon.sandbox.faults import Fault
from wetgate.schema.tracker import EntityRef
from zou import Gateway

pytestmark = pytest.mark.services
_projects = itertools.count(1)
SOAK_RUNS = 200


class KitsuSite:
    """A real Zou under the table."""

    kind = "kitsu"

    def __init__(self, studio: Studio, gateway: Gateway) -> None:
        self._studio, self._gateway = studio, gateway
        self.url, self.script_name, self.api_key = studio.site.url, studio.bot["email"], studio.token
        self._bench: KitsuBench | None = None

    def bench(self) -> KitsuBench:
        self._bench = KitsuBench(self._studio, self._gateway, Fault(), f"KITSUFAULT{next(_projects)}")
        return self._bench

    def delete_version(self, bench: Bench, version: EntityRef) -> None:
        # As a person does: the comment, and what was published with it.
        assert bench is self._bench
        for comment in self._bench.preview(version)["comments"]:
            raw.delete(f"data/comments/{comment}", client=self._studio.admin)
        with contextlib.suppress(RouteNotFoundException):
            # Once it is uploaded, it goes with its comment.
            raw.delete(f"data/preview-files/{version.id}?force=true", client=self._studio.admin)

    def forbid(self, *, writing: bool) -> None:
        assert self._bench is not None
        change = gazu.project.remove_person_from_team if writing else gazu.project.add_person_to_team
        change(self._bench.made, self._studio.bot, client=self._studio.admin)


@pytest.fixture(scope="module")
def kitsu(studio: Studio, gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultTable]:
    """The table over the one real server."""
    table = FaultTable(KitsuSite(studio, gateway), tmp_path_factory.mktemp("faults"))
    yield table
    table.close()


@pytest.mark.parametrize("row", ROWS)
def test_kitsu(kitsu: FaultTable, row: str) -> None:
    """One row of the table at a call that a seed chooses."""
    kitsu.run(row, seed=1)


@pytest.mark.soak
def test_kitsu_soak(kitsu: FaultTable) -> None:
    """200 runs over all rows."""
    rows = list(ROWS)
    for seed in range(SOAK_RUNS):
        kitsu.run(rows[seed % len(rows)], seed)
