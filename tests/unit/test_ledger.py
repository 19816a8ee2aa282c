"""The ledger and the inbox: each outward step once, each event once."""

from __future__ import annotations

import pytest
from wetgate.daemon.store import Database
from wetgate.daemon.store.inbox import Inbox
from wetgate.daemon.store.ledger import Ledger
from wetgate.schema.errors import AmbiguousResult, TrackerUnavailable
from wetgate.schema.tracker import EntityRef, EventPage, TrackerEvent


class Site:
    """What the outside holds, and how often it was asked to make it."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.fault: Exception | None = None
        self.arrives = True

    def find(self) -> str | None:
        """What is there."""
        return self.made[0] if self.made else None

    def make(self) -> str:
        """Make it, or fail before or after it was made."""
        if self.arrives:
            self.made.append(f"v{len(self.made) + 1}")
        if self.fault:
            raise self.fault
        return self.made[-1]


def step(database: Database, site: Site) -> str:
    """The one step of these tests."""
    return Ledger(database).step("key", show="PINE", step="version", find=site.find, make=site.make)


def test_a_step_is_made_once(database: Database) -> None:
    """Its second call gives the first result, without asking the outside."""
    site = Site()
    assert [step(database, site), step(database, site)] == ["v1", "v1"]
    assert site.made == ["v1"]


def test_an_ambiguous_answer_is_looked_up(database: Database) -> None:
    """The answer was lost but the write had arrived: it is found, and nothing is made twice."""
    site = Site()
    site.fault = AmbiguousResult()
    assert step(database, site) == "v1"
    assert site.made == ["v1"]


def test_an_ambiguous_answer_without_trace_is_tried_again(database: Database) -> None:
    """Nothing arrived: the caller hears of it, and the next try makes it."""
    site = Site()
    site.fault, site.arrives = AmbiguousResult(), False
    with pytest.raises(AmbiguousResult):
        step(database, site)
    site.fault, site.arrives = None, True
    assert step(database, site) == "v1"


def test_a_kill_between_call_and_result_is_mended(database: Database) -> None:
    """The key was written and the call made, but not its result: the next start finds what is there."""
    site = Site()
    site.fault = TrackerUnavailable()
    with pytest.raises(TrackerUnavailable):
        step(database, site)
    site.fault = None
    assert step(database, site) == "v1"
    assert site.made == ["v1"]


def event(number: int, *, by_us: bool = False) -> TrackerEvent:
    """An event about a task."""
    entity = EntityRef(type="Task", id="7")
    return TrackerEvent(id=str(number), kind="change", entity=entity, at=float(number), by_us=by_us)


def test_events_are_kept_once_with_their_cursor(database: Database) -> None:
    """Overlapping pages add nothing twice, and the cursor moves with them."""
    inbox = Inbox(database, "main")
    assert inbox.cursor() is None
    assert inbox.receive(EventPage(events=(event(1), event(2)), cursor="2")) == 2
    assert inbox.receive(EventPage(events=(event(2), event(3), event(3)), cursor="3")) == 1
    assert inbox.cursor() == "3"
    assert len(inbox.unhandled()) == 3


def test_our_own_events_wake_nobody(database: Database) -> None:
    """What we wrote ourselves is kept but never waits to be handled."""
    inbox = Inbox(database, "main")
    inbox.receive(EventPage(events=(event(1, by_us=True), event(2)), cursor="2"))
    (waiting,) = inbox.unhandled()
    inbox.handled(waiting.id or 0)
    assert inbox.unhandled() == []


def test_trackers_do_not_share_an_inbox(database: Database) -> None:
    """The same event id of two trackers is two events."""
    for name in ("one", "two"):
        assert Inbox(database, name).receive(EventPage(events=(event(1),), cursor="1")) == 1
