"""The frames of the wipe compare: the right ones, whole, and equal where nothing was touched."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from images import read_image
from numpy.typing import NDArray
from wetgate.daemon.publish.pairs import Pairs
from wetgate.daemon.publish.pairs_work import MOST_PAIRS, write
from wetgate.schema.errors import UnreadableMedia


def movie(path: Path, frames: int, *, first: int = 0, fixed: bool = False) -> Path:
    """A lossless movie whose frame N has a noise picture of its own; *fixed* paints a square into each."""
    with av.open(path, "w") as container:
        stream = container.add_stream("ffv1", rate=Fraction(24))
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv444p"
        for number in range(first, first + frames):
            picture = np.random.default_rng(number).integers(60, 180, (3, 96, 128), dtype=np.uint8)
            if fixed:
                picture[:, 32:64, 32:64] = 90
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="yuv444p")):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return path


def read(path: Path) -> NDArray[np.int64]:
    """A picture as HxWx3, in numbers that can be subtracted."""
    return read_image(path).astype(np.int64)


def test_pairs_show_the_same_frame_and_differ_in_the_fix_alone(tmp_path: Path) -> None:
    """Before and after are one moment, named by its shot frame, and equal in every block outside the fix."""
    folder = tmp_path / "v001" / "compare"
    order = Pairs(
        plate=movie(tmp_path / "plate.mkv", 12),
        master=movie(tmp_path / "master.mkv", 6, first=4, fixed=True),
        folder=folder,
        offset=4,
        first_frame=1005,
    )
    steps: list[float] = []
    assert write(order.model_dump(mode="json"), lambda share, _words: steps.append(share)) == {"pairs": 6}
    assert sorted(path.name for path in folder.iterdir()) == [
        f"{side}.{frame}.jpg" for side in ("after", "before") for frame in range(1005, 1011)
    ]
    for frame in range(1005, 1011):
        apart = np.abs(read(folder / f"before.{frame}.jpg") - read(folder / f"after.{frame}.jpg")).max(axis=2)
        assert apart[32:64, 32:64].max() > 20
        apart[32:64, 32:64] = 0
        assert apart.max() == 0
    assert steps[-1] == 1.0
    assert [path.name for path in folder.parent.iterdir()] == ["compare"]


def test_long_shots_are_spread_evenly(tmp_path: Path) -> None:
    """Of a long shot first and last frame are there, and no more than the limit."""
    plate = movie(tmp_path / "plate.mkv", 120)
    folder = tmp_path / "compare"
    write(Pairs(plate=plate, master=plate, folder=folder, offset=0, first_frame=1001).model_dump(mode="json"), _quiet)
    frames = sorted(int(path.name.split(".")[1]) for path in folder.glob("before.*"))
    assert (len(frames), frames[0], frames[-1]) == (MOST_PAIRS, 1001, 1120)
    assert set(np.diff(frames)) == {2, 3}


def test_a_second_run_replaces_and_a_failed_one_leaves_nothing(tmp_path: Path) -> None:
    """A job that was killed and runs again ends with one whole folder; a broken master leaves none behind."""
    plate = movie(tmp_path / "plate.mkv", 3)
    folder = tmp_path / "out" / "compare"
    folder.mkdir(parents=True)
    (folder / "before.9999.jpg").touch()
    order = Pairs(plate=plate, master=plate, folder=folder, offset=0, first_frame=1001)
    write(order.model_dump(mode="json"), _quiet)
    assert len(list(folder.iterdir())) == 6
    broken = tmp_path / "broken.mkv"
    broken.write_bytes(b"no movie")
    with pytest.raises(UnreadableMedia):
        write(order.model_copy(update={"master": broken}).model_dump(mode="json"), _quiet)
    assert len(list(folder.iterdir())) == 6
    assert [path.name for path in folder.parent.iterdir()] == ["compare"]


def _quiet(_share: float, _words: str) -> None:
    """No progress is looked at."""
