"""The ShotGrid connector under the shipped contract, whichever way its site loses answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from practice import LEAVES_FILES_OPEN, SandboxBench, practice
from wetgate.connectors.contract import TrackerContract
from wetgate.daemon.sandbox import Fault

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)

LOSSES = {
    "gateway time-out": Fault(action="status", status=504),
    "bad gateway": Fault(action="status", status=502),
    "dropped connection": Fault(action="drop"),
    "server error": Fault(action="status", status=500),
}


class TestShotGrid(TrackerContract):
    """Over a site whose gateway answers 504 for what was carried out."""

    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[SandboxBench]:
        """A fresh site for each test."""
        with practice(tmp_path / "site") as site:
            made = SandboxBench(site, LOSSES["gateway time-out"])
            yield made
            made.close()


@pytest.fixture(params=["bad gateway", "dropped connection", "server error"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SandboxBench]:
    """A site that loses answers in another way."""
    with practice(tmp_path / "site") as site:
        made = SandboxBench(site, LOSSES[request.param])
        yield made
        made.close()


class TestOtherLosses:
    """The contract's promises about lost answers, for each other way of losing them."""

    test_version = TrackerContract.test_a_lost_answer_makes_no_second_version
    test_file = TrackerContract.test_a_lost_answer_sends_no_second_file
    test_note = TrackerContract.test_a_lost_answer_writes_no_second_note
    picture = TrackerContract.picture
