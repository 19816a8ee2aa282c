"""What somebody drew in red over a frame in a review player: boxes and points on the plate.

A loop, closed or nearly so, is a box: what it goes round. Any other stroke is a scribble on the
thing: a few points along it. Other colours are talk among people.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ...schema.errors import BriefIncomplete
from ..pictures import Plate
from ..pictures.layout import Mask
from .marks import Mark

Rgba = NDArray[np.uint8]
"""HxWx3 or HxWx4, R, G, B and alpha, 8 bits, sRGB as the player saved it."""

_HUE, _SATURATION, _VALUE = 11, 140, 100
"""OpenCV's hue (0-179) within so much of red, and the least saturation and value (0-255) of a stroke."""
_CHANGED = 48
"""By how much (0-255) a drawn-over pixel differs from the frame under it: more than a codec changes."""
_FLOOD = 0.2
"""A picture of which so much is red shows red things, not strokes."""
_SPECK = 2e-5
"""Share of the picture below which something red is no stroke."""
_JOINS = 0.008
"""Gaps in a stroke, as a share of the picture's diagonal."""
_SECTORS, _ROUND, _MIDDLE = 72, 0.85, 0.45
"""A loop whose ends do not meet passes through so many of the sectors around its middle, and leaves the inner part
of its hull, scaled by the last figure, free."""
_HOLLOW = 0.35
"""Share of a loop that it encloses; a filled scribble has less."""
_STROKES, _POINTS = 12, 5
_SHAPE = 0.02
"""By how much the drawing's shape (width over height) may differ from the plate's."""


@dataclass(frozen=True)
class Drawing:
    """What was marked, in plate pixels: boxes (x, y, width, height) and points (x, y) on the thing."""

    boxes: tuple[tuple[int, int, int, int], ...] = ()
    points: tuple[tuple[int, int], ...] = ()

    def marks(self, frame: int) -> dict[str, str]:
        """The options `box` and `points` for a shot frame, as a brief writes them."""
        named = {"box": self.boxes, "points": self.points}
        return {
            key: "; ".join(str(Mark(frame, tuple(values))) for values in found) for key, found in named.items() if found
        }


def open_drawing(path: Path, size: tuple[int, int], under: tuple[Path, int] | None = None) -> Drawing:
    """The drawing in a picture file, over a plate of (height, width) *size*.

    *under* is the movie that was drawn on and its frame, from 0: where the picture holds the frame as well, what
    is red in the frame itself is told from strokes. Raises BriefIncomplete in a sentence.
    """
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.dtype != np.uint8 or picture.ndim != 3:
        raise BriefIncomplete(f"The drawing {path.name} is no 8-bit colour picture.", path=path)
    has_alpha = picture.shape[2] == 4
    rgba = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA if has_alpha else cv2.COLOR_BGR2RGB), np.uint8)
    shown = None
    if under is not None and not _transparent(rgba):
        with Plate.open(under[0]) as movie:
            if under[1] < movie.frames:
                shown = np.asarray(np.clip(movie.picture(under[1]).rgb(), 0, 1) * 255, np.uint8)
    return read_drawing(rgba, size, shown, name=path.name)


def read_drawing(
    picture: Rgba, size: tuple[int, int], under: NDArray[np.uint8] | None = None, *, name: str = "drawing"
) -> Drawing:
    """What is drawn in red in *picture*; *under* is the frame without the strokes (HxWx3), of any size.

    Nothing red is an empty drawing. Raises BriefIncomplete where strokes cannot be told or laid on the plate.
    """
    height, width = picture.shape[:2]
    if abs(width / height * size[0] / size[1] - 1) > _SHAPE:
        raise BriefIncomplete(
            f"The drawing {name} is {width}x{height}, the plate {size[1]}x{size[0]}: their shapes differ, so the "
            "drawing cannot be laid on the plate."
        )
    strokes = _strokes(picture, under, name)
    scale = (size[1] / width, size[0] / height)
    boxes: list[tuple[int, int, int, int]] = []
    points: list[tuple[int, int]] = []
    found = _parts(strokes)
    if len(found) > _STROKES:
        raise BriefIncomplete(f"The drawing {name} holds {len(found)} red strokes; up to {_STROKES} are read.")
    for part in found:
        box = _loop(part)
        if box is not None:
            boxes.append(_on_plate(box, scale, size))
        else:
            points += [_pixel(point, scale, size) for point in _along(part)]
    return Drawing(tuple(boxes), tuple(points))


def _transparent(picture: Rgba) -> bool:
    return picture.shape[2] == 4 and bool((picture[..., 3] < 250).any())


