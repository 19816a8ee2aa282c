"""Filling from the shot's own frames, on a made plate whose background is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from images import write_mattes
from wetgate.processors.remove.fill import Fill, Origin
from wetgate.processors.remove.layers import fill_hole
from wetgate.processors.remove.open import open_shot
from wetgate.processors.remove.shot import Shot
from wetgate.processors.remove.steady import Steady
from wetgate.schema.request import Request, Source

SIZE, COUNT = (320, 200), 24


def world() -> np.ndarray:
    """A textured background, wider than the picture."""
    rng = np.random.default_rng(6)
    fine = cv2.resize(rng.random((70, 130, 3)).astype(np.float32), (520, 280), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(0.2 + 0.6 * fine, 0, 1) * 255, np.uint8)


def mattes() -> list[np.ndarray]:
    """A block that crosses the picture."""
    masks = []
    for number in range(COUNT):
        mask = np.zeros(SIZE[::-1], np.uint8)
        mask[70:130, 20 + 10 * number : 60 + 10 * number] = 1
        masks.append(mask)
    return masks


@pytest.fixture(params=[0, 3], ids=["still", "pan"])
def shot(request: pytest.FixtureRequest, tmp_path: Path) -> Shot:
    """The background with a grey block in front, seen by a still or a panning camera."""
    pan, back = request.param, world()
    with av.open(str(tmp_path / "plate.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "bgr0"
        for number, mask in enumerate(mattes()):
            picture = back[40:240, 60 + pan * number : 380 + pan * number].copy()
            picture[mask > 0] = 128
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="bgr0")))
        container.mux(stream.encode(None))
    matte = write_mattes(tmp_path / "m", mattes())
    opened = open_shot(Request(plate=Source(path=tmp_path / "plate.mkv", name="A"), matte=matte, work=tmp_path,
                               out=tmp_path))  # fmt: skip
    opened.cuts = []
    return opened


def test_every_pixel_says_which_frame_it_came_from_and_where(shot: Shot) -> None:
    """The picture at the traced frame and place is the fill's, and no matte lies there."""
    fill = fill_hole(shot, 12, shot.matte)
    assert fill is not None
    hole = shot.matte(12)[fill.region.window]
    assert (fill.origin[hole] == Origin.OWN).all()
    frames, xs, ys = (fill.trace[..., i][hole] for i in range(3))
    assert not np.isnan(frames).any()
    for number in np.unique(frames.astype(int)):
        there = frames == number
        spots = np.rint(np.stack([ys[there], xs[there]])).astype(int)
        assert not shot.matte(number)[tuple(spots)].any()
        apart = np.abs(shot.rgb(number)[tuple(spots)] - fill.image[hole][there])
        assert np.median(apart) < 0.03
    shot.close()


def test_light_that_jumps_from_frame_to_frame_is_steadied(shot: Shot) -> None:
    """Fills that are lighter in every second frame differ much less afterwards, and keep their detail."""
    fills: dict[int, Fill] = {}
    for number in range(8, 17):
        fill = fill_hole(shot, number, shot.matte)
        assert fill is not None
        own = (fill.origin == Origin.OWN)[..., None]
        fills[number] = replace(fill, image=np.where(own, fill.image + (number % 2) * np.float32(0.02), fill.image))
    steady = Steady(shot, fills.get)
    light, detail = [], []
    for number in (11, 12, 13):
        made = steady.at(number)
        assert made is not None
        inside = made.origin == Origin.OWN
        light.append(float((made.image - fills[number].image)[inside].mean()) + (number % 2) * 0.02)
        fine = [image - cv2.GaussianBlur(image, (0, 0), 1) for image in (made.image, fills[number].image)]
        detail.append(float(fine[0][inside].std() / fine[1][inside].std()))
    assert max(light) - min(light) < 0.008
    assert 0.95 < min(detail) <= max(detail) < 1.05
    shot.close()
