"""Movies that Kitsu makes playable, and files that it takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from kitsu_site import KitsuBench, Studio, make_movie
from wetgate.connectors.contract import draft
from wetgate.daemon.sandbox.faults import Fault
from wetgate.schema.errors import TrackerRejected, TrackerUnavailable
from wetgate.schema.tracker import EntityRef, MediaKind

pytestmark = pytest.mark.services


def test_a_movie_becomes_playable(studio: Studio, bench: KitsuBench, task: EntityRef, movie: Path) -> None:
    """A movie with sound is ready when `upload` returns; sent again, nothing happens; another is refused by name."""
    version = bench.tracker.publish(draft(bench, task))
    bench.tracker.upload(version, MediaKind.MOVIE, movie)
    found = bench.preview(version)
    assert (found["status"], found["extension"], found["original_name"]) == ("ready", "mp4", "review")
    assert found["duration"] == pytest.approx(2.0, abs=0.1)
    # The site keeps its own notes in the same field as our key.
    assert found["data"]["wetgate_key"] == draft(bench, task).key
    bench.another().upload(version, MediaKind.MOVIE, movie)
    other = movie.with_name("other.mp4")
    other.write_bytes(movie.read_bytes())
    with pytest.raises(TrackerRejected, match="review"):
        bench.tracker.upload(version, MediaKind.MOVIE, other)
    answer = studio.admin.session.get(
        f"{studio.site.url}/api/pictures/thumbnails/preview-files/{version.id}.png",
        headers=studio.admin.make_auth_header(),
    )
    assert answer.headers["Content-Type"] == "image/png"


def test_a_movie_that_the_site_cannot_read_is_said(bench: KitsuBench, task: EntityRef, tmp_path: Path) -> None:
    """The upload itself is answered as done; that the version is broken comes out as a refusal that says what to do."""
    version = bench.tracker.publish(draft(bench, task))
    torn = tmp_path / "torn.mp4"
    torn.write_bytes(b"\0\0\0\x18ftypmp42" + b"nothing" * 5000)
    for tracker in (bench.tracker, bench.another()):
        with pytest.raises(TrackerRejected, match=r"torn\.mp4 arrived, but .* broken"):
            tracker.upload(version, MediaKind.MOVIE, torn)


def test_a_silent_movie(bench: KitsuBench, task: EntityRef, tmp_path: Path) -> None:
    """Without a sound track Kitsu may end with a broken version: it is told either way, never taken for done."""
    version = bench.tracker.publish(draft(bench, task))
    silent = make_movie(tmp_path / "silent.mp4")
    try:
        bench.tracker.upload(version, MediaKind.MOVIE, silent)
    except TrackerRejected as error:
        assert "sound track" in str(error)
        assert bench.preview(version)["status"] == "broken"
    else:
        assert bench.preview(version)["status"] == "ready"


def test_a_movie_whose_answer_is_lost_is_not_sent_twice(bench: KitsuBench, task: EntityRef, movie: Path) -> None:
    """The site works on a movie before it answers: a cut-off answer is waited out, not answered with a second one."""
    version = bench.tracker.publish(draft(bench, task))
    bench.faults.set(Fault(action="drop", method="upload", when="after"))
    bench.faults.forget()
    bench.tracker.upload(version, MediaKind.MOVIE, movie)
    assert [call.method for call in bench.faults.calls].count("upload") == 1
    assert bench.preview(version)["status"] == "ready"


def test_a_movie_that_a_busy_site_turned_away_is_sent_again(bench: KitsuBench, task: EntityRef, movie: Path) -> None:
    """It went out whole, but the site said that it took nothing: it is not waited for as if it might be there."""
    version = bench.tracker.publish(draft(bench, task))
    bench.faults.set(Fault(method="upload", status=429, headers={"Retry-After": "1"}))
    with pytest.raises(TrackerUnavailable):
        bench.tracker.upload(version, MediaKind.MOVIE, movie)
    bench.faults.forget()
    bench.tracker.upload(version, MediaKind.MOVIE, movie)
    assert [call.method for call in bench.faults.calls].count("upload") == 1
    assert bench.preview(version)["status"] == "ready"


def test_an_impatient_connector_waits_for_the_site(bench: KitsuBench, task: EntityRef, movie: Path) -> None:
    """An answer that takes longer than the time-out is looked for, not repeated."""
    version = bench.tracker.publish(draft(bench, task))
    hasty = bench.connector(timeout_seconds=3.0)
    bench.faults.set(Fault(action="slow", method="upload", when="after", seconds=4.0))
    bench.faults.forget()
    hasty.upload(version, MediaKind.MOVIE, movie)
    assert [call.method for call in bench.faults.calls].count("upload") <= 1
    assert bench.preview(version)["status"] == "ready"


def test_files_that_kitsu_does_not_take(bench: KitsuBench, task: EntityRef, tmp_path: Path) -> None:
    """A movie of a foreign kind, which the site would throw the version away for, is refused before it is sent."""
    version = bench.tracker.publish(draft(bench, task))
    for name, kind in (("master.mxf", MediaKind.MOVIE), ("report.checksums", MediaKind.FILE)):
        path = tmp_path / name
        path.write_bytes(b"content")
        with pytest.raises(TrackerRejected, match=name):
            bench.tracker.upload(version, kind, path)
    assert bench.preview(version)["id"] == version.id
