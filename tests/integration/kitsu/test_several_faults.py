"""Whole publishes on a real Kitsu behind a gateway that fails at random places."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from benches import new_project
from gateway import Gateway
from kitsu_site import KitsuBench, Studio
from several_faults import SeveralFaults
from wetgate.daemon.sandbox import Fault

pytestmark = pytest.mark.services


@pytest.fixture
def new_bench(studio: Studio, gateway: Gateway) -> Callable[[], KitsuBench]:
    """Projects of the one server."""
    return lambda: KitsuBench(studio, gateway, Fault(), new_project())


class TestKitsu(SeveralFaults[KitsuBench]):
    """A real site takes its time."""

    patience_seconds = 3
