"""The ftrack connector under the shipped contract, whichever way its site loses answers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from practice_ftrack import LEAVES_FILES_OPEN, FtrackBench, Practice, practice
from wetgate.connectors.contract import TrackerContract
from wetgate.daemon.sandbox import Fault

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)

LOSSES = {
    "gateway time-out": Fault(action="status", status=504),
    "bad gateway": Fault(action="status", status=502),
    "dropped connection": Fault(action="drop"),
    "server error": Fault(action="status", status=500),
}

_projects = itertools.count(1)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """One site; each test has a project of its own there."""
    with practice(tmp_path_factory.mktemp("site")) as made:
        yield made


class TestFtrack(TrackerContract):
    """Over a site whose gateway answers 504 for what was carried out."""

    @pytest.fixture
    def bench(self, site: Practice) -> Iterator[FtrackBench]:
        """A fresh project for each test."""
        made = FtrackBench(site, LOSSES["gateway time-out"], f"SHOW{next(_projects)}")
        yield made
        made.close()


@pytest.fixture(params=["bad gateway", "dropped connection", "server error"])
def bench(request: pytest.FixtureRequest, site: Practice) -> Iterator[FtrackBench]:
    """A site that loses answers in another way."""
    made = FtrackBench(site, LOSSES[request.param], f"SHOW{next(_projects)}")
    yield made
    made.close()


class TestOtherLosses:
    """The contract's promises about lost answers, for each other way of losing them."""

    test_version = TrackerContract.test_a_lost_answer_makes_no_second_version
    test_file = TrackerContract.test_a_lost_answer_sends_no_second_file
    test_note = TrackerContract.test_a_lost_answer_writes_no_second_note
    picture = TrackerContract.picture
