"""The ShotGrid connector under the shipped contract, whichever way its site loses answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from benches import new_project
from losses import OneLoss, OtherLosses
from practice import LEAVES_FILES_OPEN, Practice, SandboxBench, practice
from wetgate.daemon.sandbox import Fault

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """One site; each test has a project of its own there."""
    with practice(tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture
def bench(site: Practice, loss: Fault) -> Iterator[SandboxBench]:
    """A fresh project for each test."""
    made = SandboxBench(site, loss, new_project())
    yield made
    made.close()


class TestShotGrid(OneLoss):
    """Against the practice site."""


class TestOtherLosses(OtherLosses):
    """Against the practice site."""
