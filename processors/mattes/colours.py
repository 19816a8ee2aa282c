"""Which colours belong to a thing and which to what is around it, told place by place.

Labelled pixels are counted in a coarse grid over position and colour; the grid is smoothed, and a
pixel is judged by what lies around it there: Maerki et al., Bilateral Space Video Segmentation
(CVPR 2016), in the spirit of the local classifiers of Bai et al., Video SnapCut (SIGGRAPH 2009).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

_BINS = (10, 10, 14, 10, 10)
"""Cells along y, x, lightness and the two colour axes."""
_MOST = 3.0


class Colours:
    """Grids of what is inside and outside, over one window of CIE Lab pictures."""

    def __init__(self, lab: NDArray[np.float32], inside: NDArray[np.bool_], *, placed: bool) -> None:
        """*placed* keeps positions apart; without it colours count wherever they are."""
        self._placed = placed
        flat = lab.reshape(-1, 3)
        self._low, high = flat.min(axis=0), flat.max(axis=0)
        self._range = np.maximum(high - self._low, 1e-3)
        cells = self._cells(lab)
        at = np.ravel_multi_index(tuple(np.rint(axis).astype(np.int64) for axis in cells), _BINS)
        total = int(np.prod(_BINS))
        sigma = (1.0, 1.0, 0.8, 0.8, 0.8) if placed else (0.0, 0.0, 0.8, 0.8, 0.8)
        self._in, self._out = (
            gaussian_filter(np.bincount(at[which], minlength=total).reshape(_BINS).astype(np.float32), sigma)
            for which in (inside.ravel(), ~inside.ravel())
        )
        # The two are of different size; places are judged by density.
        self._in *= 1.0 if placed else max(1.0, float(self._out.sum())) / max(1.0, float(self._in.sum()))

    def belongs(self, lab: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-odds (-3..3) that pixels of the same window belong inside; 0 for colours never met."""
        cells = self._cells(lab)
        inside = map_coordinates(self._in, cells, order=1, mode="nearest")
        outside = map_coordinates(self._out, cells, order=1, mode="nearest")
        told = np.log((inside + 0.02) / (outside + 0.02))
        return np.asarray(np.clip(told, -_MOST, _MOST).reshape(lab.shape[:2]), np.float32)

    def _cells(self, lab: NDArray[np.float32]) -> NDArray[np.float32]:
        height, width = lab.shape[:2]
        rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
        if not self._placed:
            rows, columns = rows * 0, columns * 0
        colour = np.clip((lab.reshape(-1, 3) - self._low) / self._range, 0, 1)
        axes = [rows.ravel() / max(height - 1, 1), columns.ravel() / max(width - 1, 1), *colour.T]
        return np.stack([axis * (bins - 1) for axis, bins in zip(axes, _BINS, strict=True)]).astype(np.float32)


def to_lab(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """CIE Lab of uint8 RGB, after a light blur against noise."""
    soft = cv2.GaussianBlur(rgb, (3, 3), 0)
    return np.asarray(cv2.cvtColor(soft.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)
