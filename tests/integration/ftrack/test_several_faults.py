"""Whole publishes on an ftrack practice site whose calls fail at random places."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from benches import new_project
from practice_ftrack import LEAVES_FILES_OPEN, FtrackBench, practice
from several_faults import SeveralFaults, WholePublish
from wetgate.connectors.ftrack import uploads
from wetgate.daemon.sandbox import Fault

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


@pytest.fixture(scope="module")
def new_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], FtrackBench]]:
    """Projects of one site, which takes parts of any size."""
    with practice(tmp_path_factory.mktemp("site"), part_minimum=1) as site:
        yield lambda: FtrackBench(site, Fault(), new_project())


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of an upload is 4 kB here, so that small files are sent in parts, without long waits in between."""
    monkeypatch.setattr(uploads, "PART", 4096)
    monkeypatch.setattr(uploads, "WHOLE", 8192)
    monkeypatch.setattr(uploads, "PAUSE", 0.01)


class TestFtrack(SeveralFaults[FtrackBench]):
    """Some eighty calls, to the site and to its storage."""

    places = [("/api", (429, 500, 502, 503, 504))] * 2 + [("/component/*", (500, 503))]
    first_calls = 25

    def nothing_is_left(self, publish: WholePublish[FtrackBench]) -> None:
        bench = publish.bench
        media = bench.site.sandbox.site.media
        here = f"version_id is {publish.version.id} and component_locations.location.name is ftrack.server"
        for row in bench.person.query(f"select metadata from FileComponent where {here}"):
            assert media.path(row["id"]).read_bytes() == publish.files[row["metadata"]["wetgate_file"]].read_bytes()
        nowhere = "version_id is none and container_id is none and not component_locations any ()"
        assert bench.person.query(f"FileComponent where {nowhere}").all() == []
