"""What people draw in Kitsu's player, as pictures and frames."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from wetgate.connectors.kitsu.drawings import drawings, frame_at, render
from wetgate.schema.errors import EntityNotFound
from wetgate.schema.tracker import EntityRef

Json = dict[str, Any]
CANVAS = {"canvasWidth": 640, "canvasHeight": 360}


def preview(*objects: Json, time: float = 0.5, **values: Any) -> Json:
    """A preview file of 640 x 360 with one annotation."""
    annotation = {"time": time, "drawing": {"objects": [{**CANVAS, **one} for one in objects]}}
    return {
        "id": "p1",
        "width": 640,
        "height": 360,
        "annotations": [annotation],
        "data": {"code": "SH010_v001", "frame_rate": "24/1"},
        "updated_at": "2026-11-25T10:00:00",
        **values,
    }


def drawn(made: Json) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The picture of its drawing: blue, green, red, alpha."""
    found = cv2.imdecode(np.frombuffer(render(made, "0.5"), np.uint8), cv2.IMREAD_UNCHANGED)
    assert found is not None
    return found.astype(np.uint8)


def box(picture: np.ndarray[Any, np.dtype[np.uint8]]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is drawn."""
    rows, columns = np.nonzero(picture[..., 3])
    return int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())


def test_a_stroke_lies_where_it_was_drawn() -> None:
    """Kitsu's pen keeps points of the canvas; the ink is opaque in its colour, everything else is not there."""
    points = [{"x": x, "y": 90 + x // 4, "pressure": 0.5} for x in range(100, 301, 10)]
    stroke = {"type": "PSStroke", "strokePoints": points, "strokeWidth": 8, "stroke": "#ff3860", "fill": None}
    picture = drawn(preview({**stroke, "left": 100, "top": 115, "width": 200, "height": 50}))
    assert picture.shape == (360, 640, 4)
    assert tuple(picture[140, 200]) == (0x60, 0x38, 0xFF, 255)
    assert picture[40, 40, 3] == 0
    left, top, right, bottom = box(picture)
    assert (left, right) == pytest.approx((96, 304), abs=2)
    assert (top, bottom) == pytest.approx((111, 169), abs=2)


def test_what_was_moved_afterwards_lies_where_it_is_now() -> None:
    """A path that a person dragged and grew keeps its own points; place, size and turn tell where it went."""
    path = [["M", 10, 10], ["Q", 60, 10, 60, 60], ["L", 110, 110]]
    one = {"type": "path", "path": path, "stroke": "rgba(0,255,0,1)", "strokeWidth": 4, "fill": None}
    still = box(drawn(preview({**one, "left": 10, "top": 10, "width": 100, "height": 100})))
    moved = box(
        drawn(preview({**one, "left": 210, "top": 110, "width": 100, "height": 100, "scaleX": 2.0, "scaleY": 1.0}))
    )
    assert still == pytest.approx((8, 8, 112, 112), abs=2)
    assert moved == pytest.approx((208, 108, 413, 213), abs=4)


def test_a_drawing_from_a_smaller_player_covers_the_movie() -> None:
    """Objects count in the canvas that they were drawn on, which is not the movie's size."""
    rect = {"type": "rect", "left": 80, "top": 45, "width": 160, "height": 90, "stroke": "#f00", "strokeWidth": 2}
    made = preview()
    made["annotations"][0]["drawing"]["objects"] = [{**rect, "canvasWidth": 320, "canvasHeight": 180}]
    assert box(drawn(made)) == pytest.approx((160, 90, 480, 270), abs=4)


def test_the_bars_are_cut_off() -> None:
    """A movie of another shape than the project's stands between bars in the player; its picture has none."""
    rect = {"type": "rect", "left": 0, "top": 46, "width": 640, "height": 268, "stroke": "#f00", "strokeWidth": 2}
    data = {"original_width": 2048, "original_height": 858}
    picture = drawn(preview(rect, data=data))
    assert picture.shape == (268, 640, 4)
    assert picture[0, 320, 3] == picture[-1, 320, 3] == 255
    tall = drawn(preview(rect, data={"original_width": 480, "original_height": 360}))
    assert tall.shape == (360, 480, 4)


def test_an_outline_is_hollow_and_a_filled_one_is_not() -> None:
    """A box without a fill is only its edge."""
    rect = {"type": "rect", "left": 100, "top": 100, "width": 200, "height": 100, "stroke": "#f00", "strokeWidth": 4}
    assert drawn(preview({**rect, "fill": "transparent"}))[150, 200, 3] == 0
    assert tuple(drawn(preview({**rect, "fill": "rgba(0, 0, 255, 0.5)"}))[150, 200]) == (255, 0, 0, 128)


def test_an_ellipse_and_a_turned_box() -> None:
    """An ellipse reaches its radii; a box turned by 90 degrees about its corner stands upright."""
    ellipse = {"type": "ellipse", "left": 100, "top": 100, "rx": 80, "ry": 40, "width": 160, "height": 80}
    assert box(drawn(preview({**ellipse, "stroke": "#0f0", "strokeWidth": 2}))) == pytest.approx(
        (100, 100, 260, 180), abs=3
    )
    rect = {"type": "rect", "left": 300, "top": 50, "width": 200, "height": 100, "angle": 90, "stroke": "#0f0"}
    assert box(drawn(preview(rect))) == pytest.approx((200, 50, 300, 250), abs=3)


def test_a_group_carries_its_members() -> None:
    """Objects in a group count from the group's middle."""
    child = {"type": "rect", "left": -50, "top": -25, "width": 100, "height": 50, "stroke": "#f00", "strokeWidth": 2}
    group = {"type": "group", "left": 200, "top": 100, "width": 100, "height": 50, "scaleX": 2.0, "scaleY": 2.0}
    assert box(drawn(preview({**group, "objects": [child]}))) == pytest.approx((200, 100, 400, 200), abs=4)


def test_only_text_is_no_drawing() -> None:
    """An annotation that holds text alone marks no place."""
    text = {"type": "i-text", "text": "softer", "left": 10, "top": 10}
    version = EntityRef(type="PreviewFile", id="p1")
    assert list(drawings(preview(text), version, "24")) == []
    (found,) = drawings(preview({"type": "line", "x1": 0, "y1": 0, "x2": 9, "y2": 9}), version, "24")
    assert (found.drawn, found.frame, found.name) == (True, 12, "SH010_v001_drawn_0012.png")


def test_a_drawing_that_was_taken_away() -> None:
    """A drawing deleted since it was listed is not found."""
    with pytest.raises(EntityNotFound):
        render(preview(), "7.5")


@pytest.mark.parametrize("rate", [24.0, 25.0, 30.0, 24000 / 1001, 30000 / 1001, 60000 / 1001])
def test_frames_of_the_players_times(rate: float) -> None:
    """The player's times are steps of a duration rounded to four digits: frame 5000 is still frame 5000."""
    step = int(10_000 / rate + 0.5) / 10_000
    for frame in (0, 1, 23, 1000, 5000):
        assert frame_at(round(frame * step, 4), rate, rate) == frame


def test_frames_at_another_rate() -> None:
    """A project at 25 shows our 24 frames a second with one repeated."""
    assert [frame_at(shown * 0.04, 25.0, 24.0) for shown in (0, 12, 13, 24, 25, 50)] == [0, 12, 12, 23, 24, 48]
    assert [frame_at(shown * 0.0417, 24.0, 24000 / 1001) for shown in (0, 12, 100, 400)] == [0, 12, 100, 400]
