"""One way of grain for all layers of a fill: each is given what it lacks against the plate, just before it is laid in.

What is added has the neighbour correlation of what lacks (not of the plate: a mean of sources has
lost its fine grain first), follows what lacks over the hole, and allows for what rounding to code
values will add by itself. As much of it as the plate renews is new in every frame, the rest stands
still in the scene. A layer with more grain than the plate, or with coarser, is softened a little
where it is flat. The same for a frame whenever it is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures import Picture
from ...pictures.layout import Image, Mask
from ...pictures.mix import put
from ...register import project
from ..fill import Fill, Origin, around
from ..shot import Shot
from .added import Added
from .behind import STRAY, Behind, Target
from .energy import Energy
from .flat import FEWEST, Flatness
from .measured import Grain, lacks

_LAYER = 5 * FEWEST
"""Pixels that are not clipped from which a layer is measured by itself."""
_LOCAL = 12.0
"""Pixels (sigma) over which what lacks is averaged."""
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


class _Regraining:
    """One fill while it is measured, over what lies around its hole."""

    def __init__(self, shot: Shot, fill: Fill, hole: Mask) -> None:
        self.shot, self.whole, self.fill = shot, fill, around(fill, hole)
        self.place = self.fill.region.inside(fill.region)
        self.inside = hole[self.fill.region.window]
        self.energy = Energy.of(self.fill.image)
        self.flatness = Flatness.of(self.fill.image)
        self.behind = Behind(shot, self.fill, hole, self.flatness)

    def done(self) -> Regrained:
        """Measure every layer, give back what the mixing of frames has taken, and add what still lacks."""
        layers = [(layer, where, self.behind.target(layer, where)) for layer, where in self._layers()]
        image = self.fill.image
        for layer, where, target in layers:
            if layer == Origin.OWN and target.donor is not None:
                image = self._given_back(image, where, target)
        energy = Energy.of(_rounded(self.shot, image))
        out, told = image.copy(), dict[int, Grain]()
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
                strength = self._strength(target.energy.luma - energy.luma, where & self.flatness.unclipped, flat)
                put(self._noisy(image, grain, strength, bound), where, out)
        image = self.whole.image.copy()
        image[self.place] = out
        return Regrained(replace(self.whole, image=image), told)

    def _flat(self, where: Mask, target: Target) -> tuple[Mask, float]:
        return self.flatness.flattest(where & np.isfinite(target.energy.luma))

    def _given_back(self, image: Image, where: Mask, target: Target) -> Image:
        """The fine structure of the frame that weighed most, as much of it as stands still in the scene."""
        assert target.donor is not None
        flat, _ = self._flat(where, target)
        grain = lacks(target.energy, self.energy, flat)
        step = self.shot.plate.encoding.step
        if grain.plate < step / 2:
            return image  # rounding alone makes as much
        need = np.interp(1 - grain.ratio**2, _NEEDS, (0, 1)) * np.sqrt(1 - target.fresh)
        broad = cv2.GaussianBlur(image, (0, 0), 1.0)
        most = np.float32(STRAY * grain.plate)
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
            if code != largest and (where & self.flatness.unclipped).sum() < _LAYER:
                joined |= where
            else:
                layers[code] = where
        layers[largest] |= joined
        yield from layers.items()

    def _strength(self, lacking: NDArray[np.float32], known: Mask, flat: Mask) -> NDArray[np.float32]:
        """What lacks over the hole, as a factor on its deviation on *flat*."""
        known = known & np.isfinite(lacking)
        even = known & (self.flatness.slope <= np.median(self.flatness.slope[known])) | flat
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
            flatness = np.clip(3 - self.flatness.slope / max(bound, 1e-6), 0, 1)[..., None]
            fine = image - cv2.GaussianBlur(image, (0, 0), 1.0)
            image = image - fine * flatness * np.float32(1 - grain.kept)
        corner, size = _in_scene(self.shot, self.whole), (self.shot.plate.video.width, self.shot.plate.video.height)
        added = Added(grain, self.fill.frame, corner, size, self.whole.origin.shape)
        return added.to(np.asarray(image, np.float32), strength, self.place)


def _rounded(shot: Shot, image: Image) -> Image:
    """A picture over whole chroma samples as the plate's code values hold it."""
    encoding = shot.plate.encoding
    planes = tuple(encoding.settle(plane) for plane in encoding.planes(image))
    return Picture(0, planes, encoding).crop(0, 0, image.shape[1], image.shape[0]).rgb()


def _in_scene(shot: Shot, fill: Fill) -> tuple[int, int]:
    """Where a fill's upper left corner lies in the first frame of its shot, by the camera's motion at its middle."""
    region = fill.region
    corner = np.array([region.x, region.y], np.float64)
    middle = corner + np.array([region.width / 2, region.height / 2])
    registration = shot.camera.onto(fill.frame, shot.span(fill.frame)[0])
    if registration is not None:
        corner += project(registration.matrix, middle[None])[0] - middle
    return round(corner[0]), round(corner[1])
