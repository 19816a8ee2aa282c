"""Movers behind the matte, where the truth is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from wetgate.processors.mattes import grown
from wetgate.processors.pictures.mix import in_8_bits
from wetgate.processors.remove.holes import Region
from wetgate.processors.remove.movers.candidates import Candidate, Target
from wetgate.processors.remove.movers.complete import Movers
from wetgate.processors.remove.movers.follow import followed
from wetgate.processors.remove.movers.motion import completed, nearest
from wetgate.processors.remove.movers.piece import placed
from wetgate.processors.remove.movers.scene import Scene
from wetgate.processors.remove.movers.segment import mover_alpha, still_background
from wetgate.processors.remove.movers.standing import Standing
from wetgate.processors.remove.movers.vote import sure, whole
from wetgate.processors.remove.movers.ways import Ways
from wetgate.processors.remove.sources.camera import Camera

HEIGHT, WIDTH, LENGTH = 120, 200, 40
EVERYWHERE = Region(0, 0, WIDTH, HEIGHT)


def texture(height: int, width: int, seed: int, coarse: int = 6) -> np.ndarray:
    """A smooth random picture, .2 to .8."""
    field = np.random.default_rng(seed).random((height // coarse + 2, width // coarse + 2, 3)).astype(np.float32)
    return np.asarray(np.clip(cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1) * 0.6 + 0.2)


GROUND = texture(HEIGHT, WIDTH, 1, 4) * 0.6 + 0.3
SOMEBODY = texture(60, 24, 2) * np.array([1.0, 0.3, 0.2], np.float32)


def walking(frame: int) -> np.ndarray:
    """Somebody 24 pixels wide walks to the right, 3 pixels a frame."""
    image = GROUND.copy()
    left = 10 + 3 * frame
    image[30:90, left : left + 24] = SOMEBODY
    return np.asarray(image, np.float32)


def box(left: int, right: int) -> np.ndarray:
    """A matte over the walker's way."""
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[20:100, left:right] = True
    return mask


def movers_of(
    shown: Callable[[int], np.ndarray], matte: Callable[[int], np.ndarray], span: tuple[int, int] = (0, LENGTH - 1)
) -> Movers:
    """The movers of a made shot, blanked under its matte."""

    def rgb(frame: int, region: Region) -> np.ndarray:
        return np.asarray(np.where(matte(frame)[..., None], 0.9, shown(frame))[region.window], np.float32)

    def luma(frame: int) -> np.ndarray:
        return np.asarray(rgb(frame, EVERYWHERE).mean(axis=-1) * 255, np.uint8)

    camera = Camera(luma, lambda n: grown(matte(n), 6), lambda _: span)
    return Movers(Scene(EVERYWHERE, (HEIGHT, WIDTH), span, span, camera, rgb, matte))


def restored(movers: Movers, frame: int, shown: Callable[[int], np.ndarray], hole: np.ndarray) -> np.ndarray:
    """The frame with its movers laid over the true background."""
    plate = np.where(hole[..., None], 0.9, shown(frame)).astype(np.float32)
    layer = movers.behind(frame, EVERYWHERE, plate, np.asarray(GROUND, np.float32), hole)
    assert layer is not None
    alpha = layer.alpha[..., None] * hole[..., None]
    return np.asarray(np.where(hole[..., None], GROUND * (1 - alpha) + layer.image * alpha, shown(frame)))


def error(made: np.ndarray, frame: int, where: np.ndarray) -> float:
    """Root of the mean squared error against the walk."""
    return float(np.sqrt(((made - walking(frame))[where] ** 2).mean()))


def test_somebody_who_passes_behind_a_standing_matte_is_completed() -> None:
    """With half of him hidden he comes back within a third of the error of leaving him out."""
    hole = box(70, 92)
    movers = movers_of(walking, lambda _: hole)
    where = hole & (np.abs(walking(20) - GROUND).max(axis=-1) > 0.02)
    made = restored(movers, 20, walking, hole)
    assert where.sum() > 500
    assert error(made, 20, where) < error(GROUND, 20, where) / 3
    assert error(made, 20, hole & ~grown(where, 3)) < 0.03


def test_a_matte_that_crosses_somebody_leaves_him_whole() -> None:
    """A matte that goes against his walk, at the frame in which it covers him wholly."""

    def matte(frame: int) -> np.ndarray:
        return box(130 - 3 * frame, 160 - 3 * frame)

    hole = matte(20)
    movers = movers_of(walking, matte)
    where = hole & (np.abs(walking(20) - GROUND).max(axis=-1) > 0.02)
    made = restored(movers, 20, walking, hole)
    assert where.sum() > 500
    assert error(made, 20, where) < error(GROUND, 20, where) / 3


def test_where_nobody_moves_nothing_is_laid_over() -> None:
    """A still shot with noise and drifting exposure has no movers."""
    hole = box(70, 92)

    def still(frame: int) -> np.ndarray:
        noise = np.random.default_rng(frame).normal(0, 0.01, GROUND.shape)
        return np.asarray(GROUND * (1 + 0.002 * frame) + noise, np.float32)

    movers = movers_of(still, lambda _: hole)
    assert movers.behind(20, EVERYWHERE, still(20), np.asarray(GROUND, np.float32), hole) is None


