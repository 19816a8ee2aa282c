"""Registration of real frames under known transforms."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from made import street_rgb
from numpy.typing import NDArray
from takes import walkers
from wetgate.processors.register import median_registration, project, register

MATRIX = np.array([[1.012, 0.004, 5.3], [-0.003, 0.99, -7.7], [2e-6, -1e-6, 1.0]])


def _moved(picture: NDArray[np.float32], seed: int = 1) -> NDArray[np.float32]:
    """The picture under MATRIX, in another grade, with grain."""
    height, width = picture.shape[:2]
    warped = cv2.warpPerspective(picture, MATRIX, (width, height), flags=cv2.INTER_CUBIC)
    grain = np.random.default_rng(seed).normal(0, 1.5 / 255, warped.shape)
    return np.asarray(np.clip(np.clip(warped, 0, 1) ** 1.1 * 0.9 + 0.03 + grain, 0, 1), np.float32)


def _corner_error(matrix: NDArray[np.float64], size: tuple[int, int]) -> float:
    height, width = size
    grid = np.array([[x, y] for x in np.linspace(0, width, 7) for y in np.linspace(0, height, 7)])
    return float(np.linalg.norm(project(matrix, grid) - project(MATRIX, grid), axis=1).max())


def test_a_known_transform_is_found_to_a_fraction_of_a_pixel() -> None:
    """A real frame, moved, regraded and grainy, registers within 0.4 px everywhere."""
    picture = walkers()
    found = register(picture, _moved(picture))
    assert found is not None
    assert _corner_error(found.matrix, found.size) < 0.4
    assert found.inliers > 100
    assert found.cells >= 12
    assert found.residual < 0.5


def test_different_places_do_not_register() -> None:
    """Two pictures with nothing in common give None, not a wild homography."""
    assert register(walkers(), street_rgb(768, 576)) is None


def test_a_flat_picture_does_not_register() -> None:
    """Without features there is no claim."""
    flat = np.full((200, 300, 3), 0.4, np.float32)
    assert register(flat, flat) is None


def test_nothing_is_looked_for_where_it_is_excluded() -> None:
    """A large foreign patch under the exclusion mask changes the result by hardly anything."""
    picture = walkers()
    fixed = _moved(picture)
    hole = np.zeros(fixed.shape[:2], bool)
    hole[150:420, 250:560] = True
    fixed[hole] = np.roll(fixed, 190, axis=1)[hole]
    found = register(picture, fixed, exclude=hole)
    assert found is not None
    assert _corner_error(found.matrix, found.size) < 0.6


def test_warping_says_where_there_is_picture() -> None:
    """The mask is false along the border that the moved picture does not reach."""
    picture = walkers()
    found = register(picture, _moved(picture))
    assert found is not None
    warped, valid = found.warp(picture)
    assert warped.shape == picture.shape
    assert not valid[:, 2].any()
    assert valid[100:400, 100:600].all()


def test_scaling_a_registration_keeps_what_it_maps() -> None:
    """Half-size coordinates are mapped to half-size coordinates, pixel centres respected."""
    picture = walkers()
    found = register(picture, _moved(picture))
    assert found is not None
    half = found.scaled(0.5, 0.5)
    at = np.array([[300.0, 200.0]])
    small = (at + 0.5) * 0.5 - 0.5
    expected = (project(found.matrix, at) + 0.5) * 0.5 - 0.5
    assert project(half.matrix, small) == pytest.approx(expected, abs=1e-6)


def test_the_median_ignores_one_outlier() -> None:
    """One wrong registration of three does not move the common one."""
    picture = walkers()
    good = register(picture, _moved(picture))
    bad = register(picture, picture)
    assert good is not None
    assert bad is not None
    middle = median_registration([good, bad, good])
    assert _corner_error(middle.matrix, middle.size) < 0.4
