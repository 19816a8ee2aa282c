"""The practice site's event hub under the vendor's own client."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from ftrack_api.event.base import Event
from ftrack_api.event.hub import EventHub
from ftrack_api.exception import EventHubConnectionError
from practice_ftrack import Practice, practice
from waiting import wait_for

TASK = "adb4ad6c-7679-11e2-8df2-f23c91df25eb"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Practice]:
    """A site whose hub beats fast."""
    with practice(tmp_path / "site", heartbeat_seconds=0.2) as made:
        yield made


@pytest.fixture
def connect(site: Practice) -> Iterator[Callable[..., Any]]:
    """Makes connected hubs, closed with the test."""
    hubs: list[Any] = []

    def make(user: str = "coordinator") -> Any:
        hub = EventHub(site.sandbox.url, user, site.sandbox.api_key)
        hub.connect()
        hubs.append(hub)
        return hub

    yield make
    for hub in hubs:
        if hub.connected:
            hub.disconnect()


def heard(hub: Any, subscription: str) -> list[Any]:
    """A list that fills with the events of a subscription while the hub waits."""
    found: list[Any] = []
    hub.subscribe(subscription, found.append)
    return found


def hand_out(hub: Any, look: Callable[[], Any]) -> None:
    """Have the hub call those who asked for events, as they come, until *look* is true."""
    wait_for(lambda: hub.wait(0.05) or look())


def settled(site: Practice, count: int) -> None:
    """Wait until the server knows of so many subscribers."""
    wait_for(lambda: site.hub.subscriptions == count)


def test_events_go_to_who_asked_for_them(site: Practice, connect: Callable[..., Any]) -> None:
    """A published event reaches every hub with a fitting subscription, once, and no other."""
    one, other = connect(), connect("artist")
    fits = heard(one, 'topic=studio.* and data.n >= "2" and not (data.kind=bad or data.kind="very bad")')
    every = heard(one, "topic=studio.*")
    never = heard(other, "topic=studio.news and source.user.username!=artist and data.missing=1")
    last = heard(other, "topic=last")
    settled(site, 6)
    for n, kind in ((1, "good"), (2, "good"), (3, "bad"), (4, "very bad"), (5, "fine")):
        other.publish(Event(topic="studio.news", data={"n": str(n), "kind": kind}))
    other.publish(Event(topic="last"))
    hand_out(one, lambda: len(every) == 5)
    hand_out(other, lambda: last)
    assert [event["data"]["n"] for event in fits] == ["2", "5"]
    assert never == []


def test_targets_and_replies(site: Practice, connect: Callable[..., Any]) -> None:
    """An event with a target reaches that subscriber alone; a reply goes to who asked."""
    asking, answering, other = connect(), connect("artist"), connect("supervisor")
    wrong: list[Any] = []
    answering.subscribe("topic=question", lambda event: {"answer": event["data"]["n"] + 1}, {"id": "the one"})
    other.subscribe("topic=question", wrong.append)
    last = heard(other, "topic=last")
    settled(site, 6)
    replies: list[Any] = []
    question = Event(topic="question", data={"n": 1}, target='id="the one"')
    asking.publish(question, on_reply=lambda event: replies.append(event["data"]))
    asking.publish(Event(topic="last"))
    hand_out(answering, lambda: asking.wait(0.05) or replies)
    hand_out(other, lambda: last)
    assert replies == [{"answer": 2}]
    assert wrong == []


def test_a_commit_is_told_with_the_old_names(site: Practice, connect: Callable[..., Any]) -> None:
    """One `ftrack.update` for each batch: who, what, and old and new values by their legacy names."""
    hub = connect()
    updates = heard(hub, "topic=ftrack.update and source.user.username=artist")
    settled(site, 2)
    session = site.session("artist")
    task = session.query(f"Task where id is {TASK}").one()
    status = session.query('Status where name is "In progress"').one()
    old = task["status_id"]
    task["status"] = status
    user = session.query("User where username is artist").one()
    made = session.create("Appointment", {"context": task, "resource": user, "type": "assignment"})
    session.commit()
    session.delete(made)
    session.commit()
    site.session().ensure("Scope", {"name": "of somebody else"})
    task["description"] = "the last change"
    session.commit()
    hand_out(hub, lambda: len(updates) == 3)
    first, second, _ = updates
    assert first["source"]["user"] == {"username": "artist", "id": user["id"]}
    by_type = {entity["entityType"]: entity for entity in first["data"]["entities"]}
    assert by_type["task"]["entityId"] == TASK
    assert by_type["task"]["entity_type"] == "Task"
    assert by_type["task"]["changes"] == {"statusid": {"old": old, "new": status["id"]}}
    assert by_type["task"]["keys"] == ["statusid"]
    assert [one["entity_type"] for one in by_type["task"]["parents"]] == ["Task", "Folder", "Project"]
    assert by_type["appointment"]["action"] == "add"
    assert by_type["appointment"]["changes"]["type"]["new"] == "assignment"
    assert by_type["appointment"]["changes"]["context_id"]["new"] == TASK
    (gone,) = second["data"]["entities"]
    assert (gone["entityType"], gone["action"]) == ("appointment", "remove")


def test_a_custom_attribute_is_told_by_its_key(site: Practice, connect: Callable[..., Any]) -> None:
    """A change of a custom attribute is one of its entity."""
    hub = connect()
    updates = heard(hub, "topic=ftrack.update")
    settled(site, 2)
    session = site.session()
    shot = session.query("Shot").first()
    shot["custom_attributes"]["fstart"] = 950
    session.commit()
    hand_out(hub, lambda: updates)
    (entity,) = updates[0]["data"]["entities"]
    assert (entity["entityId"], entity["changes"]) == (shot["id"], {"fstart": {"old": 1001, "new": 950}})


def test_a_hub_stays_connected_by_its_heart(site: Practice, connect: Callable[..., Any]) -> None:
    """A client that echoes heartbeats is kept, and unsubscribing ends delivery."""
    hub = connect()
    found: list[Any] = []
    name = hub.subscribe("topic=x", found.append)
    last = heard(hub, "topic=last")
    settled(site, 3)
    hub.wait(1.0)
    hub.publish(Event(topic="x"))
    hand_out(hub, lambda: found)
    assert len(found) == 1
    hub.unsubscribe(name)
    settled(site, 2)
    hub.publish(Event(topic="x"))
    hub.publish(Event(topic="last"))
    hand_out(hub, lambda: last)
    assert len(found) == 1


def test_strangers_are_not_let_in(site: Practice) -> None:
    """A wrong key is refused at the handshake, a made-up session at the websocket."""
    with pytest.raises(EventHubConnectionError, match="status code 401"):
        EventHub(site.sandbox.url, "coordinator", "wrong").connect()
    assert requests.get(f"{site.sandbox.url}/socket.io/1/websocket/made-up", timeout=5).status_code == 404


def test_a_clean_close_kills_the_vendors_hub(site: Practice, connect: Callable[..., Any]) -> None:
    """What the connector must absorb: the thread ends, nothing is told, and it never connects again."""
    hub = connect()
    settled(site, 1)
    disconnected = heard(hub, "topic=ftrack.meta.disconnected")
    requests.post(f"{site.sandbox.url}/_control/hub", json={"close": True}, timeout=10)
    wait_for(lambda: not hub._processor_thread.is_alive())
    hub.wait(0.5)
    assert disconnected == []
    assert site.hub.connected == 0
    if hub._connection is not None:
        hub._connection.shutdown()


def test_a_broken_connection_is_made_again(site: Practice, connect: Callable[..., Any]) -> None:
    """A reset is what the vendor's hub reconnects from, once the server takes connections again."""
    hub = connect()
    hub._auto_reconnect_delay = 0.1
    found = heard(hub, "topic=x")
    settled(site, 2)
    site.hub.close_all(clean=False, seconds=0.5)
    wait_for(lambda: site.hub.subscriptions == 2)
    hub.publish(Event(topic="x"))
    hand_out(hub, lambda: found)
    assert len(found) == 1


def test_a_slow_hub_is_late(site: Practice, connect: Callable[..., Any]) -> None:
    """On order events are delivered late, but delivered."""
    hub = connect()
    found = heard(hub, "topic=x")
    settled(site, 2)
    requests.post(f"{site.sandbox.url}/_control/hub", json={"delay_seconds": 0.6}, timeout=10)
    published = time.monotonic()
    hub.publish(Event(topic="x"))
    hand_out(hub, lambda: found)
    assert time.monotonic() - published >= 0.6
    assert len(found) == 1
