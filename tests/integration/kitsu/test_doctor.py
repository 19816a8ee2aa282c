"""What the doctor says of a Kitsu site."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import gazu
import pytest
from gazu import client as raw
from kitsu_site import KitsuBench, Studio
from wetgate.connectors.kitsu import Kitsu
from wetgate.schema.errors import TrackerRejected

pytestmark = pytest.mark.services


def test_the_doctor_knows_kitsu(bench: KitsuBench, studio: Studio) -> None:
    """A role that may not read the log, a team without us, a bot that may not be assigned: each with what to do."""
    assert list(bench.tracker.check(bench.project, ["ip"])) == []
    raw.put(f"data/projects/{bench.made['id']}", {"is_bot_collaboration_enabled": False}, client=studio.admin)
    assert any("bot collaboration" in one.mend for one in bench.another().check(bench.project, []))
    gazu.project.add_task_status(bench.made, studio.statuses["done"], client=studio.admin)
    assert any("does not use the task status 'ip'" in one.what for one in bench.another().check(bench.project, ["ip"]))
    small = studio.hire("Small", "Bot", role="user", is_bot=True)
    gazu.project.add_person_to_team(bench.made, small, client=studio.admin)
    tracker = Kitsu(bench.url, small["email"], small["access_token"], group="Nobody here", timeout_seconds=30)
    whats = " ".join(one.what for one in tracker.check(bench.project, []))
    assert "is user on the site" in whats
    assert "Nobody here" in whats
    with pytest.raises(TrackerRejected, match="does not allow"):
        tracker.events(None)
    tracker.close()
    soon = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    brief = studio.hire("Brief", "Bot", role="admin", is_bot=True, expiration_date=soon)
    tracker = Kitsu(bench.url, brief["email"], brief["access_token"], timeout_seconds=30)
    assert any(soon in one.what for one in tracker.check(bench.project, []))
    tracker.close()
    gazu.project.remove_person_from_team(bench.made, studio.bot, client=studio.admin)
    assert bench.another().check(bench.project, [])
