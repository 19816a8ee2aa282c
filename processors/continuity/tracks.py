"""Differences that hang together over the frames of a clip.

Maps are stored a chunk a file; here they are stacked small, thresholded with hysteresis, and what
hangs together in space and time is one track. A flicker of a few frames is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .difference import STEP

Mask = NDArray[np.bool_]
Maps = NDArray[np.uint8]

WEAK, STRONG = 7.0, 18.0
"""Code values: a difference that goes on, and one that starts."""
_SIDE = 240
_MOST_FRAMES = 360
_SHORTEST = 0.2
"""Seconds that a difference must last."""


@dataclass(frozen=True)
class Track:
    """One difference through the clip, on a coarse raster.

    `masks` (T, h, w) bool for the plate frames in `frames` (every one, or every n-th of a long
    clip), `scale` coarse pixels per small pixel. `level` is its mean difference in code values,
    `area` its mean share of the frame, `lasts` the share of the compared clip in which it is seen,
    `moving` the share of its pixels where both takes move by themselves.
    """

    frames: tuple[int, ...]
    masks: NDArray[np.bool_]
    scale: float
    level: float
    area: float
    lasts: float
    moving: float

    @property
    def seen(self) -> list[int]:
        """Plate frames in which it is there."""
        return [n for n, mask in zip(self.frames, self.masks, strict=True) if mask.any()]

    def mask_at(self, frame: int, size: tuple[int, int]) -> Mask:
        """Its mask at the nearest known frame, on a raster of (height, width) *size*."""
        index = int(np.argmin([abs(n - frame) for n in self.frames]))
        coarse = self.masks[index].astype(np.uint8)
        return np.asarray(cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_LINEAR) > 0)


def write_maps(path: Path, frames: Sequence[int], maps: Maps, moves: Mask, agree: Maps) -> None:
    """Store one chunk, whole or not at all: differences (N, H, W), coarse motion, agreement at half size."""
    part = path.with_name(f".{path.stem}.part.npz")
    np.savez_compressed(part, frames=np.array(frames, np.int64), maps=maps, moves=moves, agree=agree)
    part.replace(path)


def read_maps(path: Path) -> tuple[list[int], Maps, Mask]:
    """A stored chunk."""
    with np.load(path) as stored:
        return [int(n) for n in stored["frames"]], stored["maps"], stored["moves"]


def coarse(picture: NDArray[np.generic], size: tuple[int, int]) -> NDArray[np.uint8]:
    """A map or mask averaged down to (height, width) *size*."""
    value = np.asarray(picture, np.uint8)
    return np.asarray(cv2.resize(value, size[::-1], interpolation=cv2.INTER_AREA), np.uint8)


def coarse_size(size: tuple[int, int]) -> tuple[int, int]:
    """The coarse raster for a small raster of (height, width) *size*."""
    factor = min(1.0, _SIDE / max(size))
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def find_tracks(chunks: Sequence[Path], rate: float) -> list[Track]:
    """Every difference that lasts, strongest first. *rate* in frames a second."""
    stack, moves, frames, size = _stacked(chunks)
    if not frames:
        return []
    noise = float(np.median(stack[::7])) / STEP
    weak, strong = max(WEAK, 5 * noise), max(STRONG, 12 * noise)
    going = stack > weak * STEP
    going = ndimage.binary_opening(going, np.ones((1, 3, 3), bool))
    labels, count = ndimage.label(going, np.ones((3, 3, 3)))
    if count == 0:
        return []
    gap = frames[1] - frames[0] if len(frames) > 1 else 1
    shortest = min(len(frames), max(1, round(_SHORTEST * rate / gap)))
    tracks = []
    for index, window in enumerate(ndimage.find_objects(labels), start=1):
        part = labels[window] == index
        values = stack[window][part]
        if part.sum() < 40 or np.quantile(values, 0.9) < strong * STEP:
            continue
        seen = part.any(axis=(1, 2))
        if seen.sum() < shortest:
            continue
        masks = np.zeros(stack.shape, bool)
        masks[window] = part
        area = float(part.sum() / seen.sum() / stack[0].size)
        still = float(moves[window][part].mean())
        tracks.append(
            Track(
                tuple(frames),
                masks,
                stack.shape[1] / size[0],
                float(values.mean() / STEP),
                area,
                float(seen.sum() / len(frames)),
                still,
            )
        )
    return sorted(tracks, key=lambda track: -track.area * min(track.level, 60))


def all_maps(chunks: Sequence[Path]) -> Iterator[tuple[int, Maps, Maps]]:
    """Every stored (frame, difference, agreement), in order, one chunk in memory at a time."""
    for path in chunks:
        with np.load(path) as stored:
            frames, maps, agree = stored["frames"], stored["maps"], stored["agree"]
        for index, frame in enumerate(frames):
            yield int(frame), maps[index], agree[index]


def _stacked(chunks: Sequence[Path]) -> tuple[Maps, Mask, list[int], tuple[int, int]]:
    """The coarse stack (T, h, w) of all chunks, thinned out to at most 360 frames, and the small size."""
    total = 0
    for path in chunks:
        with np.load(path) as stored:
            total += len(stored["frames"])
    every = -(-total // _MOST_FRAMES) or 1
    stack, moves, frames, count, size = [], [], [], 0, (1, 1)
    for path in chunks:
        numbers, maps, motion = read_maps(path)
        for number, one, moved in zip(numbers, maps, motion, strict=True):
            if count % every == 0:
                size = (one.shape[0], one.shape[1])
                stack.append(coarse(one, coarse_size(size)))
                moves.append(moved)
                frames.append(number)
            count += 1
    if not stack:
        return np.zeros((0, 1, 1), np.uint8), np.zeros((0, 1, 1), bool), [], size
    return np.stack(stack), np.stack(moves), frames, size
