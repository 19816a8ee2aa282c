"""Whole publishes on a ShotGrid practice site whose calls fail at random places."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from benches import new_project
from practice import LEAVES_FILES_OPEN, SandboxBench, practice
from several_faults import SeveralFaults
from wetgate.daemon.sandbox import Fault

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


@pytest.fixture(scope="module", params=["forms", "storage"])
def new_bench(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], SandboxBench]]:
    """Projects of a site that takes uploads by form, and of one that takes them straight into a storage."""
    with practice(tmp_path_factory.mktemp("site"), direct_uploads=request.param == "storage") as site:
        yield lambda: SandboxBench(site, Fault(), new_project())


class TestShotGrid(SeveralFaults[SandboxBench]):
    """Some sixty calls."""
