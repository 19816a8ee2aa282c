"""One tracker's shows at its desk: what goes wrong with one is its own."""

from __future__ import annotations

from pathlib import Path

from practice import SandboxBench, practice
from waiting import wait_for
from wetgate.daemon import configuration
from wetgate.daemon.composition import compose
from wetgate.daemon.sandbox import Fault


def test_a_show_that_its_site_refuses_stops_no_other(tmp_path: Path) -> None:
    """The first show's tasks may not be read any more; the second one's task is found in the same round."""
    with practice(tmp_path / "site") as site:
        first, second = SandboxBench(site, Fault(), "OAK"), SandboxBench(site, Fault(), "PINE")
        settings = tmp_path / "wetgate.toml"
        settings.write_text(
            f'work_root = "{tmp_path / "work"}"\n[trackers.main]\nkind = "shotgrid"\nurl = "{site.sandbox.url}"\n'
            f'api_key = "{first.secret}"\npoll_seconds = 0.1\nsweep_seconds = 0.1\n'
        )
        (tmp_path / "shows").mkdir()
        for show in ("OAK", "PINE"):
            (tmp_path / "shows" / f"{show}.toml").write_text(f'project = "{show}"\n')
        with compose(configuration.load(settings)) as house:
            desk = house.desk("main", lambda: None)
            before = first.make_task("cleanup", "plate: A001")
            desk.start()
            wait_for(lambda: set(house.tasks.of_show("main", "OAK")) == {before.id}, 60)
            site.faults.set(Fault(contains="OAK", status=403, times=10_000))
            wait_for(lambda: any(call.fault for call in site.faults.calls), 60)
            lost, task = first.make_task("paint", "plate: A001"), second.make_task("cleanup", "plate: A001")
            wait_for(lambda: set(house.tasks.of_show("main", "PINE")) == {task.id}, 60)
            assert set(house.tasks.of_show("main", "OAK")) == {before.id}
            site.faults.set()
            wait_for(lambda: set(house.tasks.of_show("main", "OAK")) == {before.id, lost.id}, 60)
            desk.stop()
        for bench in (first, second):
            bench.close()
