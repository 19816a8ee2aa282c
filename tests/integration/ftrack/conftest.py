"""A fresh ftrack practice site for each test of the connector."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from practice_ftrack import FtrackBench, practice
from wetgate.daemon.sandbox import Fault


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[FtrackBench]:
    """A fresh site with one show."""
    with practice(tmp_path / "site") as site, closing(FtrackBench(site, Fault(status=504), "PINE")) as made:
        yield made
