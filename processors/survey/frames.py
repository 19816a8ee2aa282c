"""One pass over the pictures of a clip, at reduced size: what cuts, features and thumbnails look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, Interpolation, VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

LONG_SIDE = 480
"""Pixels of the longer side of a reduced picture; a smaller picture keeps its size."""

_HD = 720


@dataclass(frozen=True)
class Reduced:
    """A reduced picture: `rgb` uint8 HxWx3, full range, in the picture's own display code values.

    Upright and with square pixels, whatever the file's rotation and pixel aspect. `frame` is the
    decoded ordinal from 0, `time` the presentation time in seconds where the file gives one.
    """

    frame: int
    time: Fraction | None
    rgb: NDArray[np.uint8]


class Reducer:
    """Scales decoded frames of one stream down, upright, to full-range RGB."""

    def __init__(self, rotation: int, pixel_aspect: Fraction) -> None:
        self._turns = round(rotation / 90) % 4
        self._aspect = pixel_aspect
        self._scaler = VideoReformatter()
        self._size: tuple[int, int, int, int] | None = None

    def __call__(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """One frame, reduced."""
        width, height = self._target(frame.width, frame.height)
        small = self._scaler.reformat(
            frame,
            width,
            height,
            "rgb24",
            src_colorspace=_matrix(frame),
            interpolation=Interpolation.AREA,
            threads=1,
        )
        rgb = np.asarray(small.to_ndarray(), np.uint8)
        return np.ascontiguousarray(np.rot90(rgb, self._turns)) if self._turns else rgb

    def _target(self, width: int, height: int) -> tuple[int, int]:
        if self._size is None or self._size[:2] != (width, height):
            self._size = (width, height, *reduced_size(width, height, self._aspect))
        return self._size[2], self._size[3]


def reduced_size(width: int, height: int, aspect: Fraction = Fraction(1)) -> tuple[int, int]:
    """Width and height of the reduced picture, pixels square: the long side at most LONG_SIDE."""
    wide = float(width * aspect)
    scale = min(1.0, LONG_SIDE / max(wide, height))
    return max(1, round(wide * scale)), max(1, round(height * scale))


def _matrix(frame: VideoFrame) -> Colorspace | None:
    known = {1: Colorspace.ITU709, 5: Colorspace.ITU601, 6: Colorspace.ITU601, 7: Colorspace.SMPTE240M}
    if frame.colorspace in known:
        return known[frame.colorspace]
    return Colorspace.ITU709 if min(frame.width, frame.height) >= _HD else Colorspace.ITU601


def decoded(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Every frame in order; ends at the first fault after the last good frame, as players do.

    Raises FFmpegError only where not a single frame could be decoded.
    """
    any_frame = False
    try:
        for frame in container.decode(stream):
            any_frame = True
            yield frame
    except av.error.FFmpegError:
        if not any_frame:
            raise
