"""The other half of the fault table: what goes wrong while people work in the tracker and the daemon listens.

A real daemon reads the site through a gateway. It never sweeps: only events tell it. In each row people set up two
tasks, one that is a job and one whose brief has a mistake. Afterwards there is one job for the first, and the mistake
of the second is answered once.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from benches import FaultBench
from fault_table import ROWS
from listening import POLL_SECONDS, Daemon, EventSite, Listening, NumberedSite
from secrets_sought import assert_hidden, assert_hidden_in
from waiting import wait_for
from wetgate.daemon.sandbox import Fault
from wetgate.schema.tracker import EntityRef

CLOCK_SECONDS = 300.0
MOST_CALLS = 40
"""Calls that a row may cost beside the polls."""
POLL_CALLS = 2
"""Calls of one poll: what happened since the last, and the tasks that it names."""


class EventTable:
    """Runs rows against one daemon, which goes from row to row."""

    def __init__(self, listening: Listening) -> None:
        self.listening = listening
        self.first = listening.daemon()
        self.first.start()

    def hold(self, *both: tuple[EntityRef, EntityRef]) -> None:
        """Of each pair both tasks are answered, each once."""
        daemon, house = self.first, self.listening
        try:
            for good, bad in both:
                wait_for(partial(daemon.jobs, good), 120, "the task is a job")
                # A look at the site takes from it what the daemon waits for.
                wait_for(partial(daemon.settled, bad), 120, "it thinks that the mistake is answered")
                wait_for(partial(house.answers, bad), 120, "the mistake is answered")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{daemon.log[-3000:]}") from error
        time.sleep(1.5)
        for good, bad in both:
            assert (daemon.jobs(good), house.answers(bad)) == (1, 1)
        assert len(daemon.rows("select 1 from task")) == len(daemon.rows("select distinct tracker_ref from task"))

    def fault(self, fault: Fault, seed: str) -> None:
        """The site or the way to it fails at one of the calls by which the tasks are heard of and answered."""
        gateway = self.listening.gateway
        good, bad = self.listening.tasks()
        gateway.begin()
        began = time.monotonic()
        gateway.plan.set(fault.model_copy(update={"nth": random.Random(seed).randint(1, 12)}))
        self.hold((good, bad))
        polls = (time.monotonic() - began) / POLL_SECONDS
        assert gateway.count < POLL_CALLS * polls + MOST_CALLS, f"{gateway.count} calls: a storm"
        gateway.begin()

    def killed(self, when: str, seed: str) -> None:
        """The daemon dies around one of those calls, and is started again."""
        house = self.listening
        process = self.first.process
        assert process is not None
        good, bad = house.tasks()
        house.gateway.at(random.Random(seed).randint(1, 12), when, lambda: os.kill(process.pid, signal.SIGKILL))
        process.wait(60)
        self.first.start()
        self.hold((good, bad))

    def started_anew(self, skew: float = 0.0, *, sweeps: bool = False) -> None:
        """The same daemon as another process."""
        self.first.end(signal.SIGTERM)
        self.first.start(skew=skew, sweeps=sweeps)


@contextlib.contextmanager
def event_table(site: str, bench: FaultBench[Any], acts: EventSite, folder: Path) -> Iterator[EventTable]:
    """The table for one block."""
    house = Listening(site, bench, acts, folder)
    try:
        yield EventTable(house)
    finally:
        house.close()


class NumberedRows:
    """Of a site whose events are numbered; the fixture is `events`."""

    def test_an_id_appears_late(self, events: EventTable) -> None:
        """An event's id is visible only after higher ones were read."""
        _numbered(events).hold_back()
        good, bad = events.listening.tasks()
        events.hold((good, bad))

    def test_an_id_never_appears(self, events: EventTable) -> None:
        """A gap that stays holds nothing up."""
        _numbered(events).skip()
        events.hold(events.listening.tasks())

    def test_the_log_begins_anew(self, events: EventTable) -> None:
        """Ids that were used before are heard, by a daemon that was there and by one that was not."""
        events.hold(events.listening.tasks())
        events.first.end()
        _numbered(events).begin_anew()
        tasks = events.listening.tasks()
        events.first.start()
        events.hold(tasks)
        events.hold(events.listening.tasks())


