"""What ftrack answers instead of an answer, and to whom it does not."""

from __future__ import annotations

from typing import Any

import pytest
from alike import Answers, Logins, at_once
from practice_ftrack import LEAVES_FILES_OPEN, FtrackBench
from wetgate.daemon.sandbox import Fault
from wetgate.schema.errors import AmbiguousResult, TrackerRejected

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


class TestAnswers(Answers):
    """Against the practice site."""


class TestLogins(Logins):
    """Against the practice site."""


@pytest.mark.parametrize("action", ["drop", "status", "slow"])
def test_a_write_whose_answer_is_lost_is_looked_up(bench: FtrackBench, action: Any) -> None:
    """Where the change is found afterwards, nothing is wrong; where it is not, the result is doubtful."""
    task = bench.make_task("cleanup")
    tracker = bench.connector(timeout_seconds=2.0)
    lost = Fault(method="update:*", action=action, status=504, when="after", seconds=3.0)
    bench.faults.set(lost)
    tracker.set_status(task, bench.busy)
    assert tracker.task(task).status == bench.busy
    bench.faults.set(lost.model_copy(update={"when": "before"}))
    if action == "slow":
        return
    with pytest.raises(AmbiguousResult):
        tracker.set_status(task, bench.ready)


def test_a_permission_taken_away_is_said(bench: FtrackBench) -> None:
    """Without a role nothing can be written, and the doctor says so."""
    task = bench.make_task("cleanup")
    for role in bench.person.query("UserSecurityRole where user.username is wetgate"):
        bench.person.delete(role)
    bench.person.commit()
    with pytest.raises(TrackerRejected, match="permission"):
        bench.tracker.set_status(task, bench.busy)
    assert any("no security role" in problem.what for problem in bench.tracker.check("PINE", []))


def test_a_key_that_was_revoked_is_said(bench: FtrackBench) -> None:
    """A key that is switched off in the middle is named as such, and no retry hides it."""
    task = bench.make_task("cleanup")
    bench.tracker.task(task)
    bench.person.query("ApiKey").first()["enabled"] = False
    bench.person.commit()
    with pytest.raises(TrackerRejected, match="does not accept the user"):
        bench.tracker.set_status(task, bench.busy)


def test_threads_have_sessions_of_their_own(bench: FtrackBench) -> None:
    """The vendor's session is used by the thread that opened it, whoever shares the connector."""
    task = bench.make_task("cleanup")
    names: list[str] = []
    bench.faults.forget()
    at_once(*[lambda: names.append(bench.tracker.task(task).name)] * 3)
    assert names == ["cleanup"] * 3
    assert len([call for call in bench.faults.calls if call.method == "query_server_information"]) == 3
