"""What one look at every picture of a clip yields: cuts, features, and pictures for people."""

from __future__ import annotations

from collections import deque
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from .cuts import Cuts
from .features import SIZE, frame_features
from .thumbnails import filmstrip, poster

Picture = NDArray[np.uint8]

_PER_SECOND = 2
_RING = 4
_KEPT = 32


class Viewing:
    """Feed reduced pictures in order, then `close`.

    Features are taken twice a second and at the first, an inner and the last frame of every shot.
    Memory stays bounded however long the clip is.
    """

    def __init__(self, rate: Fraction) -> None:
        self._cuts = Cuts(rate)
        self._stride = max(1, round(rate / _PER_SECOND))
        self._begin = 0
        self._ring: deque[tuple[int, Picture]] = deque(maxlen=_RING)
        self._features: dict[int, NDArray[np.float16]] = {}
        self._kept: list[Picture] = []
        self._keep_every = 1
        self.frames = 0

    @property
    def cuts(self) -> tuple[int, ...]:
        """Frames at which a new shot begins."""
        return tuple(self._cuts.found)

    @property
    def feature_frames(self) -> tuple[int, ...]:
        """Frames that have features, ascending."""
        return tuple(sorted(self._features))

    @property
    def features(self) -> NDArray[np.float16]:
        """One row of `features.SIZE` float16 a feature frame."""
        rows = [self._features[frame] for frame in self.feature_frames]
        return np.stack(rows) if rows else np.zeros((0, SIZE), np.float16)

    def feed(self, picture: Picture) -> None:
        """The next reduced picture, uint8 HxWx3 RGB."""
        frame, before = self.frames, len(self._cuts.found)
        self._ring.append((frame, picture))
        self._cuts.feed(picture)
        for cut in self._cuts.found[before:]:
            self._begin = cut
            for number, near in self._ring:
                if number in {cut - 1, cut}:
                    self._take(number, near)
        if frame % self._stride == 0 or frame - self._begin == self._stride // 2:
            self._take(frame, picture)
        self._keep(frame, picture)
        self.frames += 1

    def close(self) -> None:
        """The last picture was fed."""
        if self._ring:
            self._take(*self._ring[-1])

    def poster(self) -> bytes:
        """The picture with the most to see among the middle half of the clip, as JPEG."""
        count = len(self._kept)
        middle = self._kept[count // 4 : max(count // 4 + 1, count - count // 4)]
        return poster(max(middle, key=lambda picture: float(picture.std())))

    def filmstrip(self) -> bytes:
        """The clip at a glance, as JPEG."""
        return filmstrip(self._kept)

    def _take(self, frame: int, picture: Picture) -> None:
        if frame not in self._features:
            self._features[frame] = frame_features(picture)

    def _keep(self, frame: int, picture: Picture) -> None:
        if frame % self._keep_every:
            return
        self._kept.append(picture)
        if len(self._kept) > _KEPT:
            self._kept = self._kept[::2]
            self._keep_every *= 2
