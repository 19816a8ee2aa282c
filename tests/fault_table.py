"""The table of what must hold: one fault at a seeded call of a publish, and what stands in the tracker after it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from benches import FaultBench
from gateway import Gateway
from publishing import SHOW, Publishing
from secrets_sought import assert_hidden_in
from wetgate.connectors.contract import Bench
from wetgate.daemon.sandbox import Fault
from wetgate.schema.tracker import Ability, EntityRef

PUBLISHING = Path(__file__).with_name("publishing.py")
TIMEOUT = 2.0
MOST_CALLS = 4
"""A publish with a fault may cost so many times the calls of one without, and no more."""


SOAK_RUNS = 200


ROWS: dict[str, Fault | str] = {
    "504 after commit": Fault(status=504, when="after"),
    "502": Fault(status=502),
    "503 twice": Fault(status=503, times=2),
    "429 with Retry-After": Fault(status=429, headers={"Retry-After": "1"}),
    "non-JSON 500": Fault(status=500),
    "non-JSON 500 after commit": Fault(status=500, when="after"),
    "connection reset": Fault(action="drop"),
    "connection reset after commit": Fault(action="drop", when="after"),
    "idle socket closed": Fault(action="close", times=2),
    "slow reply": Fault(action="slow", when="after", seconds=TIMEOUT + 1),
    "missing ETag": Fault(action="strip", headers={"ETag": ""}, times=50),
    "killed before a call": "before",
    "killed after a call": "after",
    "permission taken away": "forbid",
    "version deleted meanwhile": "delete",
}


APART = ("504 after commit", "non-JSON 500", "connection reset", "slow reply", "killed after a call")
"""Rows whose publish is a process of its own: all that it writes and says is searched for secrets."""


@dataclass
class Run:
    """One row at one call, and what came of it."""

    row: str
    nth: int
    calls: int
    why: str


class FaultTable:
    """Runs rows against one tracker."""

    def __init__(
        self,
        kind: str,
        site: str,
        bench: Callable[[], FaultBench[Any]],
        folder: Path,
        own: Mapping[str, Callable[[], object]] | None = None,
    ) -> None:
        """*kind* of connector, address of the *site*, and what makes the bench of a run, with a project of its own.

        *own* are rows of this site alone, by name: what happens there before the call.
        """
        self._kind, self._new_bench, self.folder, self._own = kind, bench, folder, own or {}
        self._gateway = Gateway(site, folder / "gateway")
        self.number = 0
        self.clean = self._run("", 0).calls

    def close(self) -> None:
        self._gateway.close()

    def run(self, row: str, seed: int) -> Run:
        """One row at a call that the seed chooses; raises AssertionError where something does not hold."""
        nth = random.Random(f"{row} {seed}").randint(1, self.clean)
        try:
            return self._run(row, nth, apart=row in APART)
        except AssertionError as error:
            where = f"{self._kind}, {row}, call {nth} of {self.clean} (seed {seed})"
            raise AssertionError(f"{where}: {error}") from error

    def _run(self, row: str, nth: int, *, apart: bool = False) -> Run:
        self.number += 1
        with closing(self._new_bench()) as bench:
            run = self._run_on(bench, row, nth, apart=apart)
            if apart:
                folder = self.folder / f"run{self.number}"
                assert "version published" in (folder / "daemon.log").read_text()
                assert assert_hidden_in(folder, [bench.secret], but=["spec.json"]) > 3
            return run

    def _run_on(self, bench: FaultBench[Any], row: str, nth: int, *, apart: bool) -> Run:
        folder = self.folder / f"run{self.number}"
        folder.mkdir(parents=True)
        task = bench.make_task("cleanup")
        entity = bench.tracker.task(task).entity
        assert entity is not None
        spec = {
            "folder": str(folder), "kind": self._kind, "url": self._gateway.url, "timeout": TIMEOUT,
            "script_name": bench.script_name, "api_key": bench.secret, "project": bench.project,
            "task": task.model_dump(), "entity": entity.model_dump(), "review": bench.review, "done": bench.review,
        }  # fmt: skip
        (folder / "spec.json").write_text(json.dumps(spec))
        key = f"{bench.project}-fault-{self.number}"
        publishing = Publishing(spec)
        publishing.prepare(key)
        self._gateway.begin()
        fault = ROWS.get(row, row)
        try:
            if isinstance(fault, Fault):
                self._gateway.plan.set(fault.model_copy(update={"nth": nth}))
                why = self._by_a_process(folder) if apart else publishing.carry()
            elif fault in {"before", "after"}:
                why = self._by_a_process(folder, nth, fault)
            elif fault:
                why = self._meddled(publishing, bench, key, nth, fault)
            else:
                why = publishing.carry()
        finally:
            publishing.close()
        calls = self._gateway.count
        self._gateway.begin()
        self._hold(bench, task, key, row, why)
        if apart:
            (folder / "told.json").write_text(bench.tracker.brief(task).model_dump_json())
        assert not row or calls <= MOST_CALLS * self.clean, f"{calls} calls: a storm"
        return Run(row, nth, calls, why)

    def _by_a_process(self, folder: Path, nth: int = 0, when: str = "before") -> str:
        """Carry it over by a process of its own, which is killed around the *nth* call, and then by another."""
        process: list[subprocess.Popen[str]] = []
        self._gateway.at(nth, when, lambda: os.kill(process[0].pid, signal.SIGKILL))
        for _ in range(3):
            process[:] = [
                subprocess.Popen(
                    [sys.executable, str(PUBLISHING), str(folder / "spec.json")], stderr=subprocess.PIPE, text=True
                )
            ]
            _, said = process[0].communicate(timeout=120)
            if process[0].returncode != -signal.SIGKILL:
                return said.strip() if process[0].returncode else ""
        return "killed more than once"

    def _meddled(self, publishing: Publishing, bench: FaultBench[Any], key: str, nth: int, fault: str) -> str:
        if fault == "forbid":
            self._gateway.at(nth, "before", lambda: bench.forbid(writing=True))
            publishing.carry()
            self._gateway.leave()
            bench.forbid(writing=False)
            # A person reads why (of a refused status too: the task is told), gives the right back, publishes again.
            return publishing.carry()

        if fault in self._own:
            self._gateway.at(nth, "before", self._own[fault])
            return publishing.carry()

        def delete() -> None:
            found = bench.tracker.find_version(key)
            if found is not None:
                bench.delete_version(found)
            bench.tracker.close()  # this thread's connection

        self._gateway.at(nth, "before", delete)
        return publishing.carry()

    def _hold(self, bench: Bench, task: EntityRef, key: str, row: str, why: str) -> None:
        versions, notes = bench.versions(key), bench.notes(f"{key}-note")
        if row == "version deleted meanwhile" and versions == 0:
            # Whether it was deleted before or after the last step: never made again behind a person's back.
            assert notes <= 1, f"{notes} notes"
            return
        assert not why, why
        assert versions == 1, f"{versions} versions"
        assert notes == 1, f"{notes} notes"
        found = bench.tracker.find_version(key)
        assert found is not None
        files = sorted(bench.files(found))
        wanted = ["review.mp4", "thumbnail.png", "report.json", "report.html", "contact_sheet.png", f"{key}.otio"]
        if Ability.FILMSTRIP in bench.tracker.abilities:
            wanted.append("filmstrip.jpg")
        assert files == sorted(wanted), f"files {files}"
        if Ability.PUBLISHED_FILES in bench.tracker.abilities:
            assert len(bench.registered(found)) == 2, f"registered {bench.registered(found)}"
        if Ability.PLAYLISTS in bench.tracker.abilities:
            lists = bench.playlists(f"{SHOW} Wetgate {time.strftime('%Y-%m-%d')}")
            assert sum(one.count(found.id) for one in lists) == 1, f"playlists {lists}"
        assert bench.tracker.task(task).status == bench.review


class FaultRows:
    """A tracker's tests inherit, and give the fixture `table`."""

    @pytest.mark.parametrize("row", ROWS)
    def test_row(self, table: FaultTable, row: str) -> None:
        """One row of the table at a call that a seed chooses; of those that run apart no log down to its debug lines,
        nor the database or a note, tells a secret."""
        table.run(row, seed=1)

    @pytest.mark.soak
    def test_soak(self, table: FaultTable) -> None:
        """200 runs over all rows."""
        rows = list(ROWS)
        for seed in range(SOAK_RUNS):
            table.run(rows[seed % len(rows)], seed)
