"""Hard cuts, by PySceneDetect's adaptive detector fed with our own decoder's pictures."""

from __future__ import annotations

from collections import deque
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray
from scenedetect import FrameTimecode
from scenedetect.detectors import AdaptiveDetector

_WIDTH = 160
_SHORTEST = 8  # frames of the shortest shot
_WINDOW = 2  # pictures on each side that a change is compared with
_RATIO = 3.0
_LEAST = 12.0
# Brightness alone: hue and saturation of near-black pixels are noise, and made a fade-in look like a cut.


class Cuts:
    """Feed every picture of a clip in order; `found` are the frame numbers at which a new shot begins.

    A change counts where the mean difference of brightness (0..255) is at least 12 and 3 times that of
    the two pictures before and after it, so that a pan or a passing car does not; a flash, after
    which the old picture is back, does not count either. Dissolves and fades are not looked for.
    """

    def __init__(self, rate: Fraction) -> None:
        self._rate = rate
        self._detector = AdaptiveDetector(
            adaptive_threshold=_RATIO,
            min_scene_len=_SHORTEST,
            window_width=_WINDOW,
            min_content_val=_LEAST,
            luma_only=True,
        )
        self._frame = 0
        self._recent: deque[NDArray[np.uint8]] = deque(maxlen=_WINDOW + 2)
        self.found: list[int] = []

    def feed(self, picture: NDArray[np.uint8]) -> None:
        """The next picture: uint8 HxWx3 RGB, any size that stays the same."""
        height, width = picture.shape[:2]
        size = (_WIDTH, max(8, round(_WIDTH * height / width)))
        small = cv2.cvtColor(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2BGR)
        bgr = np.asarray(small, np.uint8)
        self._recent.append(bgr)
        cuts = self._detector.process_frame(FrameTimecode(self._frame, self._rate), bgr)
        self.found += [int(cut.frame_num) for cut in cuts if not self._flash()]
        self._frame += 1

    def _flash(self) -> bool:
        """Whether the picture before the change looks like the one two after it, more than like the change."""
        before, change, after = self._recent[0], self._recent[1], self._recent[-1]
        return _apart(before, after) < _apart(before, change) / 2


def _apart(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    return float(np.abs(one.max(-1).astype(np.int16) - other.max(-1)).mean())
