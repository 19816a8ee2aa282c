"""What a fill lacks of grain, added: a part of it new in every frame, the rest standing still in the scene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Image
from ...pictures.mix import for_rgb
from .flat import LUMA
from .measured import Grain
from .noise import blur_of, blurred, standing


@dataclass(frozen=True)
class Added:
    """Noise that gives a fill what it lacks.

    It lies over the fill, whose (height, width) is `shape`. `corner` (x, y) is the fill's place in what stands still in
    the scene, a field of `size` (width, height) that goes on for ever: with a moving camera it wanders.
    """

    grain: Grain
    frame: int
    corner: tuple[int, int]
    size: tuple[int, int]
    shape: tuple[int, ...]

    def to(self, image: Image, strength: NDArray[np.float32], place: tuple[slice, slice]) -> Image:
        """*image*, a *place* of the fill, with the noise, its luma times *strength* (h, w)."""
        grain = self.grain
        add = np.zeros_like(image)
        if grain.deficit:
            luma = self._field(0, grain.deficit, grain.lacking_correlation)[place]
            add += for_rgb(np.asarray(luma * strength, np.float32))
        if grain.red or grain.blue:
            amounts = ((1, grain.red), (2, grain.blue))
            red, blue = (self._field(kind, sigma, grain.colour_correlation)[place] for kind, sigma in amounts)
            # Colour differences alone: luma stays as it is.
            green = -(LUMA[0] * red + LUMA[2] * blue) / LUMA[1]
            add += np.dstack([red, green, blue])
        return np.asarray(image + add, np.float32)

    def _field(self, kind: int, sigma: float, correlation: float) -> NDArray[np.float32]:
        fresh, blur, shape = self.grain.renewed, blur_of(correlation), self.shape
        made = blurred(shape, sigma * float(np.sqrt(fresh)), blur, 3 * self.frame + kind)
        if fresh < 0.98:
            rows = np.arange(self.corner[1], self.corner[1] + shape[0]) % self.size[1]
            columns = np.arange(self.corner[0], self.corner[0] + shape[1]) % self.size[0]
            made += np.float32(sigma * np.sqrt(1 - fresh)) * standing(self.size, blur, kind)[np.ix_(rows, columns)]
        return made
