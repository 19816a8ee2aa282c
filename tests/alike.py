"""What every connector does alike where its site is at its worst.

A tracker's tests inherit the classes and give the fixture `bench`, with a fresh project.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from benches import FaultBench, PracticeBench
from wetgate.connectors.contract import draft, note_draft, read_all, retried, start
from wetgate.daemon.sandbox import Fault
from wetgate.schema.errors import (
    AmbiguousResult,
    ConfigError,
    ConnectorError,
    EntityNotFound,
    TrackerRejected,
    TrackerUnavailable,
    WetgateError,
)
from wetgate.schema.tracker import MediaKind

NOBODY = "http://127.0.0.1:9"
"""Nothing listens there."""


def at_once(*calls: Callable[[], object]) -> None:
    """Each call in a thread of its own, begun together; returns when all have ended."""
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Cursors:
    """Where a connector goes on reading."""

    @pytest.mark.parametrize("cursor", ["", "12", "yesterday", '{"of": "another tracker"}'])
    def test_a_cursor_of_something_else_is_refused(self, bench: FaultBench[Any], cursor: str) -> None:
        """What is no cursor of ours is named, and told apart from an error of the site."""
        with pytest.raises(ConnectorError, match="cursor"):
            bench.tracker.events(cursor)


class NumberedEvents(Cursors):
    """A log of events with a number each, of which some come late or never."""

    status_change: ClassVar[str]
    """What a new status of a task is called."""

    def test_a_late_number_is_not_lost(self, bench: PracticeBench[Any]) -> None:
        """An event that shows up after a later one is told once it is there, and told once."""
        task = bench.make_task("cleanup")
        cursor = start(bench.tracker)
        bench.entries.hold_back = 2
        for status in (bench.busy, bench.ready):
            bench.set_task_status(task, status)
        first, cursor = read_all(bench.tracker, cursor)
        assert len(first) == len(json.loads(cursor)["holes"]) == 1
        bench.set_task_status(task, bench.busy)
        later, cursor = read_all(bench.tracker, cursor)
        numbers = [int(event.id) for event in (*later, *first)]
        assert numbers == [numbers[2] - 1, numbers[2] + 1, numbers[2]]
        assert {event.kind for event in (*first, *later)} == {self.status_change}
        assert read_all(bench.tracker, cursor)[0] == []
        assert json.loads(cursor)["holes"] == {}

    def test_a_number_that_never_comes_is_given_up(self, bench: PracticeBench[Any]) -> None:
        """A permanent hole is asked for during the overlap and then forgotten."""
        task = bench.make_task("cleanup")
        tracker = bench.connector(overlap_seconds=0.2)
        cursor = start(tracker)
        bench.entries.skip_ids = 3
        bench.set_task_status(task, bench.busy)
        _, cursor = read_all(tracker, cursor)
        assert len(json.loads(cursor)["holes"]) == 3
        time.sleep(0.25)
        _, cursor = read_all(tracker, cursor)
        assert json.loads(cursor)["holes"] == {}

    def test_a_long_absence_comes_in_pages(self, bench: PracticeBench[Any]) -> None:
        """More events than one answer holds arrive in several, in order, none missing."""
        task = bench.make_task("cleanup")
        cursor = start(bench.tracker)
        bench.change_often(task, 1203)
        assert bench.tracker.events(cursor).more
        events, _ = read_all(bench.tracker, cursor)
        numbers = [int(event.id) for event in events]
        assert len(numbers) == 1203
        assert numbers == sorted(set(numbers))


class Versions:
    """Versions that two make at once, and that people delete."""

    gone: ClassVar[type[ConnectorError]] = EntityNotFound
    """What a file for a version that is not there any more is refused with."""

    def test_two_at_once_leave_one_version(self, bench: FaultBench[Any]) -> None:
        """Two daemons that publish the same key at the same moment end with one version, and both know it."""
        version = draft(bench, bench.make_task("cleanup"))
        bench.order("publish", Fault(action="hold", seconds=30, times=2))
        found: list[object] = []

        def publish() -> None:
            tracker = bench.connector(timeout_seconds=60.0)
            found.append(retried(tracker.publish, version))
            tracker.close()  # this thread's connection

        at_once(publish, publish)
        assert found == [bench.another().publish(version)] * 2
        assert bench.versions(version.key) == 1

    def test_a_deleted_version_can_be_made_again(self, bench: FaultBench[Any]) -> None:
        """A version that a person deleted is not found any more, and made anew when it is published again."""
        version = draft(bench, bench.make_task("cleanup"))
        bench.delete_version(bench.tracker.publish(version))
        assert bench.tracker.find_version(version.key) is None
        bench.tracker.publish(version)
        assert bench.versions(version.key) == 1

    def test_a_version_that_is_gone_meanwhile_is_said(self, bench: FaultBench[Any], tmp_path: Path) -> None:
        """A file for a version that a person deleted is refused, and nothing is sent."""
        version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
        bench.delete_version(version)
        path = tmp_path / "report.json"
        path.write_bytes(b"{}")
        with pytest.raises(self.gone):
            bench.tracker.upload(version, MediaKind.FILE, path)


class Answers:
    """What a site answers instead of an answer."""

    most_tries: ClassVar[int] = 3
    """How often a question may be asked whose answer does not come in time."""

    @pytest.mark.parametrize(
        ("status", "error"),
        [
            (429, TrackerUnavailable),
            (500, TrackerUnavailable),
            (502, TrackerUnavailable),
            (503, TrackerUnavailable),
            (504, TrackerUnavailable),
            (403, TrackerRejected),
            (404, TrackerRejected),
        ],
    )
    def test_a_page_instead_of_an_answer_is_read_by_its_status(
        self, bench: FaultBench[Any], status: int, error: type[Exception]
    ) -> None:
        """A busy site is worth another try, a forbidden one is not; a question that failed is never in doubt."""
        task = bench.make_task("cleanup")
        bench.order("read", Fault(status=status, times=20))
        with pytest.raises(error, match=str(status)):
            bench.tracker.find_version("x")
        with pytest.raises(error, match=str(status)) as caught:
            bench.tracker.task(task)
        assert not isinstance(caught.value, AmbiguousResult)
        assert bench.secret not in str(caught.value)

    def test_a_dropped_question_is_asked_again(self, bench: FaultBench[Any]) -> None:
        """A connection that broke under a question costs nothing."""
        task = bench.make_task("cleanup")
        bench.tracker.task(task)
        bench.order("read", Fault(action="drop"))
        assert bench.tracker.task(task).name == "cleanup"

    def test_a_connection_that_rested_is_no_error(self, bench: FaultBench[Any]) -> None:
        """Sites close what rests, unannounced: a question on it costs nothing, and what is written is there once."""
        task, note = bench.make_task("cleanup"), note_draft(bench, bench.make_task("told"))
        bench.order("read", Fault(action="close"))
        bench.faults.forget()
        assert bench.tracker.task(task).name == "cleanup"
        assert any(call.fault for call in bench.faults.calls)
        assert bench.tracker.task(task).name == "cleanup"
        bench.order("read", Fault(action="close"))
        bench.tracker.task(task)
        retried(bench.tracker.note, note)
        assert bench.notes(note.key) == 1

    def test_a_slow_answer_is_bounded(self, bench: FaultBench[Any]) -> None:
        """A site that does not answer costs the time-out, a few times, not for ever."""
        task = bench.make_task("cleanup")
        tracker = bench.connector(timeout_seconds=1.0)
        retried(tracker.task, task)
        bench.order("read", Fault(action="slow", seconds=60.0, times=20))
        began = time.monotonic()
        with pytest.raises(TrackerUnavailable, match="in time"):
            tracker.task(task)
        assert time.monotonic() - began < 30
        assert 1 <= bench.faults.met <= self.most_tries
        bench.faults.set()

    def test_a_site_that_is_not_there(self, bench: FaultBench[Any]) -> None:
        """An address where nothing listens is worth another try, and the doctor says so."""
        tracker = bench.kind(NOBODY, bench.script_name, "key", timeout_seconds=1)
        with pytest.raises(TrackerUnavailable, match="cannot be reached"):
            tracker.tasks_for_us(bench.project)
        assert "cannot be reached" in tracker.check(bench.project, [])[0].what
        tracker.close()

    def test_threads_have_connections_of_their_own(self, bench: FaultBench[Any]) -> None:
        """Several threads may use one connector: no answer reaches the wrong one."""
        tasks = [bench.make_task(f"cleanup {number}") for number in range(4)]
        named: list[tuple[str, str]] = []

        def look(number: int) -> None:
            for _ in range(15):
                named.append((tasks[number].name, bench.tracker.task(tasks[number]).name))
            bench.tracker.close()

        at_once(*(lambda number=number: look(number) for number in range(len(tasks))))
        assert len(named) == 15 * len(tasks)
        assert [one for one in named if one[0] != one[1]] == []


class Logins:
    """What we log in with."""

    @pytest.mark.parametrize(
        ("url", "key", "setting"), [("tracker.example.com", "key", "https"), ("https://x", "", "api_key")]
    )
    def test_settings_that_cannot_work(self, bench: FaultBench[Any], url: str, key: str, setting: str) -> None:
        """An address without a scheme and an empty key are errors at once, each of which names its setting."""
        with pytest.raises(ConfigError, match=setting):
            bench.kind(url, bench.script_name, key)

    def test_the_key_is_in_no_log(
        self, bench: FaultBench[Any], caplog: pytest.LogCaptureFixture, tmp_path: Path
    ) -> None:
        """Not even the libraries' most detailed log shows what we log in with."""
        task = bench.make_task("cleanup")
        path = tmp_path / "matte.png"
        path.write_bytes(b"matte")
        bench.write_note(task, "matte", [path])
        with caplog.at_level(logging.DEBUG):
            tracker = bench.another()
            tracker.download(tracker.brief(task).attachments[0], tmp_path / "got")
            version = tracker.publish(draft(bench, task))
            tracker.upload(version, MediaKind.FILE, path)
            bench.order("set_status", Fault(status=500, times=9))
            with pytest.raises(WetgateError):
                tracker.set_status(task, bench.busy)
        assert bench.secret not in caplog.text
