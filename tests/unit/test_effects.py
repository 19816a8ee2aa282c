"""What the matte misses, on made pictures where it is known."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import made
import numpy as np
import pytest
from images import write_mattes
from numpy.typing import NDArray
from wetgate.processors.mattes.standing import Departure
from wetgate.processors.pictures.layout import frame_layout
from wetgate.processors.pictures.master import write_still
from wetgate.processors.remove.effects.find import find_effects, told_apart
from wetgate.processors.remove.effects.kinds import Kind
from wetgate.processors.remove.open import open_shot
from wetgate.processors.remove.shot import Shot, holed_frames
from wetgate.processors.remove.sources.takes import align_takes
from wetgate.schema.request import Request, Source

HEIGHT, WIDTH, FRAMES = 120, 240, 24
RGB = frame_layout(("R", "G", "B"), "uint8", 8)


def street() -> NDArray[np.float32]:
    """A textured, warm grey set."""
    rng = np.random.default_rng(4)
    coarse = cv2.resize(rng.random((16, 26, 3)).astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(0.45 + 0.2 * (coarse - 0.5), 0, 1), np.float32)


def scene(frame: int) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]]:
    """A red block that walks over the set with its shadow beside it; picture, block, shadow."""
    x = 10 + 7 * frame
    block, shadow = np.zeros((HEIGHT, WIDTH), bool), np.zeros((HEIGHT, WIDTH), bool)
    block[40:80, x : x + 16] = True
    shadow[70:80, x + 16 : x + 40] = True
    image = street()
    image[shadow] *= 0.6
    image[block] = (0.8, 0.1, 0.1)
    noise = np.random.default_rng(frame).normal(0, 0.008, image.shape)
    return np.asarray(np.clip(image + noise, 0, 1), np.float32), block, shadow


def walk(tmp_path: Path, **options: object) -> Shot:
    """The scene as a shot whose matte covers the block alone."""
    folder = tmp_path / "plate"
    folder.mkdir(parents=True)
    mattes = []
    for frame in range(FRAMES):
        image, block, _ = scene(frame)
        planes = tuple(np.asarray(image[..., i] * 255 + 0.5, np.uint8) for i in range(3))
        write_still(folder / f"p.{1001 + frame}.png", planes, RGB)
        mattes.append(block)
    matte = write_mattes(tmp_path / "matte", mattes)
    return open_shot(
        Request(
            plate=Source(path=folder, name="A001"),
            matte=matte,
            options=options,
            work=tmp_path,
            out=tmp_path,
        )
    )


def test_a_shadow_that_walks_along_is_found_and_taken_in(tmp_path: Path) -> None:
    """Nearly all of it lies in the wider matte, little else does."""
    shot = walk(tmp_path, effects="include")
    before = {frame: shot.matte(frame).copy() for frame in holed_frames(shot)}
    shot.effects = find_effects(shot, holed_frames(shot))
    assert list(shot.effects.kinds) == [Kind.SHADOW]
    shot.widen()
    for frame in range(3, FRAMES - 3):
        _, block, shadow = scene(frame)
        matte = shot.matte(frame)
        assert (matte & shadow).sum() > 0.85 * shadow.sum()
        assert (matte & ~shadow & ~block).sum() < 0.6 * shadow.sum()
        assert matte[before[frame]].all()
        assert ((shot.strength(frame) > 0) == matte).all()
    shot.close()


def test_a_report_leaves_the_matte_as_it_was_drawn(tmp_path: Path) -> None:
    """What is found is said; the effective matte is the artist's."""
    shot = walk(tmp_path)
    shot.effects = find_effects(shot, holed_frames(shot))
    assert Kind.SHADOW in shot.effects.kinds
    assert len(shot.effects.frames) < FRAMES
    assert (shot.matte(5) == scene(5)[1]).all()
    shot.close()


