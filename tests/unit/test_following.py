"""Boxes and points that are followed, on made shots where the thing is known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from wetgate.processors.mattes import MatteWishes, open_mattes
from wetgate.processors.mattes.marks import Mark
from wetgate.processors.pictures import Plate
from wetgate.processors.pictures.layout import frame_layout
from wetgate.processors.pictures.master import write_still
from wetgate.schema.errors import BriefIncomplete

HEIGHT, WIDTH, FRAMES, CUT = 120, 200, 22, 18
RGB = frame_layout(("R", "G", "B"), "uint8", 8)


def set_of(seed: int) -> NDArray[np.float32]:
    """A wide, textured set."""
    rng = np.random.default_rng(seed)
    coarse = cv2.resize(rng.random((24, 80, 3)).astype(np.float32), (400, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(0.2 + 0.4 * coarse + 0.1 * rng.random((HEIGHT, 400, 3)), 0, 1), np.float32)


def where(frame: int) -> NDArray[np.bool_]:
    """The ball's place; it goes to the right while the camera pans after it."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.circle(mask, (40 + 5 * frame, 60), 15, 1, -1)
    return mask > 0


@pytest.fixture(scope="module")
def plate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ball before a set under a panning camera; after the cut the set is another and the ball is gone."""
    folder = tmp_path_factory.mktemp("plate")
    one, other = set_of(1), set_of(2)[:, ::-1] ** 3
    skin = np.random.default_rng(7).random((HEIGHT, WIDTH, 3)).astype(np.float32) * 0.15
    for frame in range(FRAMES):
        image = (one if frame < CUT else other)[:, 2 * frame : 2 * frame + WIDTH].copy()
        if frame < CUT:
            image[where(frame)] = (np.array([0.85, 0.6, 0.1]) + np.roll(skin, 5 * frame, axis=1))[where(frame)]
        planes = tuple(np.clip(image[..., i] * 255, 0, 255).astype(np.uint8) for i in range(3))
        write_still(folder / f"p.{1001 + frame}.png", planes, RGB)
    return folder


def overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Intersection over union."""
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize(
    "wishes",
    [
        MatteWishes(boxes=(Mark(1009, (60, 40, 45, 42)),)),
        MatteWishes(points=(Mark(1009, (80, 60)),)),
        MatteWishes(boxes=(Mark(None, (20, 40, 42, 42)), Mark(1018, (105, 40, 42, 42)))),
    ],
    ids=["box", "point", "two boxes"],
)
def test_what_is_marked_is_followed_both_ways_and_not_across_the_cut(plate: Path, wishes: MatteWishes) -> None:
    """The matte lies on the ball in every frame of its shot, covers it whole, and ends at the cut."""
    with Plate.open(plate) as opened:
        mattes = open_mattes(opened, None, wishes)
        assert mattes.followed is not None
        assert mattes.followed.lost == []
        for frame in range(CUT):
            assert overlap(mattes.strength(frame) > 0.5, where(frame)) > 0.75, frame
            assert (mattes.at(frame) & where(frame)).sum() > 0.95 * where(frame).sum()
        assert not any(mattes.at(frame).any() for frame in range(CUT, FRAMES))


def test_the_edge_is_soft_and_every_strength_is_inside(plate: Path) -> None:
    """Strength falls from 1 to 0 over some pixels around the ball."""
    with Plate.open(plate) as opened:
        mattes = open_mattes(opened, None, MatteWishes(boxes=(Mark(None, (20, 40, 42, 42)),)))
        strength = mattes.strength(2)
        assert ((strength > 0) == mattes.at(2)).all()
        assert ((strength > 0) & (strength < 1)).sum() > 20
        assert strength[60, 50] == 1


def test_a_box_around_nothing_is_answered(tmp_path: Path) -> None:
    """Where all is one flat tone there is nothing to cut out, and the way out is named."""
    for number in (1001, 1002):
        flat = np.full((HEIGHT, WIDTH), 90, np.uint8)
        write_still(tmp_path / f"p.{number}.png", (flat, flat, flat), RGB)
    with Plate.open(tmp_path) as opened, pytest.raises(BriefIncomplete, match="box_is: area"):
        open_mattes(opened, None, MatteWishes(boxes=(Mark(None, (20, 40, 42, 42)),)))


def test_what_stands_still_in_a_short_shot_is_followed_too(tmp_path: Path) -> None:
    """No other frame shows what is behind it: colour and place alone hold it in every frame."""
    for frame in range(6):
        image = set_of(1)[:, :WIDTH].copy()
        image[where(4)] = (0.85, 0.6, 0.1)
        planes = tuple(np.clip(image[..., i] * 255, 0, 255).astype(np.uint8) for i in range(3))
        write_still(tmp_path / f"p.{1001 + frame}.png", planes, RGB)
    with Plate.open(tmp_path) as opened:
        mattes = open_mattes(opened, None, MatteWishes(boxes=(Mark(None, (40, 40, 42, 42)),)))
        assert mattes.followed is not None
        assert mattes.followed.lost == []
        for frame in range(6):
            assert overlap(mattes.strength(frame) > 0.5, where(4)) > 0.75, frame
