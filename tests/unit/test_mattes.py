"""Mattes from sequences, movies and boxes, and what is refused in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from images import write_mattes
from numpy.typing import NDArray
from plates import make_movie
from pydantic import TypeAdapter, ValidationError
from wetgate.processors.mattes import Boxes, Dots, Growths, MatteWishes, open_mattes
from wetgate.processors.mattes.marks import Mark
from wetgate.processors.pictures import Plate
from wetgate.processors.pictures.layout import frame_layout
from wetgate.processors.pictures.master import write_still
from wetgate.processors.remove import Remove
from wetgate.schema.errors import BriefIncomplete, NotConfident
from wetgate.schema.media import SourceClass
from wetgate.schema.request import Request, Source

SHAPE = (50, 66)


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    """Three frames of noise, 66x50."""
    make_movie(tmp_path / "plate.mkv", "yuv420p", 3)
    return tmp_path / "plate.mkv"


def square() -> NDArray[np.bool_]:
    """A matte of 10x8 pixels."""
    mask = np.zeros(SHAPE, bool)
    mask[20:28, 30:40] = True
    return mask


@pytest.mark.parametrize("kind", ["grey8", "grey16", "alpha"])
def test_sequences_of_every_kind_give_the_same_matte(kind: str, plate: Path, tmp_path: Path) -> None:
    """8-bit grey, 16-bit grey whose values are low, and the alpha of RGBA files."""
    folder = tmp_path / "m"
    folder.mkdir()
    mask = square()
    for number in (1001, 1002, 1003):
        path = folder / f"m.{number}.png"
        if kind == "grey8":
            write_still(path, (mask * np.uint8(255),), frame_layout(("Y",), "uint8", 8))
        elif kind == "grey16":
            write_still(path, (mask * np.uint16(900),), frame_layout(("Y",), "uint16", 16))
        else:
            colour = np.full(SHAPE, 77, np.uint8)
            names = frame_layout(("R", "G", "B", "A"), "uint8", 8)
            write_still(path, (colour, colour, colour, mask * np.uint8(255)), names)
    with Plate.open(plate) as opened:
        assert (open_mattes(opened, folder).at(1) == mask).all()
        assert open_mattes(opened, folder, MatteWishes(grow=3)).at(1).sum() > mask.sum()
        assert 0 < open_mattes(opened, folder, MatteWishes(grow=-2)).at(1).sum() < mask.sum()
        assert not open_mattes(opened, folder, MatteWishes(frames=(1001, 1002))).at(2).any()


def test_a_box_as_an_area_covers_its_pixels_in_its_frames(plate: Path) -> None:
    """x,y,w,h in pixels, constant, nothing outside the range."""
    with Plate.open(plate) as opened:
        box = Mark(None, (30, 20, 10, 8))
        mattes = open_mattes(opened, None, MatteWishes(boxes=(box,), area=True, frames=(1002, 1002)))
        assert (mattes.at(1) == square()).all()
        assert not mattes.at(0).any()


def test_the_edge_moves_on_some_frames_only(plate: Path) -> None:
    """`grow_on` adds to `grow` on its shot frames, several stretches add up, and it comes back as it was written."""
    growths = TypeAdapter(Growths).validate_python("1002-1003: 2; 1003: 1")
    assert TypeAdapter(Growths).dump_python(growths) == "1002-1003: 2; 1003-1003: 1"
    with Plate.open(plate) as opened:
        box = Mark(None, (30, 20, 10, 8))
        plain = MatteWishes(boxes=(box,), area=True, grow=1)
        mattes = open_mattes(opened, None, replace(plain, growths=growths))
        for frame, pixels in ((0, 1), (1, 3), (2, 4)):
            assert (mattes.at(frame) == open_mattes(opened, None, replace(plain, grow=pixels)).at(frame)).all()


@pytest.mark.parametrize("text", ["1012", "1040-1012: 4", "1012-1040: 400", "1012-1040: wide"])
def test_a_growth_that_cannot_be_read_is_refused(text: str) -> None:
    """What is wrong is said with the form that is wanted."""
    with pytest.raises(ValidationError, match=r"1012-1040: 4|ends before it begins"):
        TypeAdapter(Growths).validate_python(text)


def test_a_box_beside_a_matte_adds_to_it(plate: Path, tmp_path: Path) -> None:
    """Both are inside, also on frames for which no matte was drawn."""
    folder = grey_frames(tmp_path / "some", square() * np.uint8(255), [1002])
    with Plate.open(plate) as opened:
        wishes = MatteWishes(boxes=(Mark(None, (2, 2, 6, 5)),), area=True)
        mattes = open_mattes(opened, folder, wishes)
        assert [int(mattes.at(frame).sum()) for frame in range(3)] == [30, 110, 30]
        assert mattes.at(1)[square()].all()
        assert not mattes.soft


def grey_frames(folder: Path, grey: NDArray[np.uint8], numbers: list[int]) -> Path:
    """The same 8-bit grey matte on these frames."""
    folder.mkdir()
    for number in numbers:
        write_still(folder / f"m.{number}.png", (grey,), frame_layout(("Y",), "uint8", 8))
    return folder


def test_marks_read_as_people_write_them_and_come_back_the_same() -> None:
    """One box, boxes on frames, several points on one frame, a point beside the thing."""
    boxes, dots = TypeAdapter(Boxes), TypeAdapter(Dots)
    assert boxes.validate_python("100,50,200,300") == (Mark(None, (100, 50, 200, 300)),)
    assert boxes.validate_python([1, 2, 3, 4]) == (Mark(None, (1, 2, 3, 4)),)
    two = boxes.validate_python("1012: 100,50,200,300; 1040: 140,60,200,300")
    assert [mark.frame for mark in two] == [1012, 1040]
    assert boxes.validate_python(boxes.dump_python(two)) == two
    points = dots.validate_python("1012: 640,360; 655,400; -700,10")
    assert [(mark.frame, mark.inside) for mark in points] == [(1012, True), (1012, True), (1012, False)]
    assert dots.validate_python(dots.dump_python(points)) == points


def test_files_for_some_frames_go_by_their_numbers(plate: Path, tmp_path: Path) -> None:
    """m.1002.png is the matte of shot frame 1002 alone; the others are not touched."""
    folder = grey_frames(tmp_path / "some", square() * np.uint8(255), [1002])
    with Plate.open(plate) as opened:
        mattes = open_mattes(opened, folder)
        assert [mattes.at(frame).sum() for frame in range(3)] == [0, 80, 0]
        single = open_mattes(opened, folder / "m.1002.png")
        assert [single.at(frame).sum() for frame in range(3)] == [80, 80, 80]


def test_grey_is_strength_and_everything_above_zero_is_inside(plate: Path, tmp_path: Path) -> None:
    """A soft edge mixes as drawn; the effective matte is every pixel that has any."""
    grey = square() * np.uint8(255)
    grey[19, 30:40], grey[28, 30:40] = 64, 1
    folder = grey_frames(tmp_path / "soft", grey, [1001, 1002, 1003])
    with Plate.open(plate) as opened:
        mattes = open_mattes(opened, folder)
        assert mattes.soft
        assert abs(mattes.strength(0)[19, 33] - 64 / 255) < 1e-6
        assert mattes.at(0).sum() == 100
        assert mattes.strength(0)[24, 33] == 1


def test_labels_are_no_strengths(plate: Path, tmp_path: Path) -> None:
    """A matte whose inside is the value 1 of 255 is a hard one; named greys are taken by their values."""
    ones = grey_frames(tmp_path / "ones", square() * np.uint8(1), [1001, 1002, 1003])
    quad = np.full(SHAPE, 255, np.uint8)
    quad[square()], quad[40:44, 30:40] = 0, 127
    quads = grey_frames(tmp_path / "quad", quad, [1001, 1002, 1003])
    with Plate.open(plate) as opened:
        assert (open_mattes(opened, ones).strength(0)[square()] == 1).all()
        mattes = open_mattes(opened, quads, MatteWishes(levels=(0, 95)))
        assert (mattes.at(0) == square()).all()


def test_a_holdout_is_not_touched(plate: Path, tmp_path: Path) -> None:
    """What the second matte covers is taken out of the first, and the matte still grows elsewhere."""
    folder = grey_frames(tmp_path / "matte", square() * np.uint8(255), [1001, 1002, 1003])
    hand = np.zeros(SHAPE, np.uint8)
    hand[:, 35:] = 255
    holdout = grey_frames(tmp_path / "hand", hand, [1001, 1002, 1003])
    with Plate.open(plate) as opened:
        mattes = open_mattes(opened, folder, MatteWishes(grow=2), holdout=holdout)
        assert not mattes.at(0)[:, 35:].any()
        assert mattes.at(0)[24, 28]


def test_a_matte_of_another_size_is_scaled_when_asked(plate: Path, tmp_path: Path) -> None:
    """Half the size lies where it belongs; another shape is refused all the same."""
    half = np.zeros((25, 33), np.uint8)
    half[10:14, 15:20] = 255
    folder = grey_frames(tmp_path / "half", half, [1001, 1002, 1003])
    wide = grey_frames(tmp_path / "wide", np.full((25, 40), 255, np.uint8), [1001, 1002, 1003])
    with Plate.open(plate) as opened:
        mask = open_mattes(opened, folder, MatteWishes(scale=True)).at(0)
        assert mask[square()].all()
        assert mask.sum() < 1.6 * square().sum()
        with pytest.raises(BriefIncomplete, match="shapes differ"):
            open_mattes(opened, wide, MatteWishes(scale=True))


def request(path: Path, tmp_path: Path, **changes: object) -> Request:
    """A request with a box for a matte."""
    words: dict[str, object] = {
        "plate": Source(path=path, name="A001"),
        "options": {"box": "30,20,10,8", "box_is": "area"},
    }
    return Request.model_validate({**words, "work": tmp_path / "w", "out": tmp_path / "o", **changes})


def test_what_cannot_be_done_is_answered_in_a_sentence(plate: Path, tmp_path: Path) -> None:
    """Size, count, empty, full, proxy, no matte, a box outside, an unknown word: each with what is wrong."""
    wrong_size = write_mattes(tmp_path / "size", [np.ones((48, 64), bool)] * 3)
    wrong_count = write_mattes(tmp_path / "count", [square()] * 4)
    empty = write_mattes(tmp_path / "empty", [np.zeros(SHAPE, bool)] * 3)
    full = write_mattes(tmp_path / "full", [np.ones(SHAPE, bool)] * 3)
    proxy = Source(path=plate, name="A001", source_class=SourceClass.PROXY)
    cases: list[tuple[dict[str, object], str]] = [
        ({"matte": wrong_size, "options": {}}, "64x48.*66x50.*one size"),
        ({"matte": wrong_count, "options": {}}, "has 4 frames.*has 3.*shot frame"),
        ({"matte": empty, "options": {}}, "nothing to remove"),
        ({"matte": full, "options": {}}, "covers the whole of frame 1001"),
        ({"matte": tmp_path / "gone", "options": {}}, "gone is not there"),
        ({"plate": proxy}, "A001 is a proxy.*pull"),
        ({"options": {}}, "neither a matte nor a box nor points"),
        ({"options": {"box": "60,20,10,8"}}, "does not lie in the 66x50 plate"),
        ({"options": {"box": "30,20,10,8", "frames": "1001-1009"}}, "frame range"),
        ({"options": {"box": "30,20,10,8", "smooth": 3}}, "'smooth'"),
        ({"options": {"box": "thirty"}}, "'box'.*'thirty' should read x,y,width,height"),
        ({"options": {"points": "1001: 90,10"}}, "point 1001: 90,10 does not lie"),
        ({"options": {"box": "1009: 30,20,10,8"}}, "Frame 1009.*1001-1003"),
        ({"holdout": wrong_size}, "64x48.*66x50"),
    ]
    for changes, words in cases:
        with pytest.raises(BriefIncomplete, match=words):
            Remove().plan(request(plate, tmp_path, **changes))


def test_an_interlaced_plate_is_refused(tmp_path: Path) -> None:
    """Fields are not frames: the processor says so and does not try."""
    import av

    path = tmp_path / "fields.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg2video", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.flags |= 0x20000000 | 0x00040000  # interlaced motion estimation and DCT
        for value in range(4):
            frame = av.VideoFrame.from_ndarray(np.full((72, 64), value * 30, np.uint8), format="yuv420p")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with Plate.open(path) as plate:
        if not plate.video.interlaced:
            pytest.fail("the encoder made no interlaced stream")
    with pytest.raises(NotConfident, match="interlaced"):
        Remove().plan(request(path, tmp_path, options={"box": "10,10,8,8", "box_is": "area"}))
