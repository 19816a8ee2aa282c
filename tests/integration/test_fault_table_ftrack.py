"""The fault table on the ftrack practice site."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from fault_table import FaultRows, FaultTable, Site
from practice_ftrack import LEAVES_FILES_OPEN, FtrackBench, Practice, practice
from wetgate.daemon.sandbox import Fault
from wetgate.schema.tracker import EntityRef

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


class FtrackSite(Site[FtrackBench]):
    """The practice site under the table."""

    kind = "ftrack"

    def __init__(self, site: Practice) -> None:
        super().__init__(site.sandbox.url, "wetgate", site.sandbox.api_key)
        self._site = site
        self._roles: list[dict[str, object]] = []

    def delete_version(self, version: EntityRef) -> None:
        person = self.bench.person
        person.delete(person.get("AssetVersion", version.id))
        person.commit()

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

    def _make(self, project: str) -> FtrackBench:
        return FtrackBench(self._site, Fault(), project)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultTable]:
    """The table over one site."""
    folder = tmp_path_factory.mktemp("faults")
    with practice(folder / "site") as site, closing(FaultTable(FtrackSite(site), folder)) as made:
        yield made


class TestFtrack(FaultRows):
    """Whatever happens at whichever call of a publish, everything is there once."""
