"""The ways in which a site loses answers, and the tracker contract over all of them.

A tracker's tests give a fixture `bench` that asks for `loss`, and inherit both classes.
"""

from __future__ import annotations

import pytest
from wetgate.connectors.contract import TrackerContract
from wetgate.daemon.sandbox import Fault

LOSSES = {
    "gateway time-out": Fault(action="status", status=504),
    "bad gateway": Fault(action="status", status=502),
    "dropped connection": Fault(action="drop"),
    "server error": Fault(action="status", status=500),
}


class OneLoss(TrackerContract):
    """The whole contract, over a site whose gateway answers 504 for what was carried out."""

    @pytest.fixture
    def loss(self) -> Fault:
        """The one that most sites have."""
        return LOSSES["gateway time-out"]


class OtherLosses:
    """The contract's promises about lost answers, for each other way of losing them."""

    test_version = TrackerContract.test_a_lost_answer_makes_no_second_version
    test_file = TrackerContract.test_a_lost_answer_sends_no_second_file
    test_note = TrackerContract.test_a_lost_answer_writes_no_second_note
    picture = TrackerContract.picture

    @pytest.fixture(params=["bad gateway", "dropped connection", "server error"])
    def loss(self, request: pytest.FixtureRequest) -> Fault:
        """Another way."""
        return LOSSES[request.param]
