"""A finding's mattes and boxes on the plate's own raster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ...schema.finding import Box, Region
from ..pictures.layout import frame_layout
from ..pictures.master import write_still
from .matte import mattes
from .tracks import Mask, Track

_GREY = frame_layout(("Y",), "uint8", 8)


@dataclass(frozen=True)
class Place:
    """Where a track is in the plate: a box a frame, and a few of its masks at full size."""

    regions: tuple[Region, ...]
    masks: dict[int, Mask]


def place_track(
    track: Track,
    chunks: Sequence[Path],
    *,
    frames: int,
    size: tuple[int, int],
    factor: float,
    margin: int,
    keep: Sequence[int],
    folder: Path | None,
    first_frame: int,
    progress: Callable[[float], None],
) -> Place:
    """Complete *track* over the plate's *frames* of (height, width) *size*.

    Writes `matte.FRAME.png` for every plate frame into *folder*, if given. The masks of frames
    *keep* come back for pictures. A track of one map (the still parts of takes whose action
    differs) holds for every frame.
    """
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    regions: list[Region] = []
    masks: dict[int, Mask] = {}
    empty = np.zeros(size, bool)
    done = -1
    for frame, small in mattes(track, chunks, margin=margin * factor):
        full = _enlarged(small, size)
        for number in range(done + 1, frames if len(track.frames) == 1 else frame + 1):
            mask = full if number == frame or len(track.frames) == 1 else empty
            box = _box(mask)
            if box is not None:
                regions.append(Region(frame=number, box=box))
            if number in keep:
                masks[number] = mask
            if folder is not None:
                _write(folder / f"matte.{first_frame + number:04d}.png", mask)
            done = number
            progress((number + 1) / frames)
    for number in range(done + 1, frames):
        if folder is not None:
            _write(folder / f"matte.{first_frame + number:04d}.png", empty)
    return Place(tuple(regions), masks)


def _enlarged(small: Mask, size: tuple[int, int]) -> Mask:
    """A mask at full size with a smooth outline."""
    soft = cv2.GaussianBlur(small.astype(np.float32), (0, 0), 1.0)
    return np.asarray(cv2.resize(soft, size[::-1], interpolation=cv2.INTER_LINEAR) > 0.4)


def _box(mask: Mask) -> Box | None:
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if not len(columns):
        return None
    x, y = int(columns[0]), int(rows[0])
    return Box(x=x, y=y, width=int(columns[-1]) - x + 1, height=int(rows[-1]) - y + 1)


def _write(path: Path, mask: Mask) -> None:
    """One matte; a matte that stands there from an interrupted run is written again, alike."""
    write_still(path, (mask.astype(np.uint8) * 255,), _GREY)
