"""What Kitsu answers instead of an answer, and to whom it does not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid

import pytest
from gazu import client as raw
from kitsu_site import REVISER, KitsuBench, Studio
from wetgate.connectors.contract import note_draft
from wetgate.connectors.kitsu import Kitsu
from wetgate.daemon.sandbox.faults import Fault
from wetgate.schema.errors import AmbiguousResult, ConfigError, TrackerRejected, TrackerUnavailable
from wetgate.schema.tracker import EntityRef
from zou import Zou

pytestmark = pytest.mark.services


def expired(token: str, secret: str) -> str:
    """The same token, as if its time were over."""
    head, body, _ = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    claims["exp"] = int(time.time()) - 60
    text = f"{head}.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}"
    sign = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(sign).decode().rstrip('=')}"


def as_person(bench: KitsuBench, studio: Studio, password: str = REVISER) -> Kitsu:
    """A connector that logs in with a password."""
    return Kitsu(bench.url, studio.reviser["email"], password, group=studio.reviser["email"], timeout_seconds=30)


@pytest.mark.parametrize("both", [False, True])
def test_a_token_that_ran_out_is_renewed(zou: Zou, bench: KitsuBench, studio: Studio, both: bool) -> None:
    """With a password the refresh token helps, and where that ran out too, a new login; a write is made once."""
    task = EntityRef(type="Task", id=studio.task(bench.shot, "mine", "ready", [studio.reviser])["id"])
    tracker = as_person(bench, studio)
    assert tracker.task(task).assigned_to_us
    tokens = tracker._client._tokens  # what time does to it cannot be had in another way
    tokens["access_token"] = expired(tokens["access_token"], zou.secret)
    if both:
        tokens["refresh_token"] = expired(tokens["refresh_token"], zou.secret)
    bench.faults.forget()
    note = tracker.note(note_draft(bench, task))
    assert bench.notes(note_draft(bench, task).key) == 1
    logins = [call.path for call in bench.faults.calls if "auth" in call.path]
    assert ("/api/auth/login" in logins) == both
    assert tracker.find_note(note_draft(bench, task).key) == EntityRef(type="Comment", id=note.id)
    tracker.close()


def test_a_login_that_is_not_accepted(bench: KitsuBench, studio: Studio) -> None:
    """A wrong password, and a bot's token that was taken back, are told with what to do, without the secret."""
    wrong = as_person(bench, studio, "not-the-password")
    fired = studio.hire("Fired", "Bot", role="manager", is_bot=True)
    studio_token = fired["access_token"]
    raw.put(f"data/persons/{fired['id']}", {"active": False}, client=studio.admin)
    taken = Kitsu(bench.url, fired["email"], studio_token, timeout_seconds=30)
    for tracker, secret, what in ((wrong, "not-the-password", "password"), (taken, studio_token, "token")):
        with pytest.raises(TrackerRejected, match=what) as caught:
            tracker.tasks_for_us(bench.project)
        assert secret not in str(caught.value)
        (problem,) = tracker.check(bench.project, [])
        assert secret not in f"{problem.what} {problem.mend}"
        tracker.close()


def test_answers_that_are_none(bench: KitsuBench, task: EntityRef) -> None:
    """Busy is worth another try, a page of a proxy is no answer, and a write that may have arrived is ambiguous."""
    cases: list[tuple[Fault, type[Exception]]] = [
        (Fault(status=429, method="get", headers={"Retry-After": "1"}), TrackerUnavailable),
        (Fault(status=503, method="get"), TrackerUnavailable),
        (Fault(status=504, method="get"), TrackerUnavailable),
        (Fault(status=200, method="get"), TrackerUnavailable),
        (Fault(status=403, method="get"), TrackerRejected),
        (Fault(action="slow", seconds=12, method="get"), TrackerUnavailable),
    ]
    tracker = bench.connector(timeout_seconds=3.0)
    for fault, expected in cases:
        bench.faults.set(fault)
        with pytest.raises(expected) as caught:
            tracker.task(task)
        assert bench.secret not in str(caught.value)
    bench.faults.set(Fault(action="drop", method="get"))
    assert tracker.task(task).name == "cleanup"
    moved = Fault(status=308, method="comment", headers={"Location": "https://kitsu.example.com/api/comment"})
    bench.faults.set(moved)
    with pytest.raises(TrackerRejected, match=r"redirects to https://kitsu\.example\.com; use that as url"):
        tracker.set_status(task, "ip")
    for status, kind in (
        (429, TrackerUnavailable),
        (503, TrackerUnavailable),
        (500, AmbiguousResult),
        (200, AmbiguousResult),
    ):
        bench.faults.set(Fault(status=status, method="comment"))
        with pytest.raises(kind):
            tracker.set_status(task, "ip")


def test_an_address_that_leads_elsewhere() -> None:
    """Nobody there is worth another try; what is no address is a wrong setting."""
    nobody = Kitsu("http://127.0.0.1:9", "wetgate@example.com", "secret", timeout_seconds=1)
    with pytest.raises(TrackerUnavailable, match="cannot be reached"):
        nobody.tasks_for_us("PINE")
    with pytest.raises(TrackerUnavailable):
        nobody.set_status(EntityRef(type="Task", id=str(uuid.uuid4())), "ip")
    with pytest.raises(ConfigError, match="https"):
        Kitsu("kitsu.example.com", "wetgate@example.com", "secret")
    with pytest.raises(ConfigError, match="api_key"):
        Kitsu("https://kitsu.example.com", "wetgate@example.com", "")
