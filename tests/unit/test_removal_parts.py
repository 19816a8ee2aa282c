"""The parts of a removal where the right answer is known."""

from __future__ import annotations

import numpy as np
from wetgate.processors.remove.grain import Grain, measure, noise
from wetgate.processors.remove.holes import ramp, region_of
from wetgate.processors.remove.rating.verdict import ranges
from wetgate.processors.remove.sources.camera import Camera
from wetgate.processors.remove.sources.membrane import correction
from wetgate.processors.remove.sources.own import Layered, fill_from_frames, source_frames


def texture(height: int, width: int, seed: int = 1) -> np.ndarray:
    """A smooth random picture."""
    import cv2

    field = np.random.default_rng(seed).random((height // 6 + 2, width // 6 + 2, 3)).astype(np.float32)
    return np.asarray(cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def test_the_densest_cluster_wins_over_passers_by() -> None:
    """Where a performer stands in 8 of 20 sources, each time looking different, the background comes back."""
    rng = np.random.default_rng(2)
    truth = texture(60, 80)
    images = np.stack([truth + rng.normal(0, 0.004, truth.shape).astype(np.float32) for _ in range(20)])
    for index in range(8):
        images[index, 10:50, 20:60] = rng.random(3)
    layers = Layered(images.astype(np.float32), np.ones((20, 60, 80), bool), np.arange(1, 21))
    fill, known, support = fill_from_frames(layers, 0)
    assert known.all()
    assert np.abs(fill - truth).max() < 0.04
    assert np.abs(fill - truth).mean() < 0.004
    assert support.mean() > 3


def test_pixels_that_no_source_shows_are_not_known() -> None:
    """What every source hides is left to be said, not invented."""
    images = np.stack([texture(40, 40)] * 4)
    valid = np.ones((4, 40, 40), bool)
    valid[:, 15:20, 15:20] = False
    _, known, _ = fill_from_frames(Layered(images, valid, np.arange(4)), 9)
    assert (~known == ~valid[0]).all()


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


def test_grain_is_measured_and_given_back() -> None:
    """A clean fill on a grainy plate lacks its sigma; with the noise added the two measure alike."""
    flat = np.full((200, 200, 3), 0.4, np.float32)
    plate = flat + noise((200, 200), 0.02, 0.3, 1)[..., None]
    everywhere = np.ones((200, 200), bool)
    lacking = measure(plate, flat, everywhere)
    assert 0.015 < lacking.deficit < 0.025
    given = flat + noise((200, 200), lacking.deficit, lacking.correlation, 2)[..., None]
    assert 0.85 < measure(plate, given, everywhere).ratio < 1.15
    assert Grain.mean([Grain(), lacking]) == lacking
    assert (noise((9, 9), 0.1, 0.3, 7) == noise((9, 9), 0.1, 0.3, 7)).all()


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
