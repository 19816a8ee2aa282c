"""Kitsu's log of events, where rows come late and many at once."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from gazu import client as raw
from kitsu_site import KitsuBench, Studio
from wetgate.connectors.contract import note_draft, read_all, start
from wetgate.schema.errors import ConnectorError
from wetgate.schema.tracker import EntityRef
from zou import Zou

pytestmark = pytest.mark.services


def log_rows(zou: Zou, project: str, times: Sequence[datetime]) -> list[str]:
    """Put task events of a project into the log, each at its time; their ids."""
    rows = [
        (str(uuid.uuid4()), "task:update", when, project, json.dumps({"task_id": str(uuid.uuid4())})) for when in times
    ]
    with psycopg.connect(zou.dsn) as database, database.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO api_event (id, name, created_at, updated_at, project_id, data)"
            " VALUES (%s, %s, %s, now(), %s, %s)",
            rows,
        )
    return [row[0] for row in rows]


def server_now() -> datetime:
    """The site's time, which it keeps in UTC without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def test_a_long_absence_comes_in_order_and_whole(zou: Zou, bench: KitsuBench, task: EntityRef) -> None:
    """Thousands of events, dense ones among them, arrive once each and in order, over many answers."""
    begun = server_now() - timedelta(hours=3)
    cursor = json.dumps({"at": int(begun.replace(tzinfo=UTC).timestamp()) - 1, "seen": [], "span": 0})
    sparse = [begun + timedelta(seconds=2 * number) for number in range(1500)]
    # More than one answer holds within one second.
    dense = [begun + timedelta(seconds=4000, microseconds=300 * number) for number in range(2300)]
    ids = log_rows(zou, bench.made["id"], [*sparse, *dense])
    order = [one for _, one in sorted(zip([*sparse, *dense], ids, strict=True))]
    events, end = read_all(bench.tracker, cursor)
    ours = set(ids)
    assert [one.id for one in events if one.id in ours] == order
    assert len({one.id for one in events}) == len(events)
    assert read_all(bench.tracker, end)[0] == []


def test_a_row_that_is_written_late_is_not_lost(zou: Zou, bench: KitsuBench) -> None:
    """An event whose row appears after younger ones is told when it is there, once; after the overlap no more."""
    tracker = bench.connector(overlap_seconds=20)
    cursor = start(tracker)
    now = server_now()
    (young,) = log_rows(zou, bench.made["id"], [now])
    events, cursor = read_all(tracker, cursor)
    assert young in {one.id for one in events}
    late, lost = log_rows(zou, bench.made["id"], [now - timedelta(seconds=10), now - timedelta(seconds=60)])
    events, cursor = read_all(tracker, cursor)
    assert [one.id for one in events] == [late]
    assert lost not in {one.id for one in events}
    assert read_all(tracker, cursor)[0] == []
    assert time.time() - json.loads(cursor)["at"] < 20 + 15


def test_a_reply_wakes_its_task(studio: Studio, bench: KitsuBench, task: EntityRef) -> None:
    """An answer below our comment is an event of the task, by a person."""
    note = bench.tracker.note(note_draft(bench, task))
    cursor = start(bench.tracker)
    path = f"data/tasks/{task.id}/comments/{note.id}/reply"
    raw.post(path, {"text": "use take 3"}, client=studio.person)
    (event,) = read_all(bench.tracker, cursor)[0]
    assert (event.kind, event.by_us) == ("comment:reply", False)
    assert event.entity is not None
    assert event.entity.id == task.id


def test_a_cursor_that_is_none_is_refused(bench: KitsuBench) -> None:
    """A cursor of another tracker is told apart from an error of the site."""
    for text in ("", "12", '{"last": 3, "holes": {}}'):
        with pytest.raises(ConnectorError, match="cursor"):
            bench.tracker.events(text)
