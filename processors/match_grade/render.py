"""Pixels through OpenColorIO: whatever is measured, shown or checked goes this one way."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import PyOpenColorIO as ocio  # noqa: N813 - as OpenImageIO is imported elsewhere
from numpy.typing import NDArray

STUDIO = "ocio://studio-config-latest"
"""The ACES studio configuration that OpenColorIO carries: camera log spaces, ACEScct, displays."""


@cache
def studio() -> Any:
    """That configuration; read once."""
    return ocio.Config.CreateFromFile(STUDIO)


class Renderer:
    """An OpenColorIO transform, or several in a row, made ready for the CPU."""

    def __init__(self, *transforms: Any) -> None:
        """No transforms: pictures come back as they are."""
        group = ocio.GroupTransform()
        for transform in transforms:
            group.appendTransform(transform)
        self._cpu = studio().getProcessor(group).getDefaultCPUProcessor() if transforms else None

    def __call__(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """RGB (..., 3) rendered, float32; the input is left alone."""
        out = np.array(values, np.float32, order="C", copy=True)
        if self._cpu is not None and out.size:
            # OpenColorIO takes whole pictures: a list of colours is one of height 1.
            self._cpu.applyRGB(out.reshape(1, -1, 3) if out.ndim == 2 else out)
        return out
