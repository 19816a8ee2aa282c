"""A busy site says for how long it wants to be left alone: every connector hears it, and the daemon keeps to it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from benches import FaultBench, new_project
from kitsu_site import KitsuBench, Studio
from practice import LEAVES_FILES_OPEN, SandboxBench, practice
from practice_ftrack import FtrackBench
from practice_ftrack import practice as practice_ftrack
from waiting import wait_for
from wetgate.connectors.contract import draft, grey_png
from wetgate.daemon.composition import compose
from wetgate.daemon.configuration import Configuration
from wetgate.daemon.sandbox import Fault
from wetgate.schema.errors import TrackerUnavailable
from wetgate.schema.settings import Settings
from wetgate.schema.tracker import EntityRef, MediaKind

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)

SECONDS = 40


@pytest.fixture(params=["shotgrid", "ftrack", pytest.param("kitsu", marks=pytest.mark.services)])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FaultBench[Any]]:
    """A project on a site of each kind."""
    made: FaultBench[Any]
    if request.param == "kitsu":
        studio: Studio = request.getfixturevalue("studio")
        made = KitsuBench(studio, request.getfixturevalue("gateway"), Fault(), new_project())
        yield made
        made.close()
    elif request.param == "ftrack":
        with practice_ftrack(tmp_path / "site") as site:
            made = FtrackBench(site, Fault(), new_project())
            yield made
            made.close()
    else:
        with practice(tmp_path / "site") as box:
            made = SandboxBench(box, Fault(), new_project())
            yield made
            made.close()


@pytest.fixture
def task(bench: FaultBench[Any]) -> EntityRef:
    """A task of ours."""
    return bench.make_task("cleanup")


def busy(status: int, form: str) -> Fault:
    """The answer of a site that is busy for so long."""
    told = str(SECONDS) if form == "seconds" else formatdate(time.time() + SECONDS, usegmt=True)
    return Fault(status=status, headers={"Retry-After": told} if form != "nothing" else {})


def heard(error: TrackerUnavailable) -> bool:
    """Whether the site's wish came with the error. A server's own clock in its answers ticks once a second or so."""
    return error.retry_after is not None and abs(error.retry_after - SECONDS) < 5


@pytest.mark.parametrize("form", ["seconds", "date"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_read_hears_it(bench: FaultBench[Any], task: EntityRef, status: int, form: str) -> None:
    """In both forms and with both statuses, also at the very first call of a connector, which may be its login."""
    fresh = bench.another()
    bench.faults.set(busy(status, form))
    bench.faults.forget()
    with pytest.raises(TrackerUnavailable) as caught:
        fresh.task(task)
    assert heard(caught.value)
    assert len(bench.faults.calls) == 1
    assert fresh.task(task).ref.id == task.id


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_write_hears_it(bench: FaultBench[Any], task: EntityRef, form: str) -> None:
    """It was not carried out, and is not sent again at once."""
    bench.faults.set(*(busy(429, form).model_copy(update=dict(place)) for place in bench.places["set_status"]))
    bench.faults.forget()
    with pytest.raises(TrackerUnavailable) as caught:
        bench.tracker.set_status(task, bench.busy)
    assert heard(caught.value)
    assert len([call for call in bench.faults.calls if call.fault]) == 1
    assert bench.tracker.task(task).status == bench.ready
    bench.tracker.set_status(task, bench.busy)
    assert bench.tracker.task(task).status == bench.busy


def test_an_upload_hears_it(bench: FaultBench[Any], task: EntityRef, tmp_path: Path) -> None:
    """At each of its steps, of which none is tried again at once; in the end the file is there, once."""
    version = bench.tracker.publish(draft(bench, task))
    picture = tmp_path / "frame_1001.png"
    picture.write_bytes(grey_png(64, 36))
    bench.faults.set(*(busy(503, "seconds").model_copy(update=dict(place)) for place in bench.places["upload"]))
    sent_away = 0
    for _ in bench.places["upload"]:
        bench.faults.forget()
        try:
            bench.tracker.upload(version, MediaKind.FILE, picture)
        except TrackerUnavailable as error:
            sent_away += 1
            assert heard(error)
            assert len([call for call in bench.faults.calls if call.fault]) == 1
    assert sent_away
    bench.faults.set()
    bench.tracker.upload(version, MediaKind.FILE, picture)
    assert list(bench.files(version)) == [picture.name]


def test_a_site_that_asks_for_nothing(bench: FaultBench[Any], task: EntityRef) -> None:
    """Without the header nothing is known, and it is an outage as before."""
    bench.faults.set(busy(429, "nothing"))
    with pytest.raises(TrackerUnavailable) as caught:
        bench.tracker.task(task)
    assert caught.value.retry_after is None


def test_a_storage_is_left_alone(tmp_path: Path) -> None:
    """A part that a busy storage sent away is not sent again in this call; the next one goes on."""
    with practice(tmp_path / "hosted", direct_uploads=True) as hosted:
        bench = SandboxBench(hosted, Fault())
        version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
        movie = tmp_path / "review.mp4"
        movie.write_bytes(b"movie")
        hosted.faults.set(busy(503, "seconds").model_copy(update={"path": "/storage/*", "times": 9}))
        hosted.faults.forget()
        with pytest.raises(TrackerUnavailable, match="what was sent so far is kept") as caught:
            bench.tracker.upload(version, MediaKind.MOVIE, movie)
        assert heard(caught.value)
        assert len([call for call in hosted.faults.calls if call.fault]) == 1
        hosted.faults.set()
        bench.tracker.upload(version, MediaKind.MOVIE, movie)
        assert list(bench.files(version)) == [movie.name]
        bench.close()


def test_ftrack_says_it_in_json(tmp_path: Path) -> None:
    """A limit that the API itself sets comes as one of its errors, which else is a refusal for good."""
    told = '{"exception": "TooManyRequests", "content": "Slow down.", "error_code": null}'
    limit = busy(429, "seconds")
    headers = {**limit.headers, "Content-Type": "application/json"}
    with practice_ftrack(tmp_path / "site") as site:
        bench = FtrackBench(site, Fault(), new_project())
        task = bench.make_task("cleanup")
        site.faults.set(limit.model_copy(update={"headers": headers, "body": told}))
        with pytest.raises(TrackerUnavailable) as caught:
            bench.tracker.task(task)
        assert heard(caught.value)
        bench.close()


def test_the_desk_keeps_to_it(tmp_path: Path) -> None:
    """A desk that was sent away does not ask before the time, though footage that lands would wake it."""
    with practice(tmp_path / "site") as site:
        tracker = {
            "kind": "shotgrid",
            "url": site.sandbox.url,
            "api_key": site.sandbox.script_key,
            "poll_seconds": 0.05,
        }
        settings = Settings.model_validate({"work_root": tmp_path / "work", "trackers": {"main": tracker}})
        site.faults.set(Fault(status=429, headers={"Retry-After": "2"}))
        with compose(Configuration(settings, {}, tmp_path)) as house:
            desk = house.desk("main", lambda: None)
            desk.start()
            wait_for(lambda: site.faults.calls)
            desk.footage()
            wait_for(lambda: len(site.faults.calls) > 1)
            desk.stop()
        away, back = site.faults.calls[:2]
        assert back.at - away.at >= 2.0
