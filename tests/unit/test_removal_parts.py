"""The parts of a removal where the right answer is known."""

from __future__ import annotations

import numpy as np
from wetgate.processors.remove.blends import Blends
from wetgate.processors.remove.holes import ramp, region_of
from wetgate.processors.remove.rating.verdict import ranges
from wetgate.processors.remove.sources.camera import Camera
from wetgate.processors.remove.sources.lay import shrunk_mask
from wetgate.processors.remove.sources.membrane import Surround, correction
from wetgate.processors.remove.sources.own import agreement, fit_beside, source_frames


def texture(height: int, width: int, seed: int = 1) -> np.ndarray:
    """A smooth random picture."""
    import cv2

    field = np.random.default_rng(seed).random((height // 6 + 2, width // 6 + 2, 3)).astype(np.float32)
    return np.asarray(cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def test_the_densest_cluster_wins_over_passers_by() -> None:
    """Where a performer stands in 8 of 20 sources, each time looking different, those do not count."""
    rng = np.random.default_rng(2)
    truth = texture(60, 80)
    images = np.stack([truth + rng.normal(0, 0.004, truth.shape).astype(np.float32) for _ in range(20)])
    for index in range(8):
        images[index, 10:50, 20:60] = rng.random(3)
    weights, _ = agreement(images.astype(np.float32), np.ones((20, 60, 80), bool), np.ones((20, 60, 80), np.float32))
    fill = (images * weights[..., None]).sum(axis=0) / weights.sum(axis=0)[..., None]
    assert np.abs(fill - truth).max() < 0.04
    assert np.abs(fill - truth).mean() < 0.004
    assert weights[8:].min() > 0.5


def test_who_is_seen_to_move_has_little_say_though_he_stands_in_most_sources() -> None:
    """A performer in 14 of 20 sources, always in the same shirt, does not outvote the wall behind him."""
    wall, shirt = texture(60, 80), (slice(10, 50), slice(20, 60))
    images, trust = np.stack([wall] * 20), np.ones((20, 60, 80), np.float32)
    images[:14, shirt[0], shirt[1]] = 0.95
    trust[:14, shirt[0], shirt[1]] = 0.1
    weights, _ = agreement(images, np.ones((20, 60, 80), bool), trust)
    fill = (images * weights[..., None]).sum(axis=0) / weights.sum(axis=0)[..., None]
    inner = (slice(14, 46), slice(24, 56))
    assert np.abs(fill - wall)[inner].max() < 0.04
    alone, _ = agreement(images[:14], np.ones((14, 60, 80), bool), trust[:14])
    assert alone[:, 30, 40].min() > 0


def test_a_source_that_lies_wrong_beside_the_hole_counts_less_in_it() -> None:
    """Four pixels off on the left half alone: there its word counts little, and hardly less on the right."""
    plate, hole = texture(80, 160), np.zeros((80, 160), bool)
    hole[30:50, 20:140] = True
    moved = plate.copy()
    moved[:, :80] = np.roll(plate, 4, axis=1)[:, :80]
    word = fit_beside(plate, moved, ~hole)
    assert word[32, 30] < 0.2
    assert word[32, 130] > 0.8
    assert fit_beside(plate, plate, ~hole).min() > 0.99
    inside = plate.copy()
    inside[hole] = 0  # what the plate hides there is not looked at
    assert np.array_equal(fit_beside(inside, moved, ~hole), word)


def test_what_a_source_hides_has_no_weight() -> None:
    """A masked source neither counts nor votes."""
    images = np.stack([texture(40, 40)] * 4)
    valid = np.ones((4, 40, 40), bool)
    valid[1, 15:20, 15:20] = False
    weights, _ = agreement(images, valid, np.ones(valid.shape, np.float32))
    assert not weights[1, 15:20, 15:20].any()
    assert weights[0].min() > 0.9


def test_masks_are_reduced_to_whole_squares() -> None:
    """One pixel shuts its whole square, also at an odd border."""
    mask = np.zeros((5, 7), bool)
    mask[4, 6] = mask[1, 2] = True
    small = shrunk_mask(mask, 2)
    assert small.shape == (3, 4)
    assert [tuple(spot) for spot in np.argwhere(small)] == [(0, 1), (2, 3)]


def test_sources_never_come_from_across_a_cut() -> None:
    """Only frames of the same shot, never the frame itself."""
    for still in (True, False):
        chosen = source_frames(31, (30, 90), still=still)
        assert chosen
        assert min(chosen) >= 30
        assert max(chosen) <= 90
        assert 31 not in chosen


def test_a_fill_of_another_exposure_is_brought_to_meet_the_plate() -> None:
    """A take that is darker by a gradient meets the plate to within a hundredth inside the hole."""
    plate = texture(200, 240)
    slope = np.linspace(0.01, 0.06, 240, dtype=np.float32)[None, :, None]
    hole = np.zeros((200, 240), bool)
    hole[70:130, 80:160] = True
    fill = plate - slope
    mended = fill + correction(np.where(hole[..., None], 0, plate), fill, hole, np.ones_like(hole))
    assert np.abs(mended - plate)[hole].max() < 0.012


def test_a_darker_source_is_fitted_and_one_beyond_a_stop_refused() -> None:
    """Two thirds of the light is a factor of 1.5 in each channel; a third is no source; the same is left alone."""
    plate = 0.2 + 0.5 * np.clip(texture(200, 240), 0, 1)
    hole = np.zeros((200, 240), bool)
    hole[70:130, 80:160] = True
    surround, everywhere = Surround(plate, hole), np.ones_like(hole)
    gain = surround.gain(plate / 1.5, everywhere)
    assert gain is not None
    assert np.abs(gain - 1.5).max() < 0.01
    assert surround.gain(plate / 3, everywhere) is None
    unchanged = surround.gain(plate, everywhere)
    assert unchanged is not None
    assert unchanged.tolist() == [1, 1, 1]


def test_dissolves_and_black_are_bounds_and_a_pan_or_exposure_is_not() -> None:
    """A dissolve over frames 20-39 and black at 60 are found; the motion and the light of a shot are not."""
    rng = np.random.default_rng(4)
    one, two = ((np.clip(texture(90, 400, seed), 0, 1)[..., 0] * 255).astype(np.float32) for seed in (3, 8))
    blends = Blends()
    for frame in range(80):
        share = np.clip((frame - 19.5) / 20, 0, 1)
        at = slice(frame // 10, frame // 10 + 160)
        picture = (1 - share) * one[:, at] + share * two[:, at]
        picture *= min(1.0, abs(frame - 60) / 10)
        blends.feed(np.clip(picture + rng.normal(0, 1, picture.shape), 0, 255).astype(np.uint8))
    first, last, *black = blends.bounds
    assert abs(first - 20) <= 4
    assert abs(last - 40) <= 4
    assert black == [60, 61]


def test_the_soft_edge_lies_inside_the_matte_and_not_at_the_frame() -> None:
    """Strength is 0 outside, 1 deep inside, and the frame's border is no edge."""
    hole = np.zeros((40, 60), bool)
    hole[10:30, 30:] = True
    strength = ramp(hole, 4)
    assert not strength[~hole].any()
    assert strength[20, 59] == 1
    assert 0 < strength[10, 45] < 0.3
    assert (ramp(hole, 0) == hole).all()


def test_regions_lie_on_whole_chroma_samples_inside_the_frame() -> None:
    """Left and top are multiples of four, the right and bottom never beyond the frame."""
    hole = np.zeros((405, 719), bool)
    hole[399, 717] = True
    region = region_of(hole)
    assert region is not None
    assert (region.x % 4, region.y % 4) == (0, 0)
    assert (region.x + region.width, region.y + region.height) == (719, 405)
    assert region_of(np.zeros((5, 5), bool)) is None


def test_a_panning_camera_is_followed_over_the_whole_shot() -> None:
    """Frames 40 apart in a pan of 3 pixels a frame lie on each other to half a pixel."""
    world = (np.clip(texture(200, 500, 5), 0, 1)[..., 1] * 255).astype(np.uint8)
    noisy = world ^ (np.random.default_rng(1).integers(0, 6, world.shape).astype(np.uint8))

    def luma(frame: int) -> np.ndarray:
        return np.ascontiguousarray(noisy[:, 3 * frame : 3 * frame + 300])

    camera = Camera(luma, lambda _: np.zeros((200, 300), bool), lambda _: (0, 59))
    assert not camera.still(10)
    found = camera.onto(50, 10)
    assert found is not None
    at = found.matrix @ [100, 100, 1]
    assert np.abs(at[:2] / at[2] - [220, 100]).max() < 0.5
    rest = Camera(lambda _: luma(0), lambda _: np.zeros((200, 300), bool), lambda _: (0, 59))
    assert rest.still(3)


def test_frame_lists_read_as_people_write_them() -> None:
    """Runs are joined."""
    assert ranges([1001, 1002, 1003, 1050]) == "1001-1003, 1050"
