"""A frame as 512 numbers, without a network: where edges run, and how brightness and colour lie.

Made for one question: is this the same set-up, in another take, graded otherwise, slightly
reframed? Oriented gradients on grids (Dalal and Triggs 2005; Oliva and Torralba's gist, 2001)
carry it; a small colour layout, normalised against a grade, breaks ties. The cosine of two such
vectors is about 0 for unrelated pictures and near 1 for the same set-up.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SIZE = 512
"""Length of a feature vector."""

_SIDE = 128
_BINS = 8
_COLOUR = 4
_NEAR = 33
_WEIGHTS = (0.6, 0.6, 0.53)
_LIFT = 2.0


def frame_features(picture: NDArray[np.uint8]) -> NDArray[np.float16]:
    """float16 vector of SIZE, L2 norm 1 (0 for a picture without content), of one uint8 HxWx3 RGB picture."""
    small = cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2Lab), np.float32)
    edges = _oriented(_even(lab[..., 0]))
    parts = (_cells(edges, _FINE), _cells(edges, _COARSE), _colour(lab))
    vector = np.concatenate([w * _unit(p) for w, p in zip(_WEIGHTS, parts, strict=True)])
    return _unit(vector).astype(np.float16)


def _even(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Brightness freed from the grade: minus its local mean, over its local deviation."""
    mean = cv2.blur(luma, (_NEAR, _NEAR))
    deviation = np.sqrt(np.maximum(cv2.blur(luma * luma, (_NEAR, _NEAR)) - mean * mean, 0))
    return np.asarray((luma - mean) / (deviation + _LIFT), np.float32)


def _oriented(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """SIDE x SIDE x BINS: gradient strength, shared softly by the two nearest of 8 directions over half a turn."""
    smooth = cv2.GaussianBlur(luma, (5, 5), 1.0)
    dx = cv2.Scharr(smooth, cv2.CV_32F, 1, 0)
    dy = cv2.Scharr(smooth, cv2.CV_32F, 0, 1)
    strength, angle = cv2.cartToPolar(dx, dy)
    place = (np.asarray(angle, np.float32).ravel() * np.float32(_BINS / np.pi)) % _BINS
    lower = place.astype(np.intp) % _BINS
    share = (place - np.floor(place)) * strength.ravel()
    maps = np.zeros((_SIDE * _SIDE, _BINS), np.float32)
    pixels = np.arange(_SIDE * _SIDE)
    maps[pixels, lower] = strength.ravel() - share
    maps[pixels, (lower + 1) % _BINS] = share
    return maps.reshape(_SIDE, _SIDE, _BINS)


def _cells(maps: NDArray[np.float32], pool: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean of every map in overlapping cells, square-rooted, centred."""
    rows = (pool @ maps.reshape(_SIDE, -1)).reshape(len(pool), _SIDE, _BINS)
    values = np.sqrt(pool @ rows)
    return np.asarray((values - values.mean(axis=(0, 1))).ravel(), np.float32)


def _pool(grid: int) -> NDArray[np.float32]:
    """Weights (grid x SIDE) of soft cells along one side: Gaussians, each summing to 1."""
    centres = (np.arange(grid) + 0.5) * _SIDE / grid - 0.5
    weights = np.exp(-0.5 * ((np.arange(_SIDE) - centres[:, None]) / (_SIDE / grid / 2.5)) ** 2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def _colour(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean and deviation of L, a, b in 4x4 cells, each channel centred and scaled by its own spread."""
    cells = lab.reshape(_COLOUR, _SIDE // _COLOUR, _COLOUR, _SIDE // _COLOUR, 3)
    means, spreads = cells.mean(axis=(1, 3)), cells.std(axis=(1, 3))
    both = np.concatenate([means, spreads], axis=-1).reshape(-1, 6)
    both -= both.mean(axis=0)
    return np.asarray((both / (both.std(axis=0) + _LIFT)).ravel(), np.float32)


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    length = float(np.linalg.norm(vector))
    return vector / length if length > 1e-6 else np.zeros_like(vector)


_FINE, _COARSE = _pool(6), _pool(4)
