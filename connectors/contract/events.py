"""What a tracker tells of changes."""

from __future__ import annotations

from .bench import Bench
from .calls import about, read_all, start


class EventContract:
    """Events and the cursor."""

    def test_without_a_cursor_nothing_is_old(self, bench: Bench) -> None:
        """A first look gives no events, however much happened before."""
        bench.make_task("cleanup")
        page = bench.tracker.events(None)
        assert page.events == ()
        assert read_all(bench.tracker, page.cursor)[0] == []

    def test_a_new_task_is_an_event(self, bench: Bench) -> None:
        """What a person does shows up, as theirs, about the task."""
        cursor = start(bench.tracker)
        task = bench.make_task("cleanup")
        events, _ = read_all(bench.tracker, cursor)
        assert about(events, task)
        assert not any(event.by_us for event in events)
        assert len({event.id for event in events}) == len(events)

    def test_a_note_is_an_event_of_its_task(self, bench: Bench) -> None:
        """A note wakes the task that it is written on."""
        task = bench.make_task("cleanup")
        cursor = start(bench.tracker)
        bench.write_note(task, "source: other take")
        assert about(read_all(bench.tracker, cursor)[0], task)

    def test_nothing_is_told_twice_by_a_moved_cursor(self, bench: Bench) -> None:
        """At the end of the log the cursor gives nothing new; an old one gives the same again."""
        cursor = start(bench.tracker)
        bench.make_task("cleanup")
        events, end = read_all(bench.tracker, cursor)
        again, _ = read_all(bench.tracker, end)
        seen = {event.id for event in events}
        assert {event.id for event in again} <= seen
        assert {event.id for event in read_all(bench.tracker, cursor)[0]} == seen

    def test_a_cursor_outlives_its_connector(self, bench: Bench) -> None:
        """After a restart the cursor goes on where it was: nothing in between is lost."""
        cursor = start(bench.tracker)
        bench.tracker.close()
        task = bench.make_task("cleanup")
        assert about(read_all(bench.another(), cursor)[0], task)

    def test_own_changes_are_marked(self, bench: Bench) -> None:
        """What we write ourselves is marked as ours, also to the next process."""
        task = bench.make_task("cleanup")
        cursor = start(bench.tracker)
        bench.tracker.set_status(task, bench.busy)
        for tracker in (bench.tracker, bench.another()):
            events = about(read_all(tracker, cursor)[0], task)
            assert events
            assert all(event.by_us for event in events)
