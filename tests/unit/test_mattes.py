"""Mattes from sequences, movies and boxes, and what is refused in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from images import write_mattes
from numpy.typing import NDArray
from plates import make_movie
from wetgate.processors.mattes import open_mattes
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
        assert open_mattes(opened, folder, grow=3).at(1).sum() > mask.sum()
        assert not open_mattes(opened, folder, frames=(0, 1)).at(2).any()


def test_a_box_covers_its_pixels_in_its_frames(plate: Path) -> None:
    """x,y,w,h in pixels, constant, nothing outside the range."""
    with Plate.open(plate) as opened:
        mattes = open_mattes(opened, None, box=(30, 20, 10, 8), frames=(1, 1))
        assert (mattes.at(1) == square()).all()
        assert not mattes.at(0).any()


def request(path: Path, tmp_path: Path, **changes: object) -> Request:
    """A request with a box for a matte."""
    words: dict[str, object] = {"plate": Source(path=path, name="A001"), "options": {"box": "30,20,10,8"}}
    return Request.model_validate({**words, "work": tmp_path / "w", "out": tmp_path / "o", **changes})


def test_what_cannot_be_done_is_answered_in_a_sentence(plate: Path, tmp_path: Path) -> None:
    """Size, count, empty, full, proxy, no matte, a box outside, an unknown word: each with what is wrong."""
    wrong_size = write_mattes(tmp_path / "size", [np.ones((48, 64), bool)] * 3)
    wrong_count = write_mattes(tmp_path / "count", [square()] * 2)
    empty = write_mattes(tmp_path / "empty", [np.zeros(SHAPE, bool)] * 3)
    full = write_mattes(tmp_path / "full", [np.ones(SHAPE, bool)] * 3)
    proxy = Source(path=plate, name="A001", source_class=SourceClass.PROXY)
    cases: list[tuple[dict[str, object], str]] = [
        ({"matte": wrong_size, "options": {}}, "64x48.*66x50.*one size"),
        ({"matte": wrong_count, "options": {}}, "has 2 frames.*has 3"),
        ({"matte": empty, "options": {}}, "nothing to remove"),
        ({"matte": full, "options": {}}, "covers the whole of frame 1001"),
        ({"matte": tmp_path / "gone", "options": {}}, "gone is not there"),
        ({"plate": proxy}, "A001 is a proxy.*pull"),
        ({"options": {}}, "neither a matte nor a box"),
        ({"options": {"box": "60,20,10,8"}}, "does not lie in the 66x50 plate"),
        ({"options": {"box": "30,20,10,8", "frames": "1001-1009"}}, "frame range"),
        ({"options": {"box": "30,20,10,8", "smooth": 3}}, "'smooth'"),
        ({"options": {"box": "thirty"}}, "'box'"),
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
        Remove().plan(request(path, tmp_path, options={"box": "10,10,8,8"}))