def test_what_is_cut_off_says_so() -> None:
    """Legs that the matte never lets go of cannot come back: the fill says that somebody is torn."""
    hole = np.zeros((HEIGHT, WIDTH), bool)
    hole[60:100] = True
    movers = movers_of(walking, lambda _: hole)
    plate = np.where(hole[..., None], 0.9, walking(20)).astype(np.float32)
    layer = movers.behind(20, EVERYWHERE, plate, np.asarray(GROUND, np.float32), hole)
    assert layer is not None
    assert layer.torn > 0.5


def test_nothing_is_taken_from_outside_the_shot_or_from_mattes() -> None:
    """Every trace lies in a frame of the shot, two pixels or more off its matte."""

    def matte(frame: int) -> np.ndarray:
        return box(130 - 3 * frame, 160 - 3 * frame)

    hole = matte(20)
    movers = movers_of(walking, matte, span=(15, 30))
    plate = np.where(hole[..., None], 0.9, walking(20)).astype(np.float32)
    layer = movers.behind(20, EVERYWHERE, plate, np.asarray(GROUND, np.float32), hole)
    assert layer is not None
    traced = layer.trace[(layer.alpha > 0.5) & hole]
    assert len(traced)
    assert set(traced[:, 0]) <= set(range(15, 31)) - {20}
    for frame, x, y in traced:
        assert not matte(int(frame))[round(float(y)), round(float(x))]


def test_motion_is_carried_into_what_is_hidden() -> None:
    """A field known only at the left and zero elsewhere by weight is the same everywhere."""
    field = np.zeros((60, 80, 2), np.float32)
    field[:, :20] = (3, -1)
    weight = np.zeros((60, 80), np.float32)
    weight[:, :20] = 1
    assert np.abs(completed(field, weight) - (3, -1)).max() < 0.05
    assert not completed(field, np.zeros_like(weight)).any()


def test_movers_are_told_from_noise_and_drift() -> None:
    """A darker frame with noise differs nowhere but where somebody stands."""
    rng = np.random.default_rng(4)
    images = [np.asarray(GROUND + rng.normal(0, 0.01, GROUND.shape), np.float32) for _ in range(8)]
    background, known = still_background([in_8_bits(image) for image in images], [np.ones((HEIGHT, WIDTH), bool)] * 8)
    assert known.all()
    frame = np.asarray(walking(20) - 0.03 + rng.normal(0, 0.01, GROUND.shape), np.float32)
    alpha = mover_alpha(frame, background, known, 1)
    there = np.abs(walking(20) - GROUND).max(axis=-1) > 0.15
    assert alpha[there].mean() > 0.95
    assert alpha[~grown(there, 4)].mean() < 0.01


def test_a_probe_is_looked_at_no_more_finely_than_the_real_hole() -> None:
    """A small scene has as many pixels for one of the plate as one around the hole that it speaks for."""
    scene = movers_of(walking, lambda _: box(80, 110)).scene
    small = replace(scene, region=Region(100, 100, 200, 200), size=(1080, 1920))
    large = replace(small, region=Region(300, 100, 600, 600))
    assert (small.factor, large.factor) == (1.0, 0.25)
    assert replace(small, like=large.region).factor == large.factor
    assert replace(large, like=small.region).factor == large.factor


def test_a_piece_is_placed_by_the_part_of_it_that_is_seen() -> None:
    """Expected 7 pixels too far left and 3 too low, with half of him hidden, he is found to the pixel."""
    plate, ground = walking(20), np.asarray(GROUND, np.float32)
    seen = ~box(82, 120)
    mask, rgb = np.ones((60, 24), np.float32), np.asarray(SOMEBODY, np.float32)
    assert placed(rgb, mask, (63.0, 33.0), plate, ground, seen, 30.0) == (70.0, 30.0)


def test_a_piece_that_nothing_is_seen_of_stands_where_its_way_leads() -> None:
    """Wholly hidden he is put where he is expected, and never where the plate shows that nobody is."""
    plate, ground = walking(20), np.asarray(GROUND, np.float32)
    hidden = box(60, 120)
    shown = np.where(hidden[..., None], 0.9, plate).astype(np.float32)
    mask, rgb = np.ones((60, 24), np.float32), np.asarray(SOMEBODY, np.float32)
    assert placed(rgb, mask, (72.5, 31.0), shown, ground, ~hidden, 30.0) == (72.5, 31.0)
    left, top = placed(rgb, mask, (50.0, 30.0), shown, ground, ~hidden, 30.0)
    assert (left, top) == (60.0, 30.0)