class EventRows:
    """A tracker's tests inherit, and give the fixture `events`."""

    @pytest.mark.parametrize("row", [name for name, fault in ROWS.items() if isinstance(fault, Fault)][:10])
    def test_the_way_there_fails(self, events: EventTable, row: str) -> None:
        """A fault at a call that a seed chooses."""
        fault = ROWS[row]
        assert isinstance(fault, Fault)
        if fault.action == "slow":
            fault = fault.model_copy(update={"seconds": 6.0})
        events.fault(fault, row)

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_the_daemon_is_killed(self, events: EventTable, when: str) -> None:
        """kill -9 at a call that a seed chooses."""
        events.killed(when, when)

    def test_the_same_task_is_assigned_twice(self, events: EventTable) -> None:
        """It stays one job, and its mistake is told once."""
        house = events.listening
        good, bad = house.tasks()
        for task in (good, bad):
            house.acts.assign_again(task)
        events.hold((good, bad))
        for task in (good, bad):
            house.acts.assign_again(task)
        events.hold((good, bad))

    def test_the_key_is_refused_in_the_middle(self, events: EventTable) -> None:
        """The page says whose key, and what to do; when it counts again, what people did meanwhile is done."""
        house = events.listening
        house.acts.refuse(refused=True)
        try:
            wait_for(lambda: "does not accept" in events.first.refusals(), 60, "the page says it")
            assert house.bench.secret not in events.first.refusals() + events.first.log
        finally:
            house.acts.refuse(refused=False)
        events.hold(house.tasks())
        wait_for(lambda: not events.first.refusals(), 60, "the page is quiet again")

    def test_permission_is_taken_away_in_the_middle(self, events: EventTable) -> None:
        """The page says what waits for which right; with it back, all of that goes out by itself, once."""
        house, first = events.listening, events.first
        # No event tells of a project that is hidden, so there the sweep has to find it out.
        if house.acts.hides:
            events.started_anew(sweeps=True)
        events.hold(house.tasks())
        tasks = [house.tasks()]
        house.bench.forbid(writing=True)
        try:
            tasks.append(house.tasks())
            wait_for(first.refusals, 60, "it is noticed")
            if not house.acts.hides:
                wait_for(lambda: "wait and then go out by themselves" in first.page(), 60, "the page says what waits")
            assert "failed" not in _states(first)
        finally:
            house.bench.forbid(writing=False)
        wait_for(lambda: not first.refusals(), 180, "it is served again")
        events.hold(*tasks)
        if house.acts.hides:
            events.started_anew()

    @pytest.mark.parametrize("skew", [CLOCK_SECONDS, -CLOCK_SECONDS], ids=["ahead", "behind"])
    def test_clocks_differ(self, events: EventTable, skew: float) -> None:
        """By minutes: nothing is missed, nothing comes twice, also when the clock is set right."""
        tasks = [events.listening.tasks()]
        events.started_anew(skew)
        tasks.append(events.listening.tasks())
        events.hold(*tasks)
        tasks.append(events.listening.tasks())
        events.started_anew()
        tasks.append(events.listening.tasks())
        events.hold(*tasks)

    def test_two_daemons_are_started_by_mistake(self, events: EventTable) -> None:
        """On one workspace the second refuses. With workspaces of their own, and storage mounted at another place, a
        mistake is answered once, and both know the version by one key, so that it is made once."""
        house, first = events.listening, events.first
        again = first.command("run")
        assert again.returncode != 0
        assert b"running already" in again.stdout + again.stderr
        elsewhere = house.folder / "elsewhere"
        shutil.copytree(house.dailies, elsewhere)
        second = house.daemon("second", elsewhere)
        second.start()
        try:
            _both_take(house, (first, second))
        finally:
            second.end()

    def test_no_secret_is_anywhere(self, events: EventTable, tmp_path: Path) -> None:
        """After all that: not in a log down to its debug lines, the database, a page, a note, what commands say, or
        what the recorder kept."""
        house = events.listening
        secrets = house.secrets
        events.hold(house.tasks())
        heard_of = set()
        for daemon in house.daemons:
            assert assert_hidden_in(daemon.folder, secrets, but=["key"]) > 3
            assert "task queued" in daemon.log
            heard_of.update(daemon.rows("select tracker_ref from task"))
        for (task,) in heard_of:
            said = house.bench.tracker.brief(EntityRef(type="Task", id=task))
            assert_hidden(said.model_dump_json(), secrets, f"task {task}")
        pages = list(events.first.pages())
        assert len(pages) > 4
        for path, content in pages:
            assert_hidden(content, secrets, path)
        kept = tmp_path / "site.jsonl"
        for words in (["record", str(kept)], ["doctor"], ["jobs", "--json"], ["config"], ["config", "--json"]):
            made = events.first.command(*words)
            assert_hidden(made.stdout + made.stderr, secrets, words[0])
        assert kept.stat().st_size > 1000
        assert_hidden(kept.read_bytes(), secrets, "the recorder's file")


def _numbered(events: EventTable) -> NumberedSite:
    acts = events.listening.acts
    assert isinstance(acts, NumberedSite)
    return acts


def _states(daemon: Daemon) -> str:
    return str(daemon.rows("select state from job where kind != 'process'"))


def _both_take(house: Listening, daemons: tuple[Daemon, ...]) -> None:
    """Each makes a job of one task, and the version has one key; one of them answers the mistake."""
    good, bad = house.tasks()
    for _ in range(2):
        wait_for(lambda: all(one.settled(task) for one in daemons for task in (good, bad)), 120, "both know the tasks")
        time.sleep(1.5)
    assert max(one.jobs(good) for one in daemons) == 1
    # One that saw that the other took it left it alone, until somebody sets it to ready again.
    house.bench.set_task_status(good, house.acts.settings["ready"])
    wait_for(lambda: all(one.jobs(good) for one in daemons), 120, "both take it")
    time.sleep(1.5)
    assert ([one.jobs(good) for one in daemons], house.answers(bad)) == ([1, 1], 1)
    assert len({key for one in daemons for key in _keys(one, good)}) == 1


def _keys(daemon: Daemon, task: EntityRef) -> list[Any]:
    joined = "version join task on task.id = version.task_id"
    return daemon.rows(f"select key from {joined} where task.tracker_ref = '{task.id}'")
