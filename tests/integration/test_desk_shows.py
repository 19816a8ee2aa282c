"""One tracker's shows at its desk: what goes wrong with one is its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest
from practice import Practice, SandboxBench, practice
from waiting import wait_for
from wetgate.daemon import configuration
from wetgate.daemon.composition import House, compose
from wetgate.daemon.sandbox import Fault
from wetgate.daemon.store.unfit import unfit_shows

SHOWS = ("OAK", "PINE")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Practice]:
    """A site with two shows."""
    with practice(tmp_path / "site") as made:
        yield made


@pytest.fixture
def benches(site: Practice) -> Iterator[tuple[SandboxBench, SandboxBench]]:
    """Both shows."""
    with (
        closing(SandboxBench(site, Fault(), SHOWS[0])) as first,
        closing(SandboxBench(site, Fault(), SHOWS[1])) as other,
    ):
        yield first, other


def composed(
    folder: Path, bench: SandboxBench, shows: tuple[str, ...], sweep_seconds: float
) -> AbstractContextManager[House]:
    """A daemon's parts for some of the shows."""
    settings = folder / "wetgate.toml"
    settings.write_text(
        f'work_root = "{folder / "work"}"\n[trackers.main]\nkind = "shotgrid"\nurl = "{bench.url}"\n'
        f'api_key = "{bench.secret}"\npoll_seconds = 0.1\nsweep_seconds = {sweep_seconds}\n'
    )
    (folder / "shows").mkdir()
    for show in shows:
        (folder / "shows" / f"{show}.toml").write_text(f'project = "{show}"\n')
    return compose(configuration.load(settings))


def said(house: House) -> dict[str, str]:
    """What the page says of shows that are not served."""
    with house.database.read() as session:
        return {one.show: one.what for one in unfit_shows(session)}


def test_a_show_that_its_site_refuses_stops_no_other(
    site: Practice, benches: tuple[SandboxBench, SandboxBench], tmp_path: Path
) -> None:
    """The first show's tasks may not be read any more, which is said; the second one's is found in the same round."""
    first, second = benches
    with composed(tmp_path, first, SHOWS, 0.1) as house:
        desk = house.desk("main", lambda: None)
        before = first.make_task("cleanup", "plate: A001")
        desk.start()
        wait_for(lambda: set(house.tasks.of_show("main", "OAK")) == {before.id}, 60)
        site.faults.set(Fault(contains="OAK", status=403, times=10_000))
        wait_for(lambda: any(call.fault for call in site.faults.calls), 60)
        lost, task = first.make_task("paint", "plate: A001"), second.make_task("cleanup", "plate: A001")
        wait_for(lambda: set(house.tasks.of_show("main", "PINE")) == {task.id}, 60)
        assert set(house.tasks.of_show("main", "OAK")) == {before.id}
        assert said(house).keys() == {"OAK"}
        site.faults.set()
        wait_for(lambda: set(house.tasks.of_show("main", "OAK")) == {before.id, lost.id}, 60)
        desk.stop()


def test_a_refusal_is_said_until_the_show_is_looked_at(
    site: Practice, benches: tuple[SandboxBench, SandboxBench], tmp_path: Path
) -> None:
    """Where events can be read and tasks cannot, rounds that only read events change nothing on the page."""
    first, _ = benches
    with composed(tmp_path, first, SHOWS[:1], 3600) as house:
        desk = house.desk("main", lambda: None)
        site.faults.set(Fault(method="read", contains='"type": "Task"', status=403, times=10_000))
        desk.start()
        wait_for(lambda: said(house), 60, "it is said")
        site.faults.forget()
        wait_for(lambda: not said(house) or len(site.faults.calls) > 20, 60, "events are read on")
        assert "403" in said(house)["OAK"]
        assert not any(call.fault for call in site.faults.calls)
        site.faults.set()
        task = first.make_task("cleanup", "plate: A001")
        wait_for(lambda: set(house.tasks.of_show("main", "OAK")) == {task.id}, 60, "the task is found")
        assert said(house) == {}
        desk.stop()
