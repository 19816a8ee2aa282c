"""Following what boxes or points mark through the shot, both ways, never across a cut."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ...schema.errors import BriefIncomplete
from ..pictures import Plate
from ..pictures.layout import Mask
from .colours import Colours, to_lab
from .cutout import cut_box, cut_next, cut_points, dotted, find_again
from .edge import guided
from .marks import Mark
from .shapes import Strength, packed, unpacked
from .small import SmallClip, Window
from .standing import REACH

_HELD, _BURST = 0.12, 2.5
"""A cut-out of less or more than these shares of its usual size is no longer the thing."""
_USUAL, _AROUND = (0.6, 1.6), 40
"""A cut-out beyond these shares of the median size of so many frames around is doubtful."""
_STRIP, _OUT = 0.04, 0.12
"""Something leaves when so much of it lies in this outer share of the frame."""
_RESTS = 0.35
"""Something that moved is lost where so much less of its cut-out departs from what stands still."""
_PATIENCE = 30
"""Frames for which something lost is looked for again."""
_RIM = 3
"""Pixels of a small frame by which the edge is refined in the plate's own picture."""


@dataclass
class Seed:
    """What is marked on one frame, and how it was cut out (`how` in words)."""

    frame: int
    mask: Mask
    how: str


@dataclass
class Followed:
    """Something followed through a plate: a small cut-out a frame, its edge refined at full size.

    `seeds`, `lost` and `doubtful` hold frames counted from 0; lost ones have no matte, doubtful ones
    one of an unusual size (something hides the thing, or another has run into it).
    """

    plate: Plate
    factor: float
    seeds: list[Seed]
    lost: list[int] = field(default_factory=list)
    doubtful: list[int] = field(default_factory=list)
    soft: bool = True
    covered: frozenset[int] = frozenset()
    _packed: dict[int, NDArray[np.uint8]] = field(default_factory=dict, repr=False)

    def keep(self, masks: dict[int, Strength]) -> None:
        """Take over small cut-outs (0..1) by frame."""
        for frame, value in masks.items():
            self._packed[frame] = packed((value * 255 + 0.5).astype(np.uint8))
        self.covered = frozenset(self._packed)

    def small(self, frame: int) -> Strength:
        """The small cut-out of a covered frame."""
        return np.asarray(unpacked(self._packed[frame]) / np.float32(255), np.float32)

    def at(self, frame: int) -> Strength:
        """HxW 0..1: 1 on the thing and its own soft edge, fading out beyond it."""
        size = (self.plate.video.height, self.plate.video.width)
        out = np.zeros(size, np.float32)
        if frame not in self._packed:
            return out
        small = cv2.resize(self.small(frame), size[::-1], interpolation=cv2.INTER_LINEAR)
        if not (small > 0.5).any():
            return out
        step = 1 / self.factor
        radius = max(2, round(_RIM * step / 2))
        window = Window.around(small > 0.5, 0.0, 4 * radius)
        part = small[window.slices]
        luma = self.plate.picture(frame).luma()[window.slices]
        grey = np.asarray(luma / np.float32(255), np.float32)
        alpha = guided(grey, (part > 0.5).astype(np.float32), radius, 4e-4)
        # Where the thing is but half there the plate still shows it: the fix is whole by then.
        strength = np.clip((alpha - 0.06) / 0.34, 0, 1)
        near = cv2.dilate((part > 0.5).astype(np.uint8), np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)) > 0
        out[window.slices] = np.where(near, strength, 0)
        return out

    def close(self) -> None:
        """Nothing is open but the plate, which is another's."""

    def words(self, first_frame: int) -> str:
        """How the matte was made, in a sentence."""
        by = " and ".join(sorted({seed.how for seed in self.seeds}))
        at = ", ".join(str(seed.frame + first_frame) for seed in self.seeds)
        return f"The matte was cut out by {by} in frame {at} and followed through the shot from there."


