"""Whole publishes on an ftrack site whose calls fail at random places."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from practice_ftrack import LEAVES_FILES_OPEN, FtrackBench, Practice, practice
from wetgate.connectors.ftrack import uploads
from wetgate.daemon.sandbox import Fault
from whole_publish import WholePublish

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)

CALLS = 25
"""A whole publish makes some eighty calls; each rule meets one of the first so many that fit it."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """One site, which takes parts of any size."""
    with practice(tmp_path_factory.mktemp("site"), part_minimum=1) as made:
        yield made


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of an upload is 4 kB here, so that small files are sent in parts, without long waits in between."""
    monkeypatch.setattr(uploads, "PART", 4096)
    monkeypatch.setattr(uploads, "WHOLE", 8192)
    monkeypatch.setattr(uploads, "PAUSE", 0.01)


def faults(chance: random.Random) -> list[Fault]:
    """Up to five things that go wrong."""
    found = []
    for _ in range(chance.randint(1, 5)):
        place = chance.choice(["/api", "/api", "/component/*"])
        times = {"nth": chance.randint(1, CALLS), "times": chance.choice([1, 1, 2]), "path": place}
        when = chance.choice(["before", "after"])
        action = chance.choice(["drop", "status", "status", "slow"])
        status = chance.choice([429, 500, 502, 503, 504] if place == "/api" else [500, 503])
        if action == "status" and status in {429, 503}:
            when = "before"  # what is too busy has not begun
        found.append(Fault.model_validate({**times, "action": action, "when": when, "status": status, "seconds": 0.9}))
    return found


def run(site: Practice, seed: int, folder: Path) -> None:
    """One publish with the faults of a seed; afterwards all is there once, and nothing is left over."""
    chance = random.Random(seed)
    bench = FtrackBench(site, Fault(), f"RUN{seed}", timeout_seconds=0.6)
    whole = WholePublish(bench, folder, chance)
    site.faults.set(*faults(chance))
    site.faults.forget()
    whole.run()
    site.faults.set()
    assert len(site.faults.calls) < 250
    whole.check()
    media = site.sandbox.site.media
    here = f"version_id is {whole.version.id} and component_locations.location.name is ftrack.server"
    rows = bench.person.query(f"select metadata from FileComponent where {here}")
    for row in rows:
        assert media.path(row["id"]).read_bytes() == whole.files[row["metadata"]["wetgate_file"]].read_bytes()
    nowhere = "version_id is none and container_id is none and not component_locations any ()"
    orphans = bench.person.query(f"FileComponent where {nowhere}").all()
    assert orphans == []
    bench.close()


@pytest.mark.parametrize("seed", range(6))
def test_a_publish_survives_what_goes_wrong(site: Practice, seed: int, tmp_path: Path) -> None:
    """Lost answers, broken connections, a busy site and storage: all of it arrives, once."""
    run(site, seed, tmp_path)


@pytest.mark.soak
def test_many_publishes_survive(site: Practice, tmp_path: Path) -> None:
    """The same for 200 seeds."""
    for seed in range(1000, 1200):
        folder = tmp_path / str(seed)
        folder.mkdir()
        run(site, seed, folder)