def _strokes(picture: Rgba, under: NDArray[np.uint8] | None, name: str) -> Mask:
    hsv = cv2.cvtColor(np.ascontiguousarray(picture[..., :3]), cv2.COLOR_RGB2HSV)
    hue, saturation, value = (hsv[..., n].astype(np.int16) for n in range(3))
    red = (np.minimum(hue, 180 - hue) <= _HUE) & (saturation >= _SATURATION) & (value >= _VALUE)
    if _transparent(picture):
        return np.asarray(red & (picture[..., 3] >= 64))
    if under is not None:
        shown = cv2.resize(under, (picture.shape[1], picture.shape[0]), interpolation=cv2.INTER_AREA)
        apart = np.abs(picture[..., :3].astype(np.int16) - shown.astype(np.int16)).max(axis=2)
        red &= apart >= _CHANGED
    if red.mean() > _FLOOD:
        raise BriefIncomplete(
            f"In the drawing {name} the strokes cannot be told from the picture, which is red itself: write "
            "`box: FRAME: x,y,width,height`, or attach a matte."
        )
    return np.asarray(red)


def _parts(strokes: Mask) -> list[Mask]:
    """Each stroke by itself, from left to right; small gaps are none."""
    reach = max(3, round(_JOINS * float(np.hypot(*strokes.shape))) | 1)
    joined = cv2.morphologyEx(strokes.astype(np.uint8), cv2.MORPH_CLOSE, _ellipse(reach))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    least = max(6.0, _SPECK * strokes.size)
    kept = [label for label in range(1, count) if stats[label, cv2.CC_STAT_AREA] >= least]
    kept.sort(key=lambda label: (stats[label, cv2.CC_STAT_LEFT], stats[label, cv2.CC_STAT_TOP]))
    return [np.asarray(labels == label) for label in kept]


def _loop(part: Mask) -> tuple[float, float, float, float] | None:
    """The box (x, y, width, height) that a loop goes around, to the middle of its stroke; None for no loop."""
    outer, _ = cv2.findContours(part.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros(part.shape, np.uint8), outer, -1, 1, cv2.FILLED) > 0
    enclosed = filled & ~part
    half = float(cv2.distanceTransform(np.pad(part, 1).astype(np.uint8), cv2.DIST_L2, 3).max())
    if enclosed.sum() > _HOLLOW * filled.sum():
        x, y, wide, high = _bounds(enclosed)
        return x - half, y - half, wide + 2 * half, high + 2 * half
    hull = np.asarray(cv2.convexHull(np.concatenate(outer)), np.int32)
    if not _goes_round(part, hull):
        return None
    x, y, wide, high = _bounds(part)
    return x + half, y + half, max(1.0, wide - 2 * half), max(1.0, high - 2 * half)


def _goes_round(part: Mask, hull: NDArray[np.int32]) -> bool:
    """Whether a stroke that does not close goes nearly all the way round an empty middle."""
    moments = cv2.moments(hull)
    if moments["m00"] <= 0:
        return False
    middle = np.array([moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]])
    core = np.rint((hull.reshape(-1, 2) - middle) * _MIDDLE + middle).astype(np.int32)
    inside = cv2.fillConvexPoly(np.zeros(part.shape, np.uint8), core, 1) > 0
    if (part & inside).any():
        return False
    rows, columns = np.nonzero(part)
    angles = np.arctan2(rows - middle[1], columns - middle[0])
    seen = np.unique(((angles + np.pi) / (2 * np.pi) * _SECTORS).astype(int) % _SECTORS)
    return len(seen) >= _ROUND * _SECTORS


def _bounds(mask: Mask) -> tuple[float, float, float, float]:
    rows, columns = np.nonzero(mask)
    return float(columns.min()), float(rows.min()), float(np.ptp(columns) + 1), float(np.ptp(rows) + 1)


def _along(part: Mask) -> list[tuple[float, float]]:
    """A few points (x, y) along a stroke, far from each other, each on its middle."""
    depth = cv2.distanceTransform(np.pad(part, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    rows, columns = np.nonzero(depth >= 0.6 * depth.max())
    places = np.stack([columns, rows], axis=1).astype(np.float64)
    first = int(np.argmin(np.linalg.norm(places - places.mean(axis=0), axis=1)))
    chosen = [first]
    away = np.linalg.norm(places - places[first], axis=1)
    apart = 3 * float(depth.max())
    while len(chosen) < _POINTS and away.max() > apart:
        chosen.append(int(np.argmax(away)))
        away = np.minimum(away, np.linalg.norm(places - places[chosen[-1]], axis=1))
    return [(float(x), float(y)) for x, y in places[chosen]]


def _on_plate(
    box: tuple[float, float, float, float], scale: tuple[float, float], size: tuple[int, int]
) -> tuple[int, int, int, int]:
    x, y, wide, high = box
    left, top = max(0, int(x * scale[0])), max(0, int(y * scale[1]))
    right = min(size[1], round((x + wide) * scale[0]))
    bottom = min(size[0], round((y + high) * scale[1]))
    return left, top, max(1, right - left), max(1, bottom - top)


def _pixel(point: tuple[float, float], scale: tuple[float, float], size: tuple[int, int]) -> tuple[int, int]:
    x, y = ((value + 0.5) * factor for value, factor in zip(point, scale, strict=True))
    return min(size[1] - 1, int(x)), min(size[0] - 1, int(y))


def _ellipse(width: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width)), np.uint8)