def follow(
    plate: Plate,
    boxes: tuple[Mark, ...],
    points: tuple[Mark, ...],
    *,
    first_frame: int,
    within: tuple[int, int],
    work: Path | None,
) -> Followed:
    """Cut out what *boxes* and *points* mark (plate pixels, shot frames) and follow it over frames *within*.

    Raises BriefIncomplete for marks on frames that the plate has not, and where nothing stands out.
    """
    folder = Path(tempfile.mkdtemp(prefix="follow-", dir=work if work is not None and work.is_dir() else None))
    try:
        # What stands behind the thing is learnt also from frames that may not be touched.
        clip = SmallClip(plate, max(0, within[0] - REACH), min(plate.frames - 1, within[1] + REACH), folder)
        seeds = _seeds(clip, boxes, points, first_frame, within)
        followed = Followed(plate, clip.factor, seeds)
        found = _joined(clip, seeds, within)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    followed.keep({frame: value for frame, (value, _) in found.items()})
    followed.doubtful = sorted(_doubtful(found))
    followed.lost = sorted(frame for frame in _lost(clip, seeds, found) if within[0] <= frame <= within[1])
    return followed


def _seeds(
    clip: SmallClip, boxes: tuple[Mark, ...], dots: tuple[Mark, ...], first_frame: int, within: tuple[int, int]
) -> list[Seed]:
    seeds = []
    by_frame: dict[int, list[Mark]] = {}
    for mark in (*boxes, *dots):
        frame = within[0] if mark.frame is None else mark.frame - first_frame
        if not within[0] <= frame <= within[1]:
            raise BriefIncomplete(
                f"Frame {mark.frame} of `{mark}` is not among the frames that may be touched, "
                f"{within[0] + first_frame}-{within[1] + first_frame}."
            )
        by_frame.setdefault(frame, []).append(mark)
    for frame, marks in sorted(by_frame.items()):
        mask = np.zeros(clip.size, bool)
        points = [m for m in marks if len(m.values) == 2]
        on, off = (dotted(clip, [_scaled_point(clip, m) for m in points if m.inside is side]) for side in (True, False))
        for mark in marks:
            if len(mark.values) == 4:
                mask |= cut_box(clip, frame, _scaled_box(clip, mark), on, off)
        if on.any() and len(points) == len(marks):
            mask = cut_points(clip, frame, on, off)
        if not mask.any():
            raise BriefIncomplete(
                f"Nothing stands out where `{marks[0]}` points in frame {frame + first_frame}: draw a matte, mark "
                "another frame, or write `box_is: area` to take the box itself on every frame."
            )
        seeds.append(Seed(frame, mask, "points" if len(points) == len(marks) else "a box"))
    return seeds


