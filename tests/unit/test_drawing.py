"""What was drawn in red over a frame, as boxes and points on the plate."""

from __future__ import annotations

from pathlib import Path

import cv2
import made
import numpy as np
import pytest
from footage import shared
from numpy.typing import NDArray
from wetgate.processors.mattes.drawing import open_drawing, read_drawing
from wetgate.processors.pictures import Plate
from wetgate.schema.errors import BriefIncomplete

Image = NDArray[np.uint8]
RED, GREEN = (232, 28, 36), (20, 200, 40)
PLATE = (1080, 1920)


def sheet(width: int = 960, height: int = 540) -> Image:
    """Transparent black, as a review player keeps strokes."""
    return np.zeros((height, width, 4), np.uint8)


def near(box: tuple[int, ...], wanted: tuple[int, ...], pixels: int) -> bool:
    """Whether two boxes agree to so many pixels."""
    return all(abs(one - other) <= pixels for one, other in zip(box, wanted, strict=True))


def test_a_box_is_scaled_to_the_plate() -> None:
    """A rectangle drawn at half size is the box between the middles of its strokes, at full size."""
    picture = sheet()
    cv2.rectangle(picture, (200, 100), (400, 300), (*RED, 255), 6)
    (box,) = read_drawing(picture, PLATE).boxes
    assert near(box, (400, 200, 402, 402), 5)


@pytest.mark.parametrize("sweep", [360, 345, 330])
def test_a_loop_need_not_close(sweep: int) -> None:
    """A loop whose ends do not quite meet is a box all the same."""
    picture = sheet()
    cv2.ellipse(picture, (300, 200), (100, 80), 20, 0, sweep, (*RED, 255), 5)
    drawing = read_drawing(picture, PLATE)
    assert len(drawing.boxes) == 1
    assert drawing.points == ()
    outline = np.asarray(cv2.ellipse2Poly((300, 200), (100, 80), 20, 0, 360, 1), np.int32) * 2
    x, y, wide, high = cv2.boundingRect(outline)
    assert near(drawing.boxes[0], (x, y, wide, high), 8)


def test_a_scribble_is_points_on_itself() -> None:
    """Up to five points, far from each other, each on the stroke; an arc of half a circle is no loop."""
    for draw in (_zigzag, _arc):
        picture = sheet()
        draw(picture)
        drawing = read_drawing(picture, PLATE)
        assert drawing.boxes == ()
        assert 3 <= len(drawing.points) <= 5
        assert all(picture[y // 2, x // 2, 3] for x, y in drawing.points)


def _zigzag(picture: Image) -> None:
    turns = np.array([[200 + (n % 2) * 120, 100 + n * 14] for n in range(14)])
    cv2.polylines(picture, [turns], False, (*RED, 255), 8)


def _arc(picture: Image) -> None:
    cv2.ellipse(picture, (300, 200), (100, 80), 0, 0, 190, (*RED, 255), 6)


def test_several_strokes_stand_beside_each_other() -> None:
    """Two loops and a dot are two boxes and a point, as one brief writes them for the frame."""
    picture = sheet()
    cv2.rectangle(picture, (100, 100), (200, 200), (*RED, 255), 4)
    cv2.circle(picture, (400, 300), 60, (*RED, 255), 4)
    cv2.circle(picture, (700, 100), 6, (*RED, 255), -1)
    drawing = read_drawing(picture, PLATE)
    assert (len(drawing.boxes), drawing.points) == (2, ((1401, 201),))
    marks = drawing.marks(1012)
    assert marks["box"].count("1012: ") == 2
    assert marks["points"] == "1012: 1401,201"


def test_other_colours_are_talk() -> None:
    """Green strokes, and nothing at all, are an empty drawing."""
    picture = sheet()
    assert read_drawing(picture, PLATE).marks(1012) == {}
    cv2.circle(picture, (400, 300), 60, (*GREEN, 255), 4)
    assert read_drawing(picture, PLATE).marks(1012) == {}


def test_a_drawing_of_another_shape_is_refused() -> None:
    """A square drawing cannot be laid on a wide plate."""
    with pytest.raises(BriefIncomplete, match="shapes differ"):
        read_drawing(sheet(500, 500), PLATE)


def test_red_things_in_the_frame_are_no_strokes(tmp_path: Path) -> None:
    """Over a frame that holds a red box of its own only what was drawn is found, by comparing with the movie."""
    frames = [made.street() for _ in range(3)]
    for frame in frames:
        frame[20:60, 20:80] = (220, 20, 30)
    movie = made.write_movie(tmp_path / "review.mp4", frames, timecode="01:00:00:00")
    with Plate.open(movie) as plate:
        shown = np.asarray(plate.picture(1).rgb() * 255, np.uint8)
    over = cv2.resize(shown, (1280, 768), interpolation=cv2.INTER_LINEAR)
    cv2.rectangle(over, (700, 300), (900, 600), RED, 10)
    path = tmp_path / "annotation.png"
    assert cv2.imwrite(str(path), cv2.cvtColor(over, cv2.COLOR_RGB2BGR))
    size = (192, 320)
    (box,) = open_drawing(path, size, (movie, 1)).boxes
    assert near(box, (175, 75, 50, 75), 3)
    assert len(open_drawing(path, size).boxes) + len(open_drawing(path, size).points) > 1


def test_a_drawing_over_a_real_frame(tmp_path: Path) -> None:
    """A loop around a person on a real plate, saved by a player as JPEG over the frame, is a box on the plate."""
    path = shared("diffueraser_tennis/video.mp4")
    with Plate.open(path) as plate:
        shown = np.asarray(plate.picture(10).rgb() * 255, np.uint8)
        size = (plate.video.height, plate.video.width)
    scale = 960 / size[1]
    over = cv2.resize(shown, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    middle = (int(over.shape[1] * 0.4), int(over.shape[0] * 0.5))
    cv2.ellipse(over, middle, (110, 170), 0, 5, 350, RED, 6, cv2.LINE_AA)
    drawn = tmp_path / "annotation.jpg"
    assert cv2.imwrite(str(drawn), cv2.cvtColor(over, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])
    (box,) = open_drawing(drawn, size, (path, 10)).boxes
    wanted = [int(v / scale) for v in (middle[0] - 110, middle[1] - 170, 220, 340)]
    assert near(box, tuple(wanted), int(14 / scale))


def test_a_picture_that_is_red_itself_is_told(tmp_path: Path) -> None:
    """Where the frame is red and the movie is not at hand, strokes cannot be told from it."""
    picture = np.full((540, 960, 3), RED, np.uint8)
    with pytest.raises(BriefIncomplete, match="red itself"):
        read_drawing(picture, PLATE)
    broken = tmp_path / "annotation.png"
    broken.write_bytes(b"no picture")
    with pytest.raises(BriefIncomplete, match="no 8-bit colour picture"):
        open_drawing(broken, PLATE)
