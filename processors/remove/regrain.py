"""One way of grain for all layers of a fill: each is given what it lacks against the plate, just before it is laid in.

What the plate's grain would be behind the hole is read where it was seen: for what came from the
plate's own frames in those frames, unwarped and unmixed, at the very places it was taken from; for
a take in the take, by the ratio of plate to take around the hole; for what was painted, around the
hole at the same brightness. Grain differs more between two places of one picture than between two
moments of one place (codecs above all), so that no band around a hole tells it as well.

What is added has the neighbour correlation of what lacks (not of the plate: a mean of sources has
lost its fine grain first), follows what lacks over the hole, and allows for what rounding to code
values will add by itself. As much of it as the plate renews is new in every frame, the rest stands
still in the scene. A layer with more grain than the plate, or with coarser, is softened a little
where it is flat. The same for a frame whenever it is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from ..flow import sampled
from ..mattes import grown
from ..pictures import Picture
from ..pictures.layout import Image, Mask
from ..register import project
from .fill import Fill, Origin
from .grain import Added, Energy, Grain, flattest, high_pass, lacks, slope_of
from .shot import Shot

_REACH = 5
"""Pixels that a high-pass looks to each side, and one more."""
_MOST = 6
"""Frames in which the grain of one fill is read."""
_FEWEST = 60
"""Flat pixels from which a layer is measured by itself."""
_LEVELS = 8
"""Levels of luma at which what is painted is compared with what stands around it."""
_LOCAL = 12.0
"""Pixels (sigma) over which what lacks is averaged."""
_STRAY = 4.0
"""Deviations of the plate's grain beyond which fine structure is something else."""
_NEEDS = (0.1, 0.3)
"""Share of the grain's variance that lacks from which it is looked for in single frames, and looked for wholly."""
_PRIOR = 0.25
"""Weight of the mean over the hole beside what is found at one place of it."""
_TEXTURE = 4.0
"""Times the grain on the flattest places of the whole plate beyond which what a layer holds is no grain."""
_VARIES = 3.0
"""Times the mean that it may be somewhere."""


@dataclass(frozen=True)
class Regrained:
    """A fill with the grain of the plate, and what each of its layers lacked; a take's layer is its place plus one."""

    fill: Fill
    layers: dict[int, Grain]


def regrained(shot: Shot, fill: Fill, hole: Mask) -> Regrained:
    """*fill* with the grain that it lacks in *hole* (whole frame), unless the brief wants none."""
    if not shot.options.grain or not hole[fill.region.window].any():
        return Regrained(fill, {})
    return _Regraining(shot, fill, hole).done()


@dataclass(frozen=True)
class _Target:
    """The plate's energy as it would be behind the hole, NaN where not known, and how much of it is fresh.

    `donor` is the fine structure of the frames that weighed most, NaN elsewhere; None for what is from no frame
    of the plate.
    """

    energy: Energy
    fresh: float
    donor: Image | None = None