def _scaled_box(clip: SmallClip, mark: Mark) -> tuple[int, int, int, int]:
    x, y, wide, high = mark.values
    left, top = int(x * clip.factor), int(y * clip.factor)
    right = min(clip.size[1], -int(-(x + wide) * clip.factor // 1))
    bottom = min(clip.size[0], -int(-(y + high) * clip.factor // 1))
    return left, top, max(1, right - left), max(1, bottom - top)


def _scaled_point(clip: SmallClip, mark: Mark) -> tuple[int, int]:
    x, y = mark.values
    return min(clip.size[1] - 1, int(x * clip.factor)), min(clip.size[0] - 1, int(y * clip.factor))


def _joined(clip: SmallClip, seeds: list[Seed], within: tuple[int, int]) -> dict[int, tuple[Strength, float]]:
    """All seeds' ways through the shot in one: between two seeds the nearer one weighs more."""
    found: dict[int, tuple[Strength, float]] = {}
    for seed in seeds:
        start, end = max(clip.span(seed.frame)[0], within[0]), min(clip.span(seed.frame)[1], within[1])
        others = [other.frame for other in seeds if other is not seed]
        until = min([frame for frame in others if frame > seed.frame], default=end)
        since = max([frame for frame in others if frame < seed.frame], default=start)
        for stop in (min(until, end), max(since, start)):
            for frame, mask in _way(clip, seed, stop):
                weight = 1 / (1 + abs(frame - seed.frame)) if frame != seed.frame else 1e6
                value, total = found.get(frame, (np.zeros(clip.size, np.float32), 0.0))
                mean = np.asarray((value * total + mask * weight) / (total + weight), np.float32)
                found[frame] = (mean, total + weight)
    return found


def _way(clip: SmallClip, seed: Seed, stop: int) -> Iterator[tuple[int, Mask]]:
    """The thing from its seed to frame *stop*; where it is lost it is looked for again a while."""
    yield seed.frame, seed.mask
    palette = _palette(clip, seed)
    sizes, mask, frame = [float(seed.mask.sum())], seed.mask, seed.frame
    step = 1 if stop > frame else -1
    last, speed, missed, moving = seed.mask, np.zeros(2), 0, 0.0
    while frame != stop:
        frame += step
        usual = float(np.median(sizes))
        made = cut_next(clip, frame, frame - step, mask, palette) if not missed else None
        if made is not None and _holds(made[0], made[1], usual, moving):
            speed = 0.8 * speed + 0.2 * (_centre(made[0]) - _carried(clip, _centre(mask), frame - step, frame))
            mask = last = made[0]
            moving = moving if made[1] is None else 0.8 * moving + 0.2 * made[1]
            sizes.append(float(mask.sum()))
            yield frame, mask
            continue
        if _leaving(mask) or missed == _PATIENCE:
            return
        missed += 1
        where = _carried(clip, _centre(last), frame - missed * step, frame) + missed * speed
        again = find_again(clip, frame, last, (float(where[0]), float(where[1])), palette, usual)
        if again is not None:
            mask = last = again
            missed = 0
            yield frame, again


def _holds(mask: Mask, moves: float | None, usual: float, moving: float) -> bool:
    """Whether a cut-out is still the thing: by its size, and by moving as the thing did."""
    return _HELD * usual < mask.sum() < _BURST * usual and (moves is None or moves >= _RESTS * moving)


def _centre(mask: Mask) -> NDArray[np.float64]:
    rows, columns = np.nonzero(mask)
    return np.array([columns.mean(), rows.mean()])


def _carried(clip: SmallClip, point: NDArray[np.float64], source: int, target: int) -> NDArray[np.float64]:
    """Where the camera's motion takes a place of the set."""
    moved = clip.onto(source, target) @ np.array([*point, 1.0])
    return np.asarray(moved[:2] / moved[2], np.float64)


def _palette(clip: SmallClip, seed: Seed) -> Colours:
    window = Window.around(seed.mask, 0.5, 24)
    rgb = np.ascontiguousarray(clip.rgb(seed.frame)[window.slices])
    return Colours(to_lab(rgb), seed.mask[window.slices], placed=False)


def _leaving(mask: Mask) -> bool:
    """Whether a good part of a cut-out lies at the frame's border: from there it goes out of the picture."""
    strip = max(3, round(_STRIP * min(mask.shape)))
    inner = mask[strip:-strip, strip:-strip]
    return bool(mask.any()) and 1 - inner.sum() / mask.sum() > _OUT


def _lost(clip: SmallClip, seeds: list[Seed], found: dict[int, tuple[Strength, float]]) -> Iterator[int]:
    """Frames of a marked shot that no way reached, unless the thing had left the picture."""
    for start, end in {clip.span(seed.frame) for seed in seeds}:
        reached = [frame for frame in range(start, end + 1) if frame in found]
        for frame in range(start, end + 1):
            if frame in found:
                continue
            nearest = min(reached, key=lambda one: abs(one - frame))
            if not _leaving(found[nearest][0] > 0.5):
                yield frame


def _doubtful(found: dict[int, tuple[Strength, float]]) -> Iterator[int]:
    sizes = {frame: float((value > 0.5).sum()) for frame, (value, _) in found.items()}
    for frame, size in sizes.items():
        near = [other for number, other in sizes.items() if abs(number - frame) <= _AROUND]
        if not _USUAL[0] < size / max(float(np.median(near)), 1.0) < _USUAL[1]:
            yield frame
