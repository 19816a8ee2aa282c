"""A fresh project on the real Kitsu for each test of the connector."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from benches import new_project
from gateway import Gateway
from kitsu_site import KitsuBench, Studio, make_movie
from wetgate.daemon.sandbox import Fault
from wetgate.schema.tracker import EntityRef


@pytest.fixture
def bench(studio: Studio, gateway: Gateway) -> Iterator[KitsuBench]:
    """A fresh project."""
    with closing(KitsuBench(studio, gateway, Fault(action="drop"), new_project())) as made:
        yield made


@pytest.fixture
def task(bench: KitsuBench) -> EntityRef:
    """A task of ours in it."""
    return bench.make_task("cleanup")


@pytest.fixture(scope="session")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds with a sound track."""
    return make_movie(tmp_path_factory.mktemp("media") / "review.mp4", ["-f", "lavfi", "-i", "anullsrc", "-shortest"])
