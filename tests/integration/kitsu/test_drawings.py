"""What people draw in Kitsu's player."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from gazu import client as raw
from kitsu_site import KitsuBench, Studio
from wetgate.connectors.contract import draft, read_all, start
from wetgate.schema.tracker import EntityRef, MediaKind

pytestmark = pytest.mark.services


def test_a_drawing_becomes_a_picture(
    studio: Studio, bench: KitsuBench, task: EntityRef, movie: Path, tmp_path: Path
) -> None:
    """A red box that a person draws in the player wakes the task and comes as a picture of its frame."""
    version = bench.tracker.publish(draft(bench, task))
    bench.tracker.upload(version, MediaKind.MOVIE, movie)
    cursor = start(bench.tracker)
    box = {"type": "rect", "left": 80, "top": 40, "width": 60, "height": 40, "stroke": "#ff0000", "strokeWidth": 4}
    canvas = {"canvasWidth": 320, "canvasHeight": 180, "createdBy": studio.reviser["id"]}
    additions = [{"time": 0.5, "drawing": {"objects": [{**box, **canvas}]}}]
    path = f"actions/preview-files/{version.id}/update-annotations"
    raw.put(path, {"additions": additions}, client=studio.person)
    events = [one for one in read_all(bench.tracker, cursor)[0] if one.entity]
    assert {(one.kind, one.entity.id, one.by_us) for one in events if one.entity} == {
        ("preview-file:annotation-update", task.id, False)
    }
    (found,) = bench.tracker.brief(task).attachments
    assert (found.drawn, found.frame, found.version) == (True, 12, version)
    picture = cv2.imread(str(bench.tracker.download(found, tmp_path)), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    size = bench.preview(version)
    assert picture.shape == (size["height"], size["width"], 4)
    scale = size["width"] / 320
    # A further stroke on the same frame makes another drawing of it, which holds both.
    more = [{"time": 0.5, "drawing": {"objects": [{**box, **canvas, "left": 200}]}}]
    raw.put(path, {"additions": more}, client=studio.person)
    (grown,) = bench.tracker.brief(task).attachments
    assert grown.id != found.id
    both = cv2.imread(str(bench.tracker.download(grown, tmp_path / "grown")), cv2.IMREAD_UNCHANGED)
    assert both is not None
    assert both[round(60 * scale), round(200 * scale), 3] == both[round(60 * scale), round(80 * scale), 3] == 255
    assert tuple(picture[round(60 * scale), round(80 * scale)]) == (0, 0, 255, 255)
    assert picture[round(60 * scale), round(110 * scale), 3] == 0
