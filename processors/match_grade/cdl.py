"""The ASC CDL: slope, offset and power per channel, then saturation (ASC CDL 1.2).

`apply` states the arithmetic for fitting; what is handed over is rendered by OpenColorIO
(`transform`), and a test holds the two together.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import PyOpenColorIO as ocio  # noqa: N813 - as OpenImageIO is imported elsewhere
from numpy.typing import NDArray

from ...schema.model import Value

LUMA = np.array([0.2126, 0.7152, 0.0722])
"""Rec. 709 weights, which the ASC CDL takes for every working space."""

Triple = tuple[float, float, float]
Clamp = Literal["asc", "none"]


class Cdl(Value):
    """A decision. `clamp` is `asc` (0..1 after offset and at the end) or `none`; then negatives keep their value."""

    slope: Triple = (1.0, 1.0, 1.0)
    offset: Triple = (0.0, 0.0, 0.0)
    power: Triple = (1.0, 1.0, 1.0)
    saturation: float = 1.0
    clamp: Clamp = "asc"

    @property
    def is_identity(self) -> bool:
        """Whether it changes nothing."""
        return self == Cdl(clamp=self.clamp)

    def apply(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Working-space RGB (..., 3), graded, float64."""
        out = np.asarray(values, np.float64) * self.slope + self.offset
        if self.clamp == "asc":
            out = np.clip(out, 0, 1) ** np.array(self.power)
        else:
            out = np.where(out > 0, np.maximum(out, 0) ** np.array(self.power), out)
        luma = out @ LUMA
        out = luma[..., None] + self.saturation * (out - luma[..., None])
        return np.asarray(np.clip(out, 0, 1) if self.clamp == "asc" else out)

    def rounded(self) -> Cdl:
        """With the six decimals that the files carry."""
        return Cdl(
            slope=_six(self.slope),
            offset=_six(self.offset),
            power=_six(self.power),
            saturation=round(self.saturation, 6),
            clamp=self.clamp,
        )

    def transform(self) -> Any:
        """The OpenColorIO transform (`CDLTransform`) with its clamp style."""
        made = ocio.CDLTransform()
        made.setSlope(list(self.slope))
        made.setOffset(list(self.offset))
        made.setPower(list(self.power))
        made.setSat(self.saturation)
        made.setStyle(ocio_style(self.clamp))
        return made


def ocio_style(clamp: Clamp) -> Any:
    """OpenColorIO's name of a clamp style."""
    return ocio.CDL_ASC if clamp == "asc" else ocio.CDL_NO_CLAMP


def _six(values: Triple) -> Triple:
    one, two, three = (round(float(value), 6) for value in values)
    return one, two, three
