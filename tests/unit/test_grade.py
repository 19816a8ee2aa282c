"""Grades fitted on aligned pictures with a known truth."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import street_rgb
from numpy.typing import NDArray
from takes import walkers
from wetgate.processors.grade import IDENTITY, fit_grade

Picture = NDArray[np.float32]


def _regraded(picture: Picture) -> Picture:
    """Curve, cross-talk and a vignette: nothing global explains it."""
    height, width = picture.shape[:2]
    matrix = np.array([[0.95, 0.03, 0.0], [0.02, 0.9, 0.02], [0.0, 0.05, 0.85]], np.float32)
    shade = 1 - 0.15 * np.linspace(-1, 1, width, dtype=np.float32)[None, :, None] ** 2
    down = 1 - 0.08 * np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    return np.asarray(np.clip((picture**1.15 @ matrix.T) * shade * down + 0.03, 0, 1), np.float32)


def _psnr(a: Picture, b: Picture) -> float:
    return float(-10 * np.log10(np.mean((a - b) ** 2) + 1e-12))


def test_a_local_regrade_is_matched_though_a_third_is_hidden() -> None:
    """With a bright object over the picture, the true grade is found under it: above 38 dB there."""
    picture = walkers()
    truth = _regraded(picture)
    target = truth.copy()
    hidden = np.zeros(truth.shape[:2], bool)
    hidden[120:500, 300:520] = True
    target[hidden] = (0.9, 0.85, 0.8)
    grade = fit_grade(picture, target, ~hidden)
    assert _psnr(grade.apply(picture)[hidden], truth[hidden]) > 38
    assert grade.psnr > grade.identity_psnr + 8


def test_what_stands_in_one_take_alone_does_not_pull() -> None:
    """Without any mask, an object over 8 % of the frame costs the background next to nothing."""
    picture = walkers()
    truth = _regraded(picture)
    target = truth.copy()
    target[200:420, 330:490] = (0.2, 0.1, 0.5)
    grade = fit_grade(picture, target)
    away = np.ones(truth.shape[:2], bool)
    away[180:440, 310:510] = False
    assert _psnr(grade.apply(picture)[away], truth[away]) > 36


def test_a_part_of_the_frame_is_graded_as_in_the_whole() -> None:
    """Applying to a crop with its place gives the same values as cropping the graded frame."""
    picture = walkers()
    grade = fit_grade(picture, _regraded(picture))
    height, width = picture.shape[:2]
    whole = grade.apply(picture)[100:220, 300:500]
    part = grade.apply(picture[100:220, 300:500].copy(), (300, 100, width, height))
    assert part == pytest.approx(whole, abs=1e-5)


def test_several_pairs_make_one_grade() -> None:
    """Pairs that each show half of the frame are joined into a grade for all of it."""
    picture = walkers()
    truth = _regraded(picture)
    left = np.zeros(truth.shape[:2], bool)
    left[:, :400] = True
    grade = fit_grade([picture, picture], [truth, truth], [left, ~left])
    assert _psnr(grade.apply(picture), truth) > 38


def test_too_little_to_go_by_changes_nothing() -> None:
    """With hardly a pixel to look at, the identity comes back."""
    picture = street_rgb()
    nothing = np.zeros(picture.shape[:2], bool)
    assert fit_grade(picture, _regraded(picture), nothing) is IDENTITY


@settings(max_examples=8, deadline=None, derandomize=True)
@given(seed=st.integers(0, 1000), strength=st.floats(0, 1))
def test_never_worse_than_leaving_it_alone(seed: int, strength: float) -> None:
    """Even towards an unrelated picture, held-out pixels are matched no worse than before."""
    source = street_rgb(seed=seed)
    other = street_rgb(seed=seed + 1)
    target = ((1 - strength) * source + strength * other).astype(np.float32)
    grade = fit_grade(source, target)
    assert grade.psnr >= grade.identity_psnr


def test_the_grade_does_not_blur() -> None:
    """Edges keep their strength: the grid follows the picture's own brightness."""
    picture = walkers()
    truth = _regraded(picture)
    graded = fit_grade(picture, truth).apply(picture)
    sharp = [float(np.abs(cv2.Laplacian(one, cv2.CV_32F)).mean()) for one in (graded, truth)]
    assert sharp[0] == pytest.approx(sharp[1], rel=0.1)
