"""A fresh ShotGrid practice site for each test of the connector."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from practice import Practice, SandboxBench, practice
from wetgate.connectors.contract import grey_png
from wetgate.connectors.shotgrid import ShotGrid
from wetgate.daemon.sandbox import Fault


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Practice]:
    """A site that takes files by form alone."""
    with practice(tmp_path / "site") as made:
        yield made


@pytest.fixture
def bench(site: Practice) -> Iterator[SandboxBench]:
    """Its one show."""
    with closing(SandboxBench(site, Fault())) as made:
        yield made


@pytest.fixture
def tracker(bench: SandboxBench) -> ShotGrid:
    """A connector with short times."""
    return bench.connector(timeout_seconds=2.0, overlap_seconds=60.0)


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[SandboxBench]:
    """A show on a site that takes files through its storage, as hosted ones do."""
    with practice(tmp_path / "hosted", direct_uploads=True) as site, closing(SandboxBench(site, Fault())) as made:
        yield made


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture to send."""
    path = tmp_path / "frame.png"
    path.write_bytes(grey_png(64, 36))
    return path
