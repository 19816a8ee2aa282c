"""The Kitsu connector under the shipped contract on a real Zou, whichever way its gateway loses answers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from kitsu_site import KitsuBench, Studio
from wetgate.connectors.contract import TrackerContract
from wetgate.daemon.sandbox.faults import Fault
from zou import Gateway

pytestmark = pytest.mark.services

LOSSES = {
    "gateway time-out": Fault(action="status", status=504),
    "bad gateway": Fault(action="status", status=502),
    "dropped connection": Fault(action="drop"),
    "server error": Fault(action="status", status=500),
}


_projects = itertools.count(1)


class TestKitsu(TrackerContract):
    """Over a site whose gateway answers 504 for what was carried out."""

    @pytest.fixture
    def bench(self, studio: Studio, gateway: Gateway) -> Iterator[KitsuBench]:
        """A fresh project for each test."""
        made = KitsuBench(studio, gateway, LOSSES["gateway time-out"], f"SHOW{next(_projects)}")
        yield made
        made.close()


@pytest.fixture(params=["bad gateway", "dropped connection", "server error"])
def bench(request: pytest.FixtureRequest, studio: Studio, gateway: Gateway) -> Iterator[KitsuBench]:
    """A site that loses answers in another way."""
    made = KitsuBench(studio, gateway, LOSSES[request.param], f"SHOW{next(_projects)}")
    yield made
    made.close()


class TestOtherLosses:
    """The contract's promises about lost answers, for each other way of losing them."""

    picture = TrackerContract.picture
    test_version = TrackerContract.test_a_lost_answer_makes_no_second_version
    test_file = TrackerContract.test_a_lost_answer_sends_no_second_file
    test_note = TrackerContract.test_a_lost_answer_writes_no_second_note