class _Regraining:
    """One fill while it is measured, over its region."""

    def __init__(self, shot: Shot, fill: Fill, hole: Mask) -> None:
        self.shot, self.fill = shot, fill
        self.inside = hole[fill.region.window]
        self.clear = ~grown(hole | shot.matte(fill.frame), _REACH)[fill.region.window]
        self.plate = Energy.of(_crop(shot, fill))
        self.energy = Energy.of(fill.image)
        self.slope, self.luma = slope_of(fill.image)
        self.fine = (self.luma > 0.03) & (self.luma < 0.97)

    def done(self) -> Regrained:
        """Measure every layer, give back what the mixing of frames has taken, and add what still lacks."""
        layers = [(layer, where, self._target(layer, where)) for layer, where in self._layers()]
        image = self.fill.image
        for layer, where, target in layers:
            if layer == Origin.OWN and target.donor is not None:
                image = self._given_back(image, where, target)
        energy = Energy.of(_rounded(self.shot, image))
        out, told = image, dict[int, Grain]()
        for layer, where, target in layers:
            flat, bound = self._flat(where, target)
            share = float(flat.sum() / max(where.sum(), 1))
            renews, step = target.donor is not None, self.shot.plate.encoding.step
            grain = lacks(target.energy, energy, flat, share=share, fresh=target.fresh, renews=renews, step=step)
            if max(grain.plate, grain.fill) > _TEXTURE * max(self.shot.calm_grain, step / 2):
                grain = Grain()  # nothing in this layer is flat: what was read is texture, and it stays as it is
            told[layer] = grain
            # Flat places of somebody who moves are few and near edges: nothing is softened by them.
            if grain.share > 0 and not (layer == Origin.MOVER and grain.kept < 1):
                strength = self._strength(target.energy.luma - energy.luma, where & self.fine, flat)
                out = np.where(where[..., None], self._noisy(image, grain, strength, bound), out)
        return Regrained(replace(self.fill, image=np.asarray(out, np.float32)), told)

    def _flat(self, where: Mask, target: _Target) -> tuple[Mask, float]:
        return flattest(self.slope, where & self.fine & np.isfinite(target.energy.luma))

    def _given_back(self, image: Image, where: Mask, target: _Target) -> Image:
        """The fine structure of the frame that weighed most, as much of it as stands still in the scene."""
        assert target.donor is not None
        flat, _ = self._flat(where, target)
        grain = lacks(target.energy, self.energy, flat)
        step = self.shot.plate.encoding.step
        if grain.plate < step / 2:
            return image  # rounding alone makes as much
        need = np.interp(1 - grain.ratio**2, _NEEDS, (0, 1)) * np.sqrt(1 - target.fresh)
        broad = cv2.GaussianBlur(image, (0, 0), 1.0)
        most = np.float32(_STRAY * grain.plate)
        back = np.clip(target.donor - image + broad, -most, most)
        spots = where[..., None] & np.isfinite(back)
        return np.asarray(np.where(spots, image + back * np.float32(need), image), np.float32)

    def _layers(self) -> Iterator[tuple[int, Mask]]:
        """Origins and where they are; those with too little of a flat place join the largest."""
        codes, counts = np.unique(self.fill.origin[self.inside & (self.fill.origin > 0)], return_counts=True)
        if not codes.size:
            return
        largest, joined = int(codes[counts.argmax()]), np.zeros_like(self.inside)
        layers = dict[int, Mask]()
        for code in (int(code) for code in codes):
            where = self.inside & (self.fill.origin == code)
            if code != largest and (where & self.fine).sum() < 5 * _FEWEST:
                joined |= where
            else:
                layers[code] = where
        layers[largest] |= joined
        yield from layers.items()

    def _target(self, layer: int, where: Mask) -> _Target:
        traced = where & np.isfinite(self.fill.trace[..., 0])
        if 2 * traced.sum() > where.sum() and layer < Origin.PAINTED_FRAME:
            return self._from_take(layer - 1, traced) if layer < Origin.OWN else self._from_plate(traced)
        return _Target(self._from_around(where), self._fresh_around)

    def _from_plate(self, where: Mask) -> _Target:
        """Read in the frames that the fill was taken from."""
        shot, found, moment = self.shot, Energy.nothing(where.shape), self.fill.trace[..., 0]
        donor = np.full((*where.shape, 3), np.nan, np.float32)
        numbers, counts = np.unique(moment[where], return_counts=True)
        at = np.nan_to_num(self.fill.trace[..., 1:])
        for number in (int(numbers[i]) for i in np.argsort(-counts)[:_MOST]):
            spots = where & (moment == number) & _usable(~grown(shot.matte(number), _REACH), at)
            if spots.any():
                part, start = _part(shot.frames.at(number), at, spots)
                found.put(spots, _read(part, at[spots] - start))
                broad = np.asarray(cv2.GaussianBlur(part, (0, 0), 1.0), np.float32)
                donor[spots] = sampled(part - broad, at - start)[spots]
        main = int(numbers[counts.argmax()])
        flat, _ = flattest(self.slope, where & self.fine & (moment == main))
        fresh = self._fresh(main, at, where & self.fine & (moment == main), flat)
        return _Target(found, self._fresh_around if fresh is None else fresh, donor)

    def _from_take(self, place: int, where: Mask) -> _Target:
        """Read in the take, times what the plate has more around the hole."""
        take, trace = self.shot.takes[place], self.fill.trace
        picture = take.plate.picture(int(np.median(trace[..., 0][where])))
        at = _carried_on(trace[..., 1:], where)
        inside = _usable(np.ones((take.plate.video.height, take.plate.video.width), bool), at)
        ring = self._flat_around & inside
        if ring.sum() < _FEWEST:
            return _Target(self._from_around(where), self._fresh_around)
        there = Energy.nothing(where.shape)
        spots = (where & inside) | ring
        part, start = _part(picture, at, spots)
        there.put(spots, _read(part, at[spots] - start))
        return _Target(there.scaled(self.plate, ring), self._fresh_around)

    def _from_around(self, where: Mask) -> Energy:
        """Around the hole, at the same luma."""
        found, ring, luma = Energy.nothing(where.shape), self._flat_around, self._around[1]
        if ring.sum() >= _FEWEST:
            bounds = np.quantile(luma[ring], np.linspace(0, 1, _LEVELS + 1))
            level = np.clip(np.searchsorted(bounds, luma[ring]) - 1, 0, _LEVELS - 1)
            middles = (bounds[1:] + bounds[:-1]) / 2
            for into, plane in zip(found.planes, self.plate.planes, strict=True):
                means = np.bincount(level, plane[ring], _LEVELS) / np.maximum(np.bincount(level, minlength=_LEVELS), 1)
                into[where] = np.interp(self.luma[where], middles, means)
        return found

    @cached_property
    def _around(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Slope and luma of the plate."""
        return slope_of(_crop(self.shot, self.fill))

    @cached_property
    def _flat_around(self) -> Mask:
        """Flat places of the plate around the hole."""
        slope, luma = self._around
        return flattest(slope, self.clear & (luma > 0.03) & (luma < 0.97))[0]

    @cached_property
    def _fresh_around(self) -> float:
        region = self.fill.region
        ys, xs = np.mgrid[region.window].astype(np.float32)
        found = self._fresh(self.fill.frame, np.dstack([xs, ys]), self.clear, self._flat_around)
        return 1.0 if found is None else found

    def _fresh(self, number: int, at: NDArray[np.float32], where: Mask, flat: Mask) -> float | None:
        """The part of a frame's grain at the places *at*, where *flat*, that the frame beside it does not repeat."""
        first, last = self.shot.span(number)
        other = number + 1 if number < last else number - 1
        motion = self.shot.camera.onto(number, other) if other >= first else None
        if motion is None:
            return None
        at = np.rint(at)
        moved = cv2.perspectiveTransform(at, motion.matrix).astype(np.float32)
        spots = where & _usable(~grown(self.shot.matte(number), _REACH), at)
        spots &= _usable(~grown(self.shot.matte(other), _REACH), moved)
        if (spots & flat).sum() < _FEWEST:
            return None
        ours, theirs = (_fine(self.shot.frames.at(n), p, spots) for n, p in ((number, at), (other, moved)))
        apart = np.minimum((ours - theirs) ** 2, np.float32(_STRAY**2) * (ours**2 + theirs**2).mean())
        # Where there is texture, what lies a little off its place is apart too, by the square of its slope.
        slope = self.slope[spots] ** 2
        steep = max(0.0, float(np.cov(apart, slope)[0, 1] / max(float(slope.var()), 1e-20)))
        level = float(apart.mean()) - steep * float(slope.mean())
        both = float((ours**2 + theirs**2)[flat[spots]].mean())
        return float(np.clip(level / max(both, 1e-12), 0, 1))

    def _strength(self, lacking: NDArray[np.float32], known: Mask, flat: Mask) -> NDArray[np.float32]:
        """What lacks over the hole, as a factor on its deviation on *flat*."""
        known = known & np.isfinite(lacking)
        even = known & (self.slope <= np.median(self.slope[known])) | flat
        mean = float(lacking[flat].mean())
        if mean <= 0:
            return np.ones(known.shape, np.float32)
        share = cv2.GaussianBlur(even.astype(np.float32), (0, 0), _LOCAL) + np.float32(_PRIOR)
        sums = cv2.GaussianBlur(np.where(even, lacking, 0), (0, 0), _LOCAL) + np.float32(_PRIOR * mean)
        rise = np.clip(sums / share / mean, 0, _VARIES)
        return np.asarray(np.sqrt(rise), np.float32)

    def _noisy(self, image: Image, grain: Grain, strength: NDArray[np.float32], bound: float) -> Image:
        """*image* with what lacks, softened where it has too much."""
        if grain.kept < 1:
            flatness = np.clip(3 - self.slope / max(bound, 1e-6), 0, 1)[..., None]
            fine = image - cv2.GaussianBlur(image, (0, 0), 1.0)
            image = image - fine * flatness * np.float32(1 - grain.kept)
        corner, size = _in_scene(self.shot, self.fill), (self.shot.plate.video.width, self.shot.plate.video.height)
        return Added(grain, self.fill.frame, corner, size).to(np.asarray(image, np.float32), strength)


def _rounded(shot: Shot, image: Image) -> Image:
    """A picture over whole chroma samples as the plate's code values hold it."""
    encoding = shot.plate.encoding
    planes = tuple(encoding.settle(plane) for plane in encoding.planes(image))
    return Picture(0, planes, encoding).crop(0, 0, image.shape[1], image.shape[0]).rgb()


def _crop(shot: Shot, fill: Fill) -> Image:
    return shot.frames.at(fill.frame).crop(*fill.region.bounds).rgb()


def _in_scene(shot: Shot, fill: Fill) -> tuple[int, int]:
    """Where a fill's upper left corner lies in the first frame of its shot, by the camera's motion at its middle."""
    region = fill.region
    corner = np.array([region.x, region.y], np.float64)
    middle = corner + np.array([region.width / 2, region.height / 2])
    registration = shot.camera.onto(fill.frame, shot.span(fill.frame)[0])
    if registration is not None:
        corner += project(registration.matrix, middle[None])[0] - middle
    return round(corner[0]), round(corner[1])


def _usable(allowed: Mask, at: NDArray[np.float32]) -> Mask:
    """Which of the places *at* (h, w, 2; x, y) lie in a frame where it is *allowed*."""
    height, width = allowed.shape
    x, y = np.rint(at[..., 0]).astype(int), np.rint(at[..., 1]).astype(int)
    inside = (x >= _REACH) & (y >= _REACH) & (x < width - _REACH) & (y < height - _REACH)
    return np.asarray(inside & allowed[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)])