def test_what_stood_still_is_not_taken_for_whoever_passed_there() -> None:
    """Ground that was last seen while somebody walked over it counts as many pixels astray as he went since."""

    def matte(frame: int) -> np.ndarray:
        return box(46, 68) if 14 <= frame <= 20 else np.zeros((HEIGHT, WIDTH), bool)

    movers = movers_of(walking, matte)
    hole, ground = matte(20), np.asarray(GROUND, np.float32)
    plate = np.where(hole[..., None], 0.9, walking(20)).astype(np.float32)
    whole = (slice(0, HEIGHT), slice(0, WIDTH))
    target = Target(20, whole, plate, ground, movers.scene.hidden(20), hole, movers.scene.alpha(20))
    found_ways = followed(movers.scene, movers.flows, Standing(movers.scene, movers.pieces, target.frame), target)
    wrong = [one.strayed[hole & one.valid & (one.alpha > 0.5)] for one in found_ways]
    found = np.concatenate(wrong)
    assert len(found) > 100
    assert np.median(found) > 10


def test_a_mover_is_believed_who_is_fresh_or_meets_the_plate() -> None:
    """Who comes from long ago and does not meet the plate is hardly believed; that two differ is no matter."""
    ones: NDArray[np.float32] = np.ones((8, 8), np.float32)

    def candidate(age: int, value: float, error: float) -> Candidate:
        image = np.full((8, 8, 3), value, np.float32)
        frames = np.full((8, 8), 20 - age, np.int32)
        return Candidate(frames, ones, ones, image, ones, ones > 0, np.full_like(ones, error), np.zeros_like(ones))

    black = np.zeros((8, 8, 3), np.float32)
    target = Target(20, (slice(0, 8), slice(0, 8)), black, black, ones > 0, ones > 0, ones)
    even = np.full((2, 8, 8), 0.5, np.float32)
    assert sure(target, [candidate(2, 0.5, 0.03), candidate(3, 0.52, 0.03)], even).min() > 0.95
    assert sure(target, [candidate(2, 0.0, 0.03), candidate(3, 1.0, 0.03)], even).min() > 0.95
    assert sure(target, [candidate(19, 0.5, 0.03), candidate(24, 0.5, 0.03)], even).min() > 0.8
    assert sure(target, [candidate(19, 0.5, 0.3), candidate(24, 0.5, 0.3)], even).max() < 0.2
    assert not sure(target, [], even[:0]).any()


def test_unlabelled_places_go_with_the_nearest_label() -> None:
    """Two labels divide a row between them; without any, nothing is made up."""
    labels = np.zeros((3, 10), np.int32)
    labels[:, 0], labels[:, 9] = 4, 7
    assert nearest(labels)[1].tolist() == [4] * 5 + [7] * 5
    assert not nearest(np.zeros((3, 10), np.int32)).any()


def running(frame: int) -> np.ndarray:
    """Somebody 24 pixels wide runs to the right, 9 pixels a frame, from the tenth on."""
    image = GROUND.copy()
    left = 10 + 9 * (frame - 10)
    image[30:90, max(0, left) : max(0, left + 24)] = SOMEBODY[:, max(0, -left) :]
    return np.asarray(image, np.float32)


def test_somebody_fast_is_found_beyond_what_flow_sees() -> None:
    """Seen for a few frames he has gone 9 pixels in each; behind the matte he keeps that pace, and says how far."""
    movers = movers_of(running, lambda _: box(110, 200), span=(11, 24))
    pieces = movers.pieces
    runner = max(pieces.of(13)[1], key=lambda one: float(one.mask.sum()))
    ways = Ways(movers.scene, pieces.of)
    (seen, _), blind = ways.gone(runner, 17)
    assert abs(seen - 36) < 2
    assert blind == 0
    (far, _), blind = ways.gone(runner, 23)
    assert abs(far - 90) < 8
    assert 15 < blind < 60


def test_one_body_stands_in_one_place() -> None:
    """A pixel of somebody who stands beside the hole now is as far astray in it as he went since."""
    movers = movers_of(walking, lambda n: box(30, 60) if n == 20 else np.zeros((HEIGHT, WIDTH), bool))
    whole_frame = (slice(0, HEIGHT), slice(0, WIDTH))
    x, y = np.meshgrid(np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32))
    astray = Standing(movers.scene, movers.pieces, 20).astray(12, whole_frame, x, y)
    assert np.abs(astray[40:80, 50:66] - 24).max() < 2
    assert not astray[40:80, 100:].any()


def test_half_a_body_is_nobody() -> None:
    """A strip of somebody of whom the rest is not believed goes too; who is believed nearly whole stays."""
    frames, zero = np.full((20, 20), 18, np.int32), np.zeros((20, 20), np.float32)
    alpha = zero.copy()
    alpha[2:18, 4:16] = 1
    picture = np.zeros((20, 20, 3), np.float32)
    there = np.ones((20, 20), bool)
    one = Candidate(frames, zero, zero, picture, alpha, there, zero, zero)
    target = Target(20, (slice(0, 20), slice(0, 20)), picture, picture, there, there, zero)
    weights = np.ones((1, 20, 20), np.float32)
    strip, most = alpha.copy(), alpha.copy()
    strip[5:] = 0
    most[15:] = 0
    assert whole(target, [one], weights, strip).max() < 0.05
    assert whole(target, [one], weights, most)[2:15, 4:16].min() > 0.95
