"""Frames that an artist painted, as sources."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from images import write_mattes
from wetgate.processors.pictures.layout import frame_layout
from wetgate.processors.pictures.master import write_still
from wetgate.processors.remove.fill import Origin
from wetgate.processors.remove.layers import fill_hole
from wetgate.processors.remove.open import open_shot
from wetgate.schema.errors import BriefIncomplete
from wetgate.schema.media import SourceClass
from wetgate.schema.request import Reference, Request, Source, reference_of

HEIGHT, WIDTH, FRAMES = 96, 160, 8
RGB = frame_layout(("R", "G", "B"), "uint8", 8)
HOLE = (slice(30, 60), slice(60, 100))


def picture(frame: int) -> np.ndarray:
    """A textured set under a still camera, with fresh noise."""
    rng = np.random.default_rng(3)
    coarse = cv2.resize(rng.random((20, 32, 3)).astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(10 + frame).normal(0, 0.006, coarse.shape)
    return np.asarray(np.clip((0.3 + 0.4 * coarse + noise) * 255, 0, 255), np.uint8)


def write(path: Path, image: np.ndarray) -> Path:
    """One 8-bit RGB still."""
    write_still(path, tuple(np.ascontiguousarray(image[..., i]) for i in range(3)), RGB)
    return path


@pytest.fixture
def request_(tmp_path: Path) -> Request:
    """A matte that stands still over a still shot, and frame 1003 painted pink inside it."""
    folder = tmp_path / "plate"
    folder.mkdir()
    for frame in range(FRAMES):
        write(folder / f"p.{1001 + frame}.png", picture(frame))
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[HOLE] = True
    painted = picture(2)
    painted[HOLE] = (230, 60, 170)
    painted[:10] = 0  # outside the matte a painting says nothing
    return Request(
        plate=Source(path=folder, name="A001"),
        matte=write_mattes(tmp_path / "matte", [mask] * FRAMES),
        references=(Reference(path=write(tmp_path / "paint.1003.png", painted), frame=1003),),
        work=tmp_path,
        out=tmp_path,
    )


def test_a_painting_fills_its_frame_exactly_and_the_frames_around(request_: Request) -> None:
    """Every pixel of the hole is the painted one, in 1003 to the value; the trace names frame and place."""
    shot = open_shot(request_)
    for frame in (2, 3, 7):
        fill = fill_hole(shot, frame, shot.matte)
        assert fill is not None
        window = fill.region.window
        inside = shot.matte(frame)[window]
        assert set(np.unique(fill.origin[inside])) == {Origin.PAINTED_FRAME}
        apart = np.abs(fill.image - np.array([230, 60, 170], np.float32) / 255).max(axis=-1)
        assert apart[inside].max() < (1e-5 if frame == 2 else 0.04)
        rows, columns = np.nonzero(inside)
        x, y = columns[0] + fill.region.x, rows[0] + fill.region.y
        assert np.allclose(fill.trace[rows[0], columns[0]], (2, x, y), atol=0.1)
    shot.close()


def test_a_painting_that_does_not_fit_is_answered(request_: Request, tmp_path: Path) -> None:
    """Another size, a frame that the plate has not, a file that is not there."""
    small = write(tmp_path / "small.1003.png", picture(0)[:50])
    for reference, words in (
        (Reference(path=small, frame=1003), "160x50.*160x96"),
        (Reference(path=small, frame=1900), "frame 1900.*1001-1008"),
        (Reference(path=tmp_path / "gone.png", frame=1003), "gone.png is not there"),
    ):
        with pytest.raises(BriefIncomplete, match=words):
            open_shot(request_.model_copy(update={"references": (reference,)}))


def test_the_frame_comes_from_the_name_or_is_written_before_it() -> None:
    """paint.1012.png and 1012=sky.png; a name without a number is asked about."""
    assert reference_of("paint.1012.png", Path).frame == 1012
    assert reference_of("1012=sky.png", Path).path.name == "sky.png"
    with pytest.raises(BriefIncomplete, match=r"paint\.1012\.png"):
        reference_of("sky.png", Path)
    assert SourceClass("reference") is SourceClass.REFERENCE