def _part(picture: Picture, at: NDArray[np.float32], spots: Mask) -> tuple[Image, NDArray[np.float32]]:
    """As much of a picture as its high-pass at the places *at*, where *spots*, needs, and where it begins."""
    found = at[spots]
    low, high = found.min(axis=0).astype(int), found.max(axis=0).astype(int)
    left, top = (max(0, int(v) - _REACH - 3) // 4 * 4 for v in low)
    right, bottom = (int(v) + _REACH + 4 for v in high)
    return picture.crop(left, top, right, bottom).rgb(), np.array([left, top], np.float32)


def _read(part: Image, at: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """The planes of a picture's energy at the places *at* (N, 2): the nearest pixel's, nothing is mixed."""
    x, y = np.rint(at).astype(int).T
    return [plane[y, x] for plane in Energy.of(part).planes]


def _fine(picture: Picture, at: NDArray[np.float32], spots: Mask) -> NDArray[np.float32]:
    """A picture's high-pass at the places *at* where *spots*."""
    part, start = _part(picture, at, spots)
    return sampled(high_pass(part), np.asarray(at - start, np.float32))[spots]


def _carried_on(at: NDArray[np.float32], where: Mask) -> NDArray[np.float32]:
    """Places known *where*, carried on over the whole region by the affine that fits them best."""
    ys, xs = np.nonzero(where)
    some = slice(None, None, max(1, len(xs) // 2000))
    affine, *_ = np.linalg.lstsq(np.c_[xs[some], ys[some], np.ones(len(xs[some]))], at[ys[some], xs[some]], rcond=None)
    rows, columns = np.mgrid[: where.shape[0], : where.shape[1]]
    whole = np.dstack([columns, rows, np.ones_like(rows)]) @ affine
    return np.where(where[..., None], at, whole).astype(np.float32)
