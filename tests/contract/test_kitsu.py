"""The Kitsu connector under the shipped contract on a real Zou, whichever way its gateway loses answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from benches import new_project
from gateway import Gateway
from kitsu_site import KitsuBench, Studio
from losses import OneLoss, OtherLosses
from wetgate.daemon.sandbox import Fault

pytestmark = pytest.mark.services


@pytest.fixture
def bench(studio: Studio, gateway: Gateway, loss: Fault) -> Iterator[KitsuBench]:
    """A fresh project for each test."""
    made = KitsuBench(studio, gateway, loss, new_project())
    yield made
    made.close()


class TestKitsu(OneLoss):
    """Against the real server."""


class TestOtherLosses(OtherLosses):
    """Against the real server."""
