"""One ShotGrid practice site for the tests of a file, and the vendor's client there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from practice import Practice, practice


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """A site without direct uploads, as it is by default."""
    with practice(tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture
def sg(site: Practice) -> Iterator[Any]:
    """A client of its own for each test."""
    site.faults.set()
    client = site.script()
    yield client
    client.close()


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    """A file that is called a movie."""
    path = tmp_path / "SH010_v001 ä.mov"
    path.write_bytes(os.urandom(70_000))
    return path