@pytest.mark.parametrize("soft", [False, True])
def test_what_4_2_0_carries_over_the_mattes_edge_is_no_soft_edge(tmp_path: Path, soft: bool) -> None:
    """Its chroma samples are filled with the thing; what is really soft beyond them is still found."""
    plate = tmp_path / "plate.mkv"
    with av.open(str(plate), "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.height, stream.width, stream.pix_fmt = HEIGHT, WIDTH, "yuv420p"
        for frame in range(FRAMES):
            image, block = street(), scene(frame)[1].astype(np.float32)
            share = np.maximum(block, cv2.GaussianBlur(block, (0, 0), 4 if soft else 0.01))[..., None]
            image = image * (1 - share) + np.array((0.8, 0.1, 0.1), np.float32) * share
            shown = np.asarray(np.clip(image, 0, 1) * 255 + 0.5, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shown, format="rgb24").reformat(format="yuv420p")))
        container.mux(stream.encode(None))
    mattes = [scene(frame)[1] for frame in range(FRAMES)]
    shot = open_shot(
        Request(
            plate=Source(path=plate, name="A001"),
            matte=write_mattes(tmp_path / "matte", mattes),
            work=tmp_path,
            out=tmp_path,
        )
    )
    found = find_effects(shot, holed_frames(shot))
    assert Kind.EDGE in found.kinds if soft else not found.kinds
    shot.close()


@pytest.mark.parametrize("kind", [Kind.SHADOW, Kind.REFLECTION, Kind.PART, None])
def test_effects_are_told_apart_by_their_looks(kind: Kind | None) -> None:
    """Darker with its texture, its mirror image, a piece at its side, and a stranger that is none of these."""
    standing = (street() * 255).astype(np.uint8)
    here, matte = standing.copy(), np.zeros((HEIGHT, WIDTH), bool)
    matte[20:60, 80:100] = True
    here[matte] = (220, 30, 30)
    place = np.zeros_like(matte)
    place[60:95, 80:100] = True
    if kind is Kind.PART:
        place = np.roll(place, (-30, 20), axis=(0, 1))
    if kind is Kind.SHADOW:
        here[place] = (0.6 * standing[place]).astype(np.uint8)
    elif kind is Kind.REFLECTION:
        here[place] = (0.5 * standing[place] + 0.5 * np.array([220, 30, 30])).astype(np.uint8)
    else:
        here[place] = (20, 220, 60) if kind is None else (220, 30, 30)
    off = np.abs(here.astype(np.float32) - standing).max(axis=-1) / 4
    kinds = told_apart(here, Departure(off, np.ones_like(matte), standing), matte)
    inner = cv2.erode(place.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert (kinds[inner] == (0 if kind is None else kind)).mean() > 0.9
    assert not kinds[:, :60].any()


def test_a_clean_take_shows_the_shadow_of_what_never_moves(tmp_path: Path) -> None:
    """The intruder stands still with its shadow: the shot's own frames cannot tell, another take can."""
    x, y, wide, high = made.INTRUDER
    shadow = np.zeros((192, 320), bool)
    shadow[y + high - 20 : y + high, x + wide : x + wide + 40] = True
    frames = made.take(8, intruder=True)
    for frame in frames:
        frame[shadow] = (frame[shadow] * 0.6).astype(np.uint8)
    plate = made.write_movie(tmp_path / "plate.mp4", frames)
    clean = made.write_movie(tmp_path / "clean.mp4", made.take(8, intruder=False))
    shot = open_shot(
        Request(
            plate=Source(path=plate, name="A001"),
            matte=write_mattes(tmp_path / "matte", made.matte(8, grow=2)),
            work=tmp_path,
            out=tmp_path,
        )
    )
    alone = find_effects(shot, holed_frames(shot))
    assert Kind.SHADOW not in alone.kinds
    nowhere = np.zeros((192, 320), bool)
    avoid = {0: shot.matte(0)}
    shot.takes = align_takes(shot.plate, [Source(path=clean, name="A002")], [0], avoid, nowhere)
    found = find_effects(shot, holed_frames(shot))
    assert list(found.kinds) == [Kind.SHADOW]
    mask = found.mask(found.frames[0], (192, 320))
    assert mask is not None
    assert (mask & shadow).sum() > 0.9 * shadow.sum()
    shot.close()
