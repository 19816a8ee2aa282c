"""How a picture drifts in time, and what each of its frames then tells about another one.

Between two aligned frames there is noise, which every frame has anew, and drift, which grows with the time between
them: light that changes, leaves, parallax, a codec that refreshes slowly. Both are read off the sources: the mean
squared difference of two is 2 `noise` + `rate` * lag (the variogram of a random walk with a nugget; Matheron, 1963).
Without drift the mean of all frames is best, without noise the nearest on each side; between the two lies the
smoother of a random walk that is seen through noise (Kalman, 1960; Fraser and Potter, 1969), whose weights these are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_FLOOR = 1e-9
"""Variance (0..1) below which nothing is told apart: 90 dB."""
_UNSEEN = 1e3
"""Variance of what no frame has shown yet."""


@dataclass(frozen=True)
class Drift:
    """Variances of a picture's code values (0..1): a frame's own `noise`, and the drift's `rate` a frame."""

    noise: float
    rate: float

    @classmethod
    def of(cls, apart: NDArray[np.float32], frames: NDArray[np.int64]) -> Drift:
        """From the mean squared differences (S, S) of sources at *frames* (S,), NaN where two share nothing."""
        lag = np.abs(frames[:, None] - frames[None])
        told = np.isfinite(apart) & (lag > 0)
        if not told.any():
            return cls(_FLOOR, 0.0)
        lags, squares = lag[told].astype(np.float64), apart[told].astype(np.float64)
        spread = float(lags.var())
        rate = float(((lags - lags.mean()) * squares).mean()) / spread if spread > 0 else 0.0
        rate = float(np.clip(rate, 0, squares.mean() / lags.mean()))
        return cls(max(float(squares.mean() - rate * lags.mean()) / 2, _FLOOR), rate)

    def weights(self, noise: NDArray[np.float32], lags: NDArray[np.int64]) -> NDArray[np.float32]:
        """What each source counts at each pixel (S, h, w), 1 in all; *lags* (S,) are its frames after the target's.

        *noise* (S, h, w) is its variance there, large where it says nothing.
        """
        out = np.zeros(noise.shape, np.float32)
        past, later = np.flatnonzero(lags < 0), np.flatnonzero(lags > 0)
        sides = [past[np.argsort(lags[past])], later[np.argsort(-lags[later])]]
        sure = [1 / self._filtered(noise, lags, side, out) for side in sides]
        for side, one in zip(sides, sure, strict=True):
            out[side] *= one / (sure[0] + sure[1])
        return out

    def _filtered(
        self, noise: NDArray[np.float32], lags: NDArray[np.int64], side: NDArray[np.int64], out: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """The variance that one *side*'s sources, the farthest first, leave of the target; their weights into *out*."""
        variance = np.full(noise.shape[1:], _UNSEEN, np.float32)
        gaps = np.abs(np.diff(np.append(lags[side], 0)))
        for place, (index, gap) in enumerate(zip(side, gaps, strict=True)):
            gain = variance / (variance + noise[index])
            out[side[:place]] *= 1 - gain
            out[index] = gain
            variance = gain * noise[index] + np.float32(self.rate * gap)
        return variance
